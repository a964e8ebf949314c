/** Limits the requests that are in flight, the requests that wait in a queue, and the rate at which requests start. */
export interface ConcurrencyLimit {
  /**
   * Takes one of the free slots, or waits for one. The caller calls `leave` when its request is done. Returns false
   * when the queue is full, or the rate limit is reached.
   *
   * @throws the reason of `signal`, when it aborts during the wait
   */
  enter(signal: AbortSignal): Promise<boolean>;
  /** Gives the slot back, to the first request in the queue if there is one. */
  leave(): void;
  /** The numbers of requests in flight and in the queue. */
  counts(): { readonly inFlight: number; readonly queued: number };
}

export interface ConcurrencyLimits {
  /** The most requests in flight. */
  readonly maxConcurrent: number;
  /** The most requests in the queue. */
  readonly maxQueued: number;
  /** The most requests per second, on average over three seconds. */
  readonly maxPerSecond: number;
}

/** The window over which the rate is counted, as Customer.io states it: 3 000 requests in 3 seconds. */
const WINDOW_MS = 3_000;

export function createConcurrencyLimit(
  { maxConcurrent, maxQueued, maxPerSecond }: ConcurrencyLimits,
  now: () => number = () => performance.now(),
): ConcurrencyLimit {
  let inFlight = 0;
  let windowEndsAt = Number.NEGATIVE_INFINITY;
  let started = 0;
  const queue = new Set<() => void>();

  /** Counts the request as started, if the rate allows one more. */
  function start(): boolean {
    const at = now();
    if (at >= windowEndsAt) {
      windowEndsAt = at + WINDOW_MS;
      started = 0;
    }
    if (started >= (maxPerSecond * WINDOW_MS) / 1_000) return false;
    started += 1;
    return true;
  }

  /** Waits in the queue for a slot. */
  async function waitForSlot(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        queue.delete(go);
        reject(signal.reason as Error);
      };
      const go = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      queue.add(go);
    });
  }

  function leave(): void {
    const [next] = queue;
    if (next === undefined) {
      inFlight -= 1;
      return;
    }
    // The slot goes straight to the first request in the queue, so that no new request takes it.
    queue.delete(next);
    next();
  }

  return {
    async enter(signal) {
      if (inFlight < maxConcurrent) inFlight += 1;
      else if (queue.size < maxQueued) await waitForSlot(signal);
      else return false;
      if (start()) return true;
      leave();
      return false;
    },
    leave,
    counts: () => ({ inFlight, queued: queue.size }),
  };
}
