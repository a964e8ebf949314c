import type { Clock } from '../browser.ts';

/** The one timer that renews a token before it is needed. */
export interface RefreshTimer {
  /** Looks anew when that is. */
  plan(): void;
  stop(): void;
}

export interface RefreshTimerNeeds {
  readonly clock: Clock;
  readonly clampMs: number;
  /** Undefined: not by a timer. */
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
      // It was clamped, the machine slept, the page is hidden by now: only what holds now counts.
      const leftMs = dueInMs();
      if (leftMs !== undefined && leftMs <= 0) run();
      else plan();
    });
  }

  return { plan, stop };
}
