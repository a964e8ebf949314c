import type { Clock } from '../browser.ts';
import type { ProxyMemory } from './proxy-memory.ts';

/** The one timer of the sender, and the wait before the next request. */
export interface Schedule {
  /** Whether a request may begin now. If it may not, `run` is called when the wait is over. */
  isOpen(): boolean;
  /** Calls `run` after `delayMs`, instead of when it was planned before. */
  plan(delayMs: number): void;
  isPlanned(): boolean;
  /**
   * Lets no request begin before `delayMs` are over, and returns how long the wait is now: a longer one that the proxy has asked for stays.
   * @param isAskedByProxy such a wait ends with its time alone, and holds for the other tabs and for the next page too
   */
  hold(delayMs: number, isAskedByProxy: boolean): number;
  /** Whether a wait is not over, in this page or in another one. */
  isHeld(): boolean;
  /** Ends a wait that the proxy has not asked for, because something has changed for the better. Returns whether requests may begin. */
  endOwnWait(): boolean;
  stop(): void;
}

export function createSchedule(
  clock: Clock,
  proxyMemory: Pick<ProxyMemory, 'quietMs' | 'setQuiet'>,
  run: () => void,
): Schedule {
  let timer: (() => void) | undefined;
  /** Requests begin after this time; 0: there is no wait. */
  let waitUntilMs = 0;
  let isAsked = false;

  function plan(delayMs: number): void {
    timer?.();
    timer = clock.after(delayMs, () => {
      // The wait ends with any timer that runs during it: a clock that was set back must not prolong it.
      timer = undefined;
      waitUntilMs = 0;
      run();
    });
  }

  return {
    isOpen() {
      const quietMs = proxyMemory.quietMs();
      if (!waitUntilMs && quietMs > 0) {
        waitUntilMs = clock.now() + quietMs;
        isAsked = true;
      }
      const waitMs = waitUntilMs && waitUntilMs - clock.now();
      if (waitMs > 0) {
        if (!timer) plan(waitMs);
        return false;
      }
      waitUntilMs = 0;
      timer?.();
      timer = undefined;
      return true;
    },
    plan,
    isPlanned: () => timer !== undefined,
    hold(delayMs, isAskedByProxy) {
      const nowMs = clock.now();
      // A page that was hidden may have two requests under way: the wait that one answer asks for holds for both.
      if (isAskedByProxy || !isAsked || waitUntilMs < nowMs + delayMs) {
        waitUntilMs = nowMs + delayMs;
        isAsked = isAskedByProxy;
        plan(delayMs);
      }
      if (isAskedByProxy) proxyMemory.setQuiet(delayMs);
      return waitUntilMs - nowMs;
    },
    isHeld: () => waitUntilMs > 0 || proxyMemory.quietMs() > 0,
    endOwnWait() {
      if (waitUntilMs && isAsked) return false;
      waitUntilMs = 0;
      return true;
    },
    stop: () => timer?.(),
  };
}
