import type { Clock } from '../browser.ts';
import type { SdkError } from '../../protocol/errors.ts';
import { retryAfterMs, retryDelayMs } from '../sender/retry-timing.ts';
import type { JsonCall } from './contract.ts';

export interface InboxWriterNeeds {
  readonly clock: Clock;
  readonly callJson: JsonCall;
  /** A random number from 0 to 1. */
  random(): number;
}

/** Writes changes of messages, and writes them again while the proxy is away. */
export interface InboxWriter {
  /**
   * Writes a change. The changes of one message are written one after the other, so that the last one of the application stays.
   * @param check throws when the change must not be written any more
   * @throws the error of `callJson`, when the proxy has refused the change; the error of `check`
   */
  write(
    path: string,
    body: { readonly id: string; readonly opened?: boolean },
    check: () => void,
  ): Promise<void>;
  /** Ends the waits that no response has asked for: the proxy may be reachable again. */
  hurryUp(): void;
  /** Ends all waits. Each change is then checked at once. */
  endWaits(): void;
}

export function createInboxWriter({ clock, callJson, random }: InboxWriterNeeds): InboxWriter {
  const lastWrites = new Map<string, Promise<void>>();
  /** The functions that end the waits, and whether a response has asked for the wait. */
  const waits = new Map<() => void, boolean>();

  function wait(delayMs: number, isAskedFor: boolean): Promise<void> {
    return new Promise((resolve) => {
      const stop = clock.after(delayMs, end);
      function end(): void {
        stop();
        waits.delete(end);
        resolve();
      }
      waits.set(end, isAskedFor);
    });
  }

  async function writeUntilDone(path: string, body: object, check: () => void): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      check();
      try {
        await callJson(path, body, false);
        return;
      } catch (cause) {
        if (!isTemporary(cause)) throw cause;
        check();
        const { headers } = (cause.cause ?? {}) as Partial<Response>;
        const askedForMs = headers && retryAfterMs(headers, clock.now());
        await wait(Math.max(retryDelayMs(attempt, random()), askedForMs ?? 0), askedForMs !== undefined);
      }
    }
  }

  return {
    write(path, body, check) {
      const before = lastWrites.get(body.id);
      const next = (): Promise<void> => writeUntilDone(path, body, check);
      const written = before ? before.then(next) : next();
      const forget = (): void => {
        if (lastWrites.get(body.id) === ended) lastWrites.delete(body.id);
      };
      const ended = written.then(forget, forget);
      lastWrites.set(body.id, ended);
      return written;
    },
    hurryUp() {
      for (const [end, isAskedFor] of [...waits]) if (!isAskedFor) end();
    },
    endWaits() {
      for (const end of [...waits.keys()]) end();
    },
  };
}

/** Whether the proxy could not be reached, or could not respond now. */
function isTemporary(error: unknown): error is SdkError {
  const { code, cause } = Object(error) as Partial<SdkError>;
  if (code !== 'private-call-failed') return false;
  // Without a response, the cause is the error of the request.
  return !(cause instanceof Response) || cause.status >= 500 || [408, 429].includes(cause.status);
}
