import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/sdk/browser.ts';

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Runs what is due on the way, one timer after the other, and all that follows from it at once. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock; timers are not moved by it. */
  set(nowMs: number): void;
  /** Milliseconds until each timer that is set. */
  timers(): readonly number[];
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export const START_MS = Date.parse('2026-01-02T03:04:05.000Z');

/** @param turns that everything is given to settle after each timer */
export function fakeClock(startMs: number = START_MS, turns = 2): FakeClock {
  let elapsed = 0;
  let offset = startMs;
  let timers: readonly Timer[] = [];
  return {
    now: () => offset + elapsed,
    after(delayMs, run) {
      const timer = { at: elapsed + Math.max(0, delayMs), run };
      timers = [...timers, timer];
      return () => void (timers = timers.filter((each) => each !== timer));
    },
    async advance(ms) {
      const end = elapsed + ms;
      await settled(turns);
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
        if (!next) break;
        timers = timers.filter((each) => each !== next);
        elapsed = Math.max(elapsed, next.at);
        next.run();
        await settled(turns);
      }
      elapsed = end;
    },
    set: (nowMs) => void (offset = nowMs - elapsed),
    timers: () => timers.map(({ at }) => at - elapsed).sort((one, other) => one - other),
  };
}

/** Resolves when all that can happen without a timer has happened, a few turns of a database included. */
export async function settled(turns = 2): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}
