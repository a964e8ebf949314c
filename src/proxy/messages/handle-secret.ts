import { comeBackLater, type Refusal } from '../http/response.ts';
import { createSecretReader, SecretError } from '../lib/secret.ts';
import { LEAST_SECRET_BYTES } from '../tokens/token-options.ts';
import type { InAppOptions } from './in-app-options.ts';

/** The settings of the secret of handles. */
export interface HandleSecretNeeds {
  readonly inApp: Pick<InAppOptions, 'handleSecret'> | undefined;
  readonly writeKey: () => string | Promise<string>;
  /** The most time for the function of the secret, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * The function that returns the secret of handles: `handleSecret`, or by default the write key, which all copies of a proxy have.
 * That function throws where there is no secret.
 */
export function handleSecretOf({ inApp, writeKey, timeoutMs }: HandleSecretNeeds): () => Promise<string> {
  const secret = inApp?.handleSecret;
  return createSecretReader(
    secret === undefined
      ? { name: 'writeKey', secret: writeKey, leastBytes: 1, timeoutMs }
      : { name: 'handleSecret', secret, leastBytes: LEAST_SECRET_BYTES, timeoutMs },
  );
}

/** Runs `work`, which signs or verifies. Where there is no secret, refuses (503): only the operator can correct that. */
export async function withKey<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof SecretError)) throw cause;
    const message = 'The proxy cannot answer until its operator corrects it.';
    return comeBackLater('upstream_misconfigured', message, { retryAfter: '60', detail: cause.message });
  }
}
