import type { Clock } from '../browser.ts';
import { MESSAGES_SEEN_PATH } from '../../protocol/wire.ts';
import { retryDelayMs } from '../sender/retry-timing.ts';
import type { MessageCall } from './message-call.ts';

/** Tells the service that messages were shown, so that it does not return them again. */
export interface SeenReports {
  /** Reports a message, until the proxy has accepted it. A message that was reported on this page is not reported again. */
  add(queueId: string): void;
  /** Forgets the messages of the present person. */
  clear(): void;
}

export interface SeenReportsNeeds {
  readonly clock: Clock;
  readonly call: MessageCall;
  readonly ending: AbortSignal;
  random(): number;
}

/** The shortest wait after a failure. */
const LEAST_RETRY_MS = 500;

export function createSeenReports({ clock, call, ending, random }: SeenReportsNeeds): SeenReports {
  /** The person's messages that were reported, or are being reported. Replaced with the person. */
  let reported = new Set<string>();
  const timers = new Set<() => void>();

  async function send(queueId: string, own: Set<string>, attempt: number): Promise<void> {
    const { status, retryAfterMs } = await call(MESSAGES_SEEN_PATH, { id: queueId }, false).catch(() => ({
      status: 0,
      retryAfterMs: undefined,
    }));
    const isOver = (status >= 200 && status < 500 && status !== 408 && status !== 429) || own !== reported;
    if (isOver || ending.aborted) return;
    const delayMs = retryAfterMs ?? Math.max(LEAST_RETRY_MS, retryDelayMs(attempt, random()));
    const stop = clock.after(delayMs, () => {
      timers.delete(stop);
      void send(queueId, own, attempt + 1);
    });
    timers.add(stop);
  }

  function clear(): void {
    reported = new Set();
    timers.forEach((stop) => stop());
    timers.clear();
  }
  ending.addEventListener('abort', clear);

  return {
    add(queueId) {
      if (reported.has(queueId)) return;
      reported.add(queueId);
      void send(queueId, reported, 1);
    },
    clear,
  };
}
