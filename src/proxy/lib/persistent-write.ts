const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** How long a failed write is tried again: about as long as claims last. */
const LONGEST_MS = 30_000;
/** Most keys that wait for another try: with a limit, a store that stays down cannot fill the memory of the proxy. */
const MOST_KEYS = 50_000;

/**
 * Makes a function that writes keys, and after a failure tries again for half a minute. For writes that are right also when they
 * arrive late, and must not be lost because a connection broke. The timers keep no process alive.
 *
 * @throws what `write` has thrown last
 */
export function createPersistentWrite(
  write: (keys: readonly string[]) => Promise<unknown>,
): (keys: readonly string[]) => Promise<void> {
  let waiting = 0;

  async function retry(keys: readonly string[], failure: unknown): Promise<void> {
    const giveUpAt = performance.now() + LONGEST_MS;
    let error = failure;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (performance.now() + pauseMs > giveUpAt) throw error;
      await rest(pauseMs);
      try {
        await write(keys);
        return;
      } catch (failure) {
        error = failure;
      }
    }
  }

  return async (keys) => {
    try {
      await write(keys);
      return;
    } catch (error) {
      if (waiting + keys.length > MOST_KEYS) throw error;
      waiting += keys.length;
      try {
        await retry(keys, error);
      } finally {
        waiting -= keys.length;
      }
    }
  };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, ms);
    // In Node a timer is an object, and keeps the process alive unless `unref` is called.
    if (hasUnref(timer)) timer.unref();
  });
}

function hasUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer;
}
