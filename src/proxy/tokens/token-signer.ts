import { calculateJwkThumbprint, exportJWK, importJWK, importPKCS8, type JWK, SignJWT } from 'jose';
import { utf8 } from '../../protocol/wire.ts';
import type { Jwk, TokenAlgorithm } from './token-options.ts';

export interface SignerNeeds {
  readonly key:
    | { readonly kind: 'secret'; readonly secret: string }
    | { readonly kind: 'private'; readonly key: string | Jwk };
  /** `undefined`: the first algorithm that fits the key. */
  readonly algorithm: TokenAlgorithm | undefined;
  readonly keyId: string | undefined;
}

/** Signs claims, and has the public key that verifies them. */
export interface Signer {
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** `null` with a secret, which has no public half. */
  readonly publicKey: Jwk | null;
}

/** Makes a signer. @throws TypeError when the private key cannot be read, or does not fit the algorithm */
export async function createSigner(needs: SignerNeeds): Promise<Signer> {
  const { key } = needs;
  const { alg, privateKey } =
    key.kind === 'secret'
      ? { alg: needs.algorithm ?? 'HS256', privateKey: utf8.encode(key.secret) }
      : await importPrivateKey(key.key, needs.algorithm);
  const publicFields = key.kind === 'secret' ? null : publicHalf(await exportJWK(privateKey));
  const kid = needs.keyId ?? (publicFields && (await calculateJwkThumbprint(publicFields)));
  return {
    publicKey: publicFields && { ...publicFields, kty: String(publicFields.kty), kid, alg, use: 'sig' },
    sign: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg, typ: 'JWT', ...(kid !== null && { kid }) })
        .sign(privateKey),
  };
}

// The algorithms to try for a key without one: each imports a different kind of key, so only one of them fits.
const CANDIDATES: readonly TokenAlgorithm[] = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

async function importPrivateKey(
  key: string | Jwk,
  algorithm: TokenAlgorithm | undefined,
): Promise<{ alg: string; privateKey: CryptoKey }> {
  const named = algorithm ?? (typeof key === 'string' ? undefined : textOf(key['alg']));
  for (const alg of named === undefined ? CANDIDATES : [named]) {
    const privateKey = await importOne(key, alg).catch(() => null);
    if (privateKey?.type === 'private') return { alg, privateKey };
  }
  throw new TypeError(named === undefined ? 'is no usable private key' : `is no private key for ${named}`);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

async function importOne(key: string | Jwk, alg: string): Promise<CryptoKey | null> {
  const options = { extractable: true };
  if (typeof key === 'string') return importPKCS8(key, alg, options);
  const { alg: _, use: __, key_ops: ___, ...fields } = key as Jwk & JWK;
  const imported = await importJWK(fields, alg, options);
  return imported instanceof Uint8Array ? null : imported;
}

/** The public fields of a key (RFC 7518 6), without those of its private half. */
function publicHalf({ kty, crv, x, y, n, e }: JWK): JWK {
  const fields = { kty, crv, x, y, n, e };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
