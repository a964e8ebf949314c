import { createRemoteJWKSet, customFetch, errors, importJWK, importSPKI, type JWTVerifyGetKey } from 'jose';
import { utf8 } from '../../protocol/wire.ts';
import { within } from '../lib/timeouts.ts';
import type { FetchLike } from '../upstream/send-batch.ts';
import { readLimited } from '../lib/read-limited.ts';
import type { Jwk, TokenAlgorithm } from './token-options.ts';

/** Finds the key for a token by its header, in the form that jose's `jwtVerify` takes. */
export type KeySource = JWTVerifyGetKey;

const CACHE_MS = 600_000;
const COOLDOWN_MS = 30_000;
const JWKS_TIMEOUT_MS = 5_000;
// After a failed fetch of the keys, no request fetches again for this time: a key server that is down is not flooded.
const PAUSE_AFTER_FAILURE_MS = 1_000;

/** A secret that both sides hold, as the key of every token. @param secret returns the secret; called for each token */
export function secretSource(secret: () => Promise<string>): KeySource {
  return async () => utf8.encode(await secret());
}

/** A fixed public key, for those of `algorithms` that fit its kind. */
export function publicKeySource(publicKey: string | Jwk, algorithms: readonly TokenAlgorithm[]): KeySource {
  const only = typeof publicKey === 'string' ? undefined : publicKey['alg'];
  const keys = Promise.all(
    algorithms
      .filter((algorithm) => only === undefined || only === algorithm)
      .map(async (algorithm) => {
        const key = await importPublicKey(publicKey, algorithm).catch(() => null);
        return [algorithm, key] as const;
      }),
  ).then((entries) => new Map<string, CryptoKey | Uint8Array | null>(entries));

  return async ({ alg }) => {
    const known = await keys;
    const key = known.get(alg);
    if (key) return key;
    if ([...known.values()].some((each) => each !== null))
      throw new errors.JOSEAlgNotAllowed(`The key is not for ${alg}.`);
    throw new TypeError('The option "customerToken.publicKey" is no usable public key.');
  };
}

async function importPublicKey(
  key: string | Jwk,
  algorithm: TokenAlgorithm,
): Promise<CryptoKey | Uint8Array> {
  return typeof key === 'string' ? importSPKI(key, algorithm) : importJWK(key, algorithm);
}

/** The keys that an issuer publishes at `jwksUrl`, fetched again for a new `kid`, and after ten minutes. */
export function jwksSource(jwksUrl: URL, fetch: FetchLike): KeySource {
  const remote = createRemoteJWKSet(jwksUrl, {
    cacheMaxAge: CACHE_MS,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: JWKS_TIMEOUT_MS,
    [customFetch]: (url, init) =>
      within(JWKS_TIMEOUT_MS, async (signal) => {
        const response = await fetch(url, { ...(init as RequestInit), signal });
        const bytes = await readLimited(response);
        // jose reads the body only with the status 200, and `Response` takes no body with some other statuses.
        const { status } = response;
        return status === 200 ? new Response(bytes, { status }) : response;
      }),
  });
  let pausedUntil = 0;
  let failure: unknown;
  const knows = (kid: string | undefined): boolean =>
    remote.fresh && (kid === undefined || remote.jwks()?.keys.some((key) => key.kid === kid) === true);

  return async (header, token) => {
    if (Date.now() < pausedUntil && !knows(header.kid)) throw failure;
    try {
      return await remote(header, token);
    } catch (cause) {
      const isLoaded =
        cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      if (!isLoaded) {
        pausedUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
        failure = cause;
      }
      throw cause;
    }
  };
}
