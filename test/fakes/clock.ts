import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/sdk/browser.ts';

/** A clock for tests: time passes only when a test calls `advance`. */
export interface FakeClock extends Clock {
  /**
   * Moves the time forward. Runs the timers that become due, one after the other, and waits after each until
   * its consequences have settled.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock. Timers keep their remaining time. */
  set(nowMs: number): void;
  /** The milliseconds that remain until each timer that is set. */
  timers(): readonly number[];
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export const START_MS = Date.parse('2026-01-02T03:04:05.000Z');

/** @param turns turns of the event loop to wait after each timer, so that its consequences settle */
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

/** Waits `turns` turns of the event loop: promises, and a few steps of a database, settle without a timer. */
export async function settled(turns = 2): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}
