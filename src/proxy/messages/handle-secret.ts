import { utf8 } from '../../protocol/wire.ts';
import { within } from '../lib/timeouts.ts';
import { comeBackLater, type Refusal } from '../http/response.ts';
import { LEAST_SECRET_BYTES } from '../tokens/token-options.ts';
import type { InAppOptions } from './in-app-options.ts';

/** The function of a secret has failed, or has returned no secret. */
class SecretError extends Error {
  override readonly name = 'SecretError';
}

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
  if (typeof secret === 'string') return async () => secret;
  const [name, read, leastBytes] = secret
    ? (['handleSecret', secret, LEAST_SECRET_BYTES] as const)
    : (['writeKey', writeKey, 1] as const);
  return async () => {
    let value: unknown;
    try {
      value = await within(timeoutMs, async () => read());
    } catch (cause) {
      throw new SecretError(`The function "${name}" failed.`, { cause });
    }
    if (typeof value === 'string' && utf8.encode(value).length >= leastBytes) return value;
    throw new SecretError(`The function "${name}" returned no text of ${leastBytes} bytes or more.`);
  };
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
