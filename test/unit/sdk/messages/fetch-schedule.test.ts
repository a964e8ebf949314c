// @vitest-environment node
import { describe, expect, test } from 'vitest';
import {
  createFetchSchedule,
  type FetchEnd,
  type FetchSchedule,
} from '../../../../src/sdk/messages/fetch-schedule.ts';
import { type FakeClock, fakeClock, settled, START_MS } from '../../../fakes/clock.ts';

type End = FetchEnd | 'throws' | 'rejects' | Promise<FetchEnd>;

interface Rig extends FetchSchedule {
  readonly clock: FakeClock;
  /** The times of the fetches, in seconds since the start. */
  fetches(): readonly number[];
  /** What the next fetches end with, the last one from then on. */
  answer(...ends: readonly End[]): void;
  setAwake(isAwake: boolean): void;
}

function rig(random = 1): Rig {
  const clock = fakeClock();
  let fetches: readonly number[] = [];
  let ends: readonly End[] = [{ kind: 'answered' }];
  let isAwake = true;
  const schedule = createFetchSchedule({
    clock,
    random: () => random,
    isAwake: () => isAwake,
    fetch() {
      fetches = [...fetches, (clock.now() - START_MS) / 1_000];
      const [end = 'throws'] = ends;
      if (ends.length > 1) ends = ends.slice(1);
      if (end === 'throws') throw new Error('no network');
      return end === 'rejects' ? Promise.reject(new Error('aborted')) : Promise.resolve(end);
    },
  });
  return {
    ...schedule,
    clock,
    fetches: () => fetches,
    answer: (...next) => void (ends = next),
    setAwake(awake) {
      isAwake = awake;
      schedule.wake();
    },
  };
}

const answered = (nextInSeconds?: unknown): FetchEnd => ({
  kind: 'answered',
  nextInSeconds: nextInSeconds as number,
});
const failed = (retryAfterMs?: number): FetchEnd => ({ kind: 'failed', retryAfterMs });

describe('the time of the next fetch', () => {
  test.each<[nextInSeconds: unknown, seconds: number]>([
    [10, 10],
    [60, 60],
    [3_600, 3_600],
    [undefined, 600],
    [null, 600],
    ['30', 600],
    [NaN, 600],
    [0, 600],
    [-5, 600],
    [1, 10],
    [Infinity, 3_600],
    [99_999, 3_600],
  ])('after an answer with nextInSeconds %s: %d s', async (nextInSeconds, seconds) => {
    const { clock, restart, fetches, answer } = rig();
    answer(answered(nextInSeconds));
    restart();
    await clock.advance(seconds * 1_000 - 1);
    expect(fetches()).toEqual([0]);
    await clock.advance(1);
    expect(fetches()).toEqual([0, seconds]);
  });

  test('after failures grows, and an answer ends that', async () => {
    const { clock, restart, fetches, answer } = rig();
    answer(failed(), failed(), 'throws', 'rejects', answered(100), failed());
    restart();
    await clock.advance(115_000);
    expect(fetches()).toEqual([0, 1, 3, 7, 15, 115]);
    await clock.advance(1_000);
    expect(fetches().at(-1)).toBe(116);
  });

  test('after failures is never 600 s, and at most 5 minutes', async () => {
    const { clock, restart, fetches, answer } = rig();
    answer(failed());
    restart();
    await clock.advance(7_200_000);
    const waits = fetches().map((second, index) => second - (fetches()[index - 1] ?? 0));
    expect(Math.max(...waits)).toBe(300);
    expect(fetches().length).toBeGreaterThan(25);
  });

  test('after a failure is a second away at least, whatever the chance says', async () => {
    const { clock, restart, fetches, answer } = rig(0);
    answer(failed());
    restart();
    await clock.advance(3_000);
    expect(fetches()).toEqual([0, 1, 2, 3]);
  });

  test('is that of Retry-After', async () => {
    const { clock, restart, fetches, answer } = rig();
    answer(failed(5_000), failed(5_000), answered(10));
    restart();
    await clock.advance(20_000);
    expect(fetches()).toEqual([0, 5, 10, 20]);
  });
});

describe('a hidden page', () => {
  test('fetches nothing, and has no timer', async () => {
    const { clock, restart, fetches, setAwake, answer } = rig();
    answer(answered(10));
    restart();
    await clock.advance(5_000);
    setAwake(false);
    expect(clock.timers()).toEqual([]);
    await clock.advance(60_000);
    expect(fetches()).toEqual([0]);
    setAwake(true);
    await settled();
    expect(fetches()).toEqual([0, 65]);
    await clock.advance(10_000);
    expect(fetches()).toEqual([0, 65, 75]);
  });

  test('that becomes visible before the time fetches at the time', async () => {
    const { clock, restart, fetches, setAwake, answer } = rig();
    answer(answered(60));
    restart();
    await clock.advance(5_000);
    for (let i = 0; i < 3; i++) {
      setAwake(false);
      setAwake(true);
    }
    expect(clock.timers()).toEqual([55_000]);
    await clock.advance(55_000);
    expect(fetches()).toEqual([0, 60]);
  });

  test('starts with a fetch when it becomes visible', async () => {
    const { clock, restart, fetches, setAwake } = rig();
    setAwake(false);
    restart();
    await clock.advance(30_000);
    expect(fetches()).toEqual([]);
    setAwake(true);
    await settled();
    expect(fetches()).toEqual([30]);
  });

  test('that nobody has told of is noticed at the time', async () => {
    const clock = fakeClock();
    let isAwake = true;
    let fetches = 0;
    const schedule = createFetchSchedule({
      clock,
      random: () => 1,
      isAwake: () => isAwake,
      async fetch() {
        fetches += 1;
        return answered(10);
      },
    });
    schedule.restart();
    await clock.advance(5_000);
    isAwake = false;
    await clock.advance(60_000);
    expect([fetches, clock.timers().length]).toEqual([1, 0]);
    isAwake = true;
    schedule.wake();
    await settled();
    expect(fetches).toBe(2);
  });

  test('does not fetch twice if it becomes visible during a fetch', async () => {
    const { clock, restart, fetches, setAwake, answer } = rig();
    let end: (value: FetchEnd) => void = () => undefined;
    answer(new Promise<FetchEnd>((resolve) => (end = resolve)), answered(10));
    restart();
    setAwake(false);
    setAwake(true);
    await clock.advance(60_000);
    expect(fetches()).toEqual([0]);
    end(answered(10));
    await clock.advance(10_000);
    expect(fetches()).toEqual([0, 70]);
  });
});

describe('a change of the person', () => {
  test('fetches at once, whatever the wait was', async () => {
    const { clock, restart, fetches, answer } = rig();
    answer(answered(3_600), failed(60_000), answered(20));
    restart();
    await clock.advance(100_000);
    restart();
    await clock.advance(1_000);
    restart();
    await clock.advance(20_000);
    expect(fetches()).toEqual([0, 100, 101, 121]);
    expect(clock.timers()).toHaveLength(1);
  });

  test('during a fetch does not wait for it, and its end changes nothing', async () => {
    const { clock, restart, fetches, answer } = rig();
    let end: (value: FetchEnd) => void = () => undefined;
    answer(new Promise<FetchEnd>((resolve) => (end = resolve)), answered(600));
    restart();
    await clock.advance(3_000);
    restart();
    await settled();
    expect(fetches()).toEqual([0, 3]);
    end(answered(10));
    await clock.advance(599_000);
    expect(fetches()).toEqual([0, 3]);
    await clock.advance(1_000);
    expect(fetches()).toEqual([0, 3, 603]);
  });
});

describe('the clock', () => {
  test('that was set back does not prolong the wait for the next visit of the tab', async () => {
    const { clock, restart, fetches, setAwake, answer } = rig();
    answer(answered(10));
    restart();
    await clock.advance(5_000);
    setAwake(false);
    clock.set(START_MS - 86_400_000);
    setAwake(true);
    await settled();
    expect(fetches()).toHaveLength(2);
  });
});

test('stop() ends the timer, and the end of a fetch starts none', async () => {
  const { clock, restart, fetches, stop, setAwake, answer } = rig();
  let end: (value: FetchEnd) => void = () => undefined;
  answer(answered(10), new Promise<FetchEnd>((resolve) => (end = resolve)));
  restart();
  await clock.advance(10_000);
  stop();
  end(answered(10));
  setAwake(true);
  await clock.advance(60_000);
  expect(fetches()).toEqual([0, 10]);
  expect(clock.timers()).toEqual([]);
});
