import type { Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { refusalOf } from '../upstream/delivery.ts';

/**
 * Waits for others, until `endsAt` by `performance.now()`. Answers a refusal where that comes first, or where too many wait.
 * Never rejects.
 */
export type WaitFor = (
  endsAt: number,
  others: (signal: AbortSignal) => Promise<unknown>,
) => Promise<Refusal | undefined>;

/** As many as may wait for Customer.io: more would fill the memory with their bodies. */
const MOST_WAITING = 1_000;

/** Where requests wait for others that are sending the same events. */
export function createWaitingRoom(mostWaiting: number = MOST_WAITING): WaitFor {
  let waiting = 0;
  return async (endsAt, others) => {
    if (waiting >= mostWaiting) return comeAgain('Too many requests wait for others with the same events.');
    waiting += 1;
    try {
      await within(Math.max(1, endsAt - performance.now()), others);
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
