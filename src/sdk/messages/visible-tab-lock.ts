/** A lock that one of the visible tabs of a site holds: that tab fetches the messages for all tabs. */
export interface VisibleTabLock {
  /** Whether this tab holds the lock. Always true where the browser has no locks. */
  isHeld(): boolean;
  /** Takes part: waits for the lock. */
  join(): void;
  /** Gives the lock back. A page that holds a lock cannot enter the back/forward cache. */
  leave(): void;
}

/** @param onHeld called when this tab gets the lock */
export function createVisibleTabLock(
  name: string,
  locks: Pick<LockManager, 'request'> | undefined,
  onHeld: () => void,
): VisibleTabLock {
  let control: AbortController | undefined;
  let isHeld = false;

  return {
    isHeld: () => isHeld,
    join() {
      if (control) return;
      const own = (control = new AbortController());
      const { signal } = own;
      const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      const hold = (): Promise<void> | undefined => {
        if (signal.aborted) return undefined;
        isHeld = true;
        onHeld();
        return over;
      };
      // Where the browser has no locks or refuses them, every visible tab fetches.
      if (locks) new Promise((resolve) => resolve(locks.request(name, { signal }, hold))).catch(hold);
      else void hold();
    },
    leave() {
      isHeld = false;
      control?.abort();
      control = undefined;
    },
  };
}
