import type { Clock } from '../browser.ts';

/** The timer that refreshes a token before a call needs it. There is one at a time. */
export interface RefreshTimer {
  /** Replaces the timer by one for the current `dueInMs`, or by none. */
  plan(): void;
  stop(): void;
}

export interface RefreshTimerNeeds {
  readonly clock: Clock;
  /** The longest delay of one timer, in milliseconds. After it, `dueInMs` is read again. */
  readonly clampMs: number;
  /** Milliseconds until the refresh; undefined where no timer is wanted. */
  dueInMs(): number | undefined;
  run(): void;
}

export function createRefreshTimer({ clock, clampMs, dueInMs, run }: RefreshTimerNeeds): RefreshTimer {
  let stopTimer: (() => void) | undefined;

  function stop(): void {
    stopTimer?.();
    stopTimer = undefined;
  }

  function plan(): void {
    stop();
    const delayMs = dueInMs();
    if (delayMs === undefined) return;
    stopTimer = clock.after(Math.min(clampMs, delayMs), () => {
      // The delay is computed again: the timer was clamped, the machine slept, or the page has been hidden since.
      const leftMs = dueInMs();
      if (leftMs !== undefined && leftMs <= 0) run();
      else plan();
    });
  }

  return { plan, stop };
}
