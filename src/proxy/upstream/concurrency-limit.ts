/** How many may be on their way at a time, and how many wait for that. */
export interface ConcurrencyLimit {
  /** Whether the caller may go; it then has to `leave`. @throws the reason of `signal`, if that ends the wait */
  enter(signal: AbortSignal): Promise<boolean>;
  leave(): void;
  counts(): { readonly inFlight: number; readonly queued: number };
}

export interface ConcurrencyLimits {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
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

  async function turn(signal: AbortSignal): Promise<void> {
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
    // The place is handed on, so that nobody who comes now takes it.
    queue.delete(next);
    next();
  }

  return {
    async enter(signal) {
      if (inFlight < maxConcurrent) inFlight += 1;
      else if (queue.size < maxQueued) await turn(signal);
      else return false;
      if (start()) return true;
      leave();
      return false;
    },
    leave,
    counts: () => ({ inFlight, queued: queue.size }),
  };
}
