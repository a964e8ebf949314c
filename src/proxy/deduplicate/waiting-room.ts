import type { Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { refusalOf } from '../upstream/delivery.ts';

/**
 * Waits until `otherRequests` resolves, but not longer than `endsAt`, by `performance.now()`. Returns a refusal (503)
 * when the time is over, or when too many requests wait already. Never rejects.
 */
export type WaitFor = (
  endsAt: number,
  otherRequests: (signal: AbortSignal) => Promise<unknown>,
) => Promise<Refusal | undefined>;

/**
 * The most requests that wait, the same number as may wait for Customer.io: more would fill the memory with their
 * bodies.
 */
const MOST_WAITING = 1_000;

/** Limits the requests that wait for others with the same events. */
export function createWaitingRoom(mostWaiting: number = MOST_WAITING): WaitFor {
  let waiting = 0;
  return async (endsAt, otherRequests) => {
    if (waiting >= mostWaiting) return comeAgain('Too many requests wait for others with the same events.');
    waiting += 1;
    try {
      await within(Math.max(1, endsAt - performance.now()), otherRequests);
      return undefined;
    } catch {
      return comeAgain('Another request with the same events has not ended.');
    } finally {
      waiting -= 1;
    }
  };
}

export function comeAgain(detail: string): Refusal {
  return refusalOf({ kind: 'unavailable', detail });
}
