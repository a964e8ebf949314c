import { SdkError } from '../../protocol/errors.ts';
import { utf8 } from '../../protocol/wire.ts';
import { lazy } from '../lib/lazy.ts';
import { isRecord } from '../lib/is-record.ts';
import {
  type Jwk,
  KEY_ALGORITHMS,
  LEAST_SECRET_BYTES,
  SECRET_ALGORITHMS,
  type TokenAlgorithm,
} from './token-options.ts';

/** What signs customer tokens. Exactly one of `secret` and `privateKey`. */
export interface TokenIssuerOptions {
  /** 32 bytes of UTF-8 or more. Whoever verifies must have it too. */
  secret?: string | undefined;

  /** PEM (PKCS #8, `BEGIN PRIVATE KEY`) or JWK. Its public half is told by `jwks()`. */
  privateKey?: string | Jwk | undefined;

  /** @default `'HS256'` with a secret, otherwise the first of `RS256 ES256 ES384 ES512 EdDSA` that fits the key */
  algorithm?: TokenAlgorithm | undefined;

  /** Becomes `iss`. */
  issuer?: string | undefined;

  /** Becomes `aud`. */
  audience?: string | readonly string[] | undefined;

  /**
   * How long a token is good, in seconds.
   *
   * @default 900
   */
  ttlSeconds?: number | undefined;

  /** Becomes `kid`. @default none with a secret, otherwise the thumbprint of the key (RFC 7638) */
  keyId?: string | undefined;
}

/** RFC 7517 5. */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

export interface TokenIssuer {
  /**
   * A token for one person. `claims` come on top, e.g. `{ scope: 'inbox' }`.
   *
   * @throws SdkError `invalid-options` without a user id, or when `claims` hold one of `sub iat exp iss aud jti`
   */
  issue(userId: string, claims?: Readonly<Record<string, unknown>>): Promise<string>;

  /** What to publish under `jwksUrl`. Empty with a secret: it has no public half. */
  jwks(): Promise<JwkSet>;
}

const DEFAULT_TTL_SECONDS = 900;
const RESERVED_CLAIMS: readonly string[] = ['sub', 'iat', 'exp', 'iss', 'aud', 'jti'];

/**
 * Signs customer tokens on a server that knows who is logged in.
 *
 * ```ts
 * const issuer = createTokenIssuer({ secret: env.TOKEN_SECRET, audience: 'shop' });
 * app.get('/token', async (req, res) => res.send(await issuer.issue(req.user.id)));
 * ```
 *
 * @throws SdkError `invalid-options`, naming every option that is missing, unknown or wrong. What is wrong inside a key
 * is found by the first call.
 */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const problems = findProblems(options);
  if (problems.length > 0) throw new SdkError('invalid-options', `createTokenIssuer: ${problems.join('; ')}`);
  const { secret, privateKey = '', algorithm, keyId, issuer, audience } = options;
  const { ttlSeconds = DEFAULT_TTL_SECONDS } = options;
  const signer = lazy(async () => {
    const { createSigner } = await import('./lazy-jose.ts');
    const key =
      secret === undefined
        ? ({ kind: 'private', key: privateKey } as const)
        : ({ kind: 'secret', secret } as const);
    return createSigner({ key, algorithm, keyId }).catch((cause: unknown) => {
      const what = cause instanceof TypeError ? cause.message : 'is no usable private key';
      throw new SdkError('invalid-options', `createTokenIssuer: "privateKey" ${what}`);
    });
  });

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
        // A client takes a token that it has seen rejected for a cached one, so no two may be the same.
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

function problemOf(userId: unknown, claims: unknown): string | null {
  if (typeof userId !== 'string' || userId === '' || /\p{Surrogate}/u.test(userId))
    return '"userId" must be a text that is not empty';
  if (!isRecord(claims)) return '"claims" must be an object';
  const reserved = RESERVED_CLAIMS.find((claim) => Object.hasOwn(claims, claim));
  return reserved === undefined ? null : `"claims" must not hold "${reserved}"`;
}

const OPTIONS: readonly string[] = [
  'secret',
  'privateKey',
  'algorithm',
  'issuer',
  'audience',
  'ttlSeconds',
  'keyId',
] satisfies readonly (keyof TokenIssuerOptions)[];

function findProblems(options: unknown): readonly string[] {
  if (!isRecord(options)) return ['"options" must be an object'];
  const { secret, privateKey, algorithm, issuer, audience, ttlSeconds, keyId } = options;
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const allowed: readonly unknown[] = secret === undefined ? KEY_ALGORITHMS : SECRET_ALGORITHMS;
  const audiences: readonly unknown[] =
    Array.isArray(audience) && audience.length > 0 ? audience : [audience];
  const checks: readonly (readonly [fails: boolean, problem: string])[] = [
    [(secret === undefined) === (privateKey === undefined), 'needs exactly one of "secret" and "privateKey"'],
    [
      secret !== undefined && !isLongSecret(secret),
      `"secret" must be a text of ${LEAST_SECRET_BYTES} bytes or more`,
    ],
    [
      privateKey !== undefined && !isPrivateKey(privateKey),
      '"privateKey" must be PEM (BEGIN PRIVATE KEY) or a JWK with "d"',
    ],
    [
      algorithm !== undefined && !allowed.includes(algorithm),
      `"algorithm" must be one of ${allowed.join(', ')}`,
    ],
    [issuer !== undefined && !isText(issuer), '"issuer" must be a text that is not empty'],
    [
      audience !== undefined && !audiences.every(isText),
      '"audience" must be a text that is not empty, or a list of them',
    ],
    [
      ttlSeconds !== undefined && !(Number.isSafeInteger(ttlSeconds) && Number(ttlSeconds) >= 1),
      '"ttlSeconds" must be an integer of 1 or more',
    ],
    [keyId !== undefined && !isText(keyId), '"keyId" must be a text that is not empty'],
  ];
  return [
    ...checks.filter(([fails]) => fails).map(([, problem]) => problem),
    ...Object.keys(options)
      .filter((option) => !OPTIONS.includes(option))
      .map((option) => `"${option}" is no option of the issuer`),
  ];
}

function isLongSecret(value: unknown): boolean {
  return typeof value === 'string' && utf8.encode(value).length >= LEAST_SECRET_BYTES;
}

function isPrivateKey(value: unknown): boolean {
  if (typeof value === 'string') return /^\s*-----BEGIN PRIVATE KEY-----/.test(value);
  return isRecord(value) && typeof value['d'] === 'string' && /^(RSA|EC|OKP)$/.test(String(value['kty']));
}
