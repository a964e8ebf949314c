import type { Clock } from '../browser.ts';
import type { SdkError } from '../../protocol/errors.ts';
import { retryDelayMs } from '../sender/retry-timing.ts';
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
  /** Writes at once, while the page is left, also the changes that wait for an earlier change of their message. */
  leave(): void;
  /** Ends all waits. Each change is then checked at once. */
  endWaits(): void;
}

export function createInboxWriter({ clock, callJson, random }: InboxWriterNeeds): InboxWriter {
  const lastWrites = new Map<string, Promise<void>>();
  /** The functions that end the waits, and whether no response has asked for the wait. */
  const waits = new Map<() => void, boolean>();
  /** The functions that end the wait of a change for an earlier change of its message. */
  const gates = new Set<() => void>();

  const wait = (delayMs: number, isOwn: boolean): Promise<void> =>
    new Promise((resolve) => {
      const stop = clock.after(delayMs, end);
      function end(): void {
        stop();
        waits.delete(end);
        resolve();
      }
      waits.set(end, isOwn);
    });

  const turnAfter = (before: Promise<void>): Promise<void> =>
    new Promise((resolve) => {
      const open = (): void => {
        gates.delete(open);
        resolve();
      };
      gates.add(open);
      void before.then(open);
    });

  async function writeUntilDone(path: string, body: object, check: () => void): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      check();
      try {
        await callJson(path, body, false);
        return;
      } catch (error) {
        const askedForMs = waitOf(error);
        if (askedForMs === undefined) throw error;
        check();
        await wait(Math.max(askedForMs, retryDelayMs(attempt, random())), !askedForMs);
      }
    }
  }

  return {
    write(path, body, check) {
      const before = lastWrites.get(body.id);
      const next = (): Promise<void> => writeUntilDone(path, body, check);
      const written = before ? turnAfter(before).then(next) : next();
      const forget = (): void => {
        if (lastWrites.get(body.id) === ended) lastWrites.delete(body.id);
      };
      const ended = written.then(forget, forget);
      lastWrites.set(body.id, ended);
      return written;
    },
    hurryUp: () => waits.forEach((isOwn, end) => isOwn && end()),
    leave: () => gates.forEach((open) => open()),
    endWaits: () => waits.forEach((_, end) => end()),
  };
}

/**
 * Returns how long the proxy wants no further request, in milliseconds; 0 when it has not said that, or could not be reached.
 * Returns undefined for an error that stays: the proxy has refused the change.
 */
function waitOf(error: unknown): number | undefined {
  const { code, cause } = Object(error) as Partial<SdkError>;
  if (code !== 'private-call-failed') return undefined;
  // Without a response, the cause is the error of the request.
  const { status = 503, headers } = Object(cause) as Partial<Response>;
  if (status < 500 && status !== 429 && status !== 408) return undefined;
  // The proxy writes seconds. A date, which other servers may write, is left to the waits of the SDK.
  return Number(headers?.get('Retry-After')) * 1_000 || 0;
}
