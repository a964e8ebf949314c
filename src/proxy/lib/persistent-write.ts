const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** About as long as claims last. */
const LONGEST_MS = 30_000;
/** A store that stays away must not fill the memory of the proxy. */
const MOST_KEYS = 50_000;

/**
 * Writes what is true whenever it arrives, and must not be forgotten because a connection broke: tries again for half a
 * minute, for a bounded number of keys. Keeps no process alive.
 *
 * @throws what `write` has thrown last
 */
export function createPersistentWrite(
  write: (keys: readonly string[]) => Promise<unknown>,
): (keys: readonly string[]) => Promise<void> {
  let waiting = 0;

  async function again(keys: readonly string[], failure: unknown): Promise<void> {
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
        await again(keys, error);
      } finally {
        waiting -= keys.length;
      }
    }
  };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, ms);
    // In Node, where it is an object, a timer keeps the process alive.
    if (hasUnref(timer)) timer.unref();
  });
}

function hasUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer;
}
