import { utf8 } from '../../protocol/wire.ts';
import { within } from './timeouts.ts';

/** A secret as an option: a text, or a function that returns it, so that the secret can be changed while the proxy runs. */
export type SecretOption = string | (() => string | Promise<string>);

/** The function of a secret has failed, or has returned no secret. The message never contains the secret. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/** The needs of `createSecretReader`. */
export interface SecretNeeds {
  /** The name of the option, for messages: `customerToken.secret`. */
  readonly name: string;
  readonly secret: SecretOption;
  readonly leastBytes: number;
  /** The most time for the function, in milliseconds. */
  readonly timeoutMs: number;
}

/** Makes the function that returns the secret at the moment. That function rejects with a `SecretError` where there is no secret. */
export function createSecretReader({
  name,
  secret,
  leastBytes,
  timeoutMs,
}: SecretNeeds): () => Promise<string> {
  if (typeof secret === 'string') return async () => secret;
  return async () => {
    let value: unknown;
    try {
      value = await within(timeoutMs, async () => secret());
    } catch {
      // Without the cause, which the log would show: its text may contain a secret.
      throw new SecretError(`The function "${name}" failed.`);
    }
    if (typeof value === 'string' && utf8.encode(value).length >= leastBytes) return value;
    throw new SecretError(`The function "${name}" returned no text of ${leastBytes} bytes or more.`);
  };
}

/** Makes a function that derives something from a secret once for each secret, and again when the secret has changed. */
export function forEachSecret<T>(
  read: () => string | Promise<string>,
  derive: (secret: string) => Promise<T>,
): () => Promise<T> {
  let last: { readonly secret: string; readonly derived: Promise<T> } | undefined;
  return async () => {
    const secret = await read();
    if (last?.secret !== secret) {
      last = { secret, derived: derive(secret) };
      // A failure is not kept: the next call derives again.
      last.derived.catch(() => (last = undefined));
    }
    return last.derived;
  };
}
