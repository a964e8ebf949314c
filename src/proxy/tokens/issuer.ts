import { SdkError } from '../../protocol/errors.ts';
import { isRecord } from '../lib/is-record.ts';
import { findIssuerProblems, isLongSecret, isPrivateKey } from './issuer-rules.ts';
import { type Jwk, LEAST_SECRET_BYTES, type TokenAlgorithm } from './token-options.ts';
import type { Signer, SignerNeeds } from './token-signer.ts';

/** The key with which customer tokens are signed, and their claims. Exactly one of `secret` and `privateKey` must be set. */
export interface TokenIssuerOptions {
  /**
   * A secret of at least 32 bytes in UTF-8, or a function that returns it. The proxy that verifies the tokens needs the same one
   * (`customerToken.secret`). The issuer calls the function for each token.
   *
   * @example 'a secret of at least 32 bytes, kept on your servers'
   */
  secret?: string | (() => string | Promise<string>) | undefined;

  /**
   * A private key, as PEM (PKCS #8, `BEGIN PRIVATE KEY`) or JWK, or a function that returns it. `jwks()` returns its public half. The
   * issuer calls the function for each token and for each call of `jwks`.
   *
   * @example readFileSync('token-key.pem', 'utf8')
   */
  privateKey?: string | Jwk | (() => string | Jwk | Promise<string | Jwk>) | undefined;

  /**
   * The algorithm of the signature. It must fit the kind of key.
   *
   * @default 'HS256' with a secret, otherwise the first of `RS256 ES256 ES384 ES512 EdDSA` that fits the key
   * @example 'ES256'
   */
  algorithm?: TokenAlgorithm | undefined;

  /**
   * The claim `iss` of every token.
   *
   * @default none
   * @example 'https://shop.example.com'
   */
  issuer?: string | undefined;

  /**
   * The claim `aud` of every token.
   *
   * @default none
   * @example 'shop'
   */
  audience?: string | readonly string[] | undefined;

  /**
   * The lifetime of a token, in seconds.
   *
   * @default 900
   * @example 300
   */
  ttlSeconds?: number | undefined;

  /**
   * The field `kid` in the header of every token.
   *
   * @default none with a secret, otherwise the thumbprint of the key (RFC 7638)
   * @example '2026-01'
   */
  keyId?: string | undefined;
}

/** A set of public keys, as it is published under `jwksUrl` (RFC 7517 5). */
export interface JwkSet {
  /** The public keys. */
  readonly keys: readonly Jwk[];
}

/** Signs customer tokens: the result of `createTokenIssuer`. */
export interface TokenIssuer {
  /**
   * Signs a token for one person.
   *
   * @param userId the claim `sub`: the user id that the person has in `identify`
   * @param claims more claims, e.g. `{ scope: 'inbox' }`, or `email` and `cio_id`, which the proxy compares with traits
   * @throws SdkError with the code `invalid-options` without a user id, when `claims` hold one of `sub iat exp iss aud jti`, and when
   * the private key cannot be read
   * @example
   * ```ts
   * const token = await issuer.issue('u1', { scope: 'inbox' });
   * ```
   */
  issue(userId: string, claims?: Readonly<Record<string, unknown>>): Promise<string>;

  /**
   * The public key, as the content to publish under `jwksUrl`. With a secret the list is empty, because a secret has no public half.
   *
   * @throws SdkError with the code `invalid-options` when the private key cannot be read
   * @example
   * ```ts
   * app.get('/jwks', async (req, res) => res.json(await issuer.jwks()));
   * ```
   */
  jwks(): Promise<JwkSet>;
}

const DEFAULT_TTL_SECONDS = 900;
const RESERVED_CLAIMS: readonly string[] = ['sub', 'iat', 'exp', 'iss', 'aud', 'jti'];

/**
 * Makes an issuer of customer tokens, for a server that knows which person is logged in. A customer token is a JWT that proves to
 * the proxy that the browser belongs to that person. Load it with the SDK's option `customerToken`.
 *
 * @throws SdkError with the code `invalid-options`, whose message names every option that is missing, unknown or wrong. The content
 * of a private key is checked by the first call of `issue` or `jwks`.
 * @example
 * ```ts
 * import { createTokenIssuer } from 'cio-first-party/proxy';
 *
 * const issuer = createTokenIssuer({ secret: process.env.TOKEN_SECRET ?? '', audience: 'shop' });
 * app.get('/token', async (req, res) => res.send(await issuer.issue(req.user.id)));
 * ```
 */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const problems = findIssuerProblems(options);
  if (problems.length > 0) throw new SdkError('invalid-options', `createTokenIssuer: ${problems.join('; ')}`);
  const { algorithm, keyId, issuer, audience, ttlSeconds = DEFAULT_TTL_SECONDS } = options;
  let last: { readonly key: string; readonly signer: Promise<Signer> } | undefined;

  /** The signer with the key of now. The code for it, most of which is cryptography, is loaded at the first call. */
  async function signer(): Promise<Signer> {
    const key = await readSigningKey(options);
    const text = JSON.stringify(key);
    if (last?.key !== text) {
      const made = import('./lazy-jose.ts').then(({ createSigner }) =>
        createSigner({ key, algorithm, keyId }),
      );
      last = { key: text, signer: made };
      // A failure is not kept: the next call tries again.
      made.catch(() => (last = undefined));
    }
    return last.signer.catch((cause: unknown) => {
      const problem = cause instanceof TypeError ? cause.message : 'is no usable private key';
      throw new SdkError('invalid-options', `createTokenIssuer: "privateKey" ${problem}`);
    });
  }

  return {
    async issue(userId, claims = {}) {
      const problem = problemOf(userId, claims);
      if (problem !== null) throw new SdkError('invalid-options', `issue: ${problem}`);
      const iat = Math.floor(Date.now() / 1_000);
      const { sign } = await signer();
      return sign({
        ...claims,
        sub: userId,
        iat,
        exp: iat + ttlSeconds,
        // Makes every token unique: the SDK treats a token that equals a rejected token as an old token from a cache.
        jti: crypto.randomUUID(),
        ...(issuer !== undefined && { iss: issuer }),
        ...(audience !== undefined && { aud: audience }),
      });
    },

    async jwks() {
      const { publicKey } = await signer();
      return { keys: publicKey === null ? [] : [publicKey] };
    },
  };
}

/** Reads the key of the option `secret` or `privateKey`, which may be a function. */
async function readSigningKey({ secret, privateKey }: TokenIssuerOptions): Promise<SignerNeeds['key']> {
  if (secret !== undefined) {
    const text: unknown = typeof secret === 'function' ? await secret() : secret;
    if (isLongSecret(text)) return { kind: 'secret', secret: text };
    throw noKey(`"secret" returned no text of ${LEAST_SECRET_BYTES} bytes or more`);
  }
  const key: unknown = typeof privateKey === 'function' ? await privateKey() : privateKey;
  if (isPrivateKey(key)) return { kind: 'private', key };
  throw noKey('"privateKey" returned no PEM (BEGIN PRIVATE KEY) and no JWK with "d"');
}

function noKey(problem: string): SdkError {
  return new SdkError('invalid-options', `createTokenIssuer: the function ${problem}`);
}

function problemOf(userId: unknown, claims: unknown): string | null {
  if (typeof userId !== 'string' || userId === '' || /\p{Surrogate}/u.test(userId))
    return '"userId" must be a text that is not empty';
  if (!isRecord(claims)) return '"claims" must be an object';
  const reserved = RESERVED_CLAIMS.find((claim) => Object.hasOwn(claims, claim));
  return reserved === undefined ? null : `"claims" must not hold "${reserved}"`;
}
