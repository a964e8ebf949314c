// @vitest-environment node
/** How the proof of exactly-once delivery counts: which process caused a repeated event. */
import { describe, expect, test } from 'vitest';
import { bodyOf, eventText, numbersIn } from '../../../bench/once/events.ts';
import { repeat } from '../../../bench/once/every.ts';
import { readPlan } from '../../../bench/once/plan.ts';
import { type History, reasonsOf } from '../../../bench/once/verdict.ts';

const QUIET: History = { kills: [], redisKills: [], rests: [] };
/** An event that was accepted twice: from copy 0 at second 10, and from copy 1 at second 12. */
const TWICE = {
  number: 5,
  arrivals: [
    { at: 10_000, copy: 0 },
    { at: 12_000, copy: 1 },
  ],
};
const NOBODY = { killed: 0, redisKilled: 0, alone: 0, none: 0 };

describe('a duplicate event', () => {
  test.each<readonly [what: string, history: Partial<History>, reason: keyof typeof NOBODY]>([
    ['while nothing happened', {}, 'none'],
    ['whose copy was killed right after it', { kills: [{ at: 10_500, copy: 0 }] }, 'killed'],
    ['whose copy was killed before it came', { kills: [{ at: 9_999, copy: 0 }] }, 'none'],
    ['whose copy was killed long after it', { kills: [{ at: 11_500, copy: 0 }] }, 'none'],
    ['while another copy was killed', { kills: [{ at: 10_500, copy: 1 }] }, 'none'],
    ['after Redis was killed', { redisKills: [11_000] }, 'redisKilled'],
    ['before Redis was killed', { redisKills: [12_001] }, 'none'],
    ['long after Redis was killed', { redisKills: [8_000] }, 'none'],
    ['by a copy that had left Redis alone', { rests: [{ copy: 0, from: 9_000, to: 11_000 }] }, 'alone'],
    ['to a copy that had left Redis alone', { rests: [{ copy: 1, from: 11_000, to: 13_000 }] }, 'alone'],
    ['while a third copy left Redis alone', { rests: [{ copy: 2, from: 0, to: 99_000 }] }, 'none'],
    ['when its copy asked Redis again', { rests: [{ copy: 0, from: 0, to: 9_000 }] }, 'none'],
  ])('%s', (_, history, reason) => {
    expect(reasonsOf([TWICE], { ...QUIET, ...history })).toEqual({ ...NOBODY, [reason]: 1 });
  });

  test('a duplicate has a reason each time', () => {
    const arrivals = [...TWICE.arrivals, { at: 14_000, copy: 2 }];
    const kills = [{ at: 12_100, copy: 1 }];
    expect(reasonsOf([{ number: 1, arrivals }], { ...QUIET, kills })).toEqual({
      ...NOBODY,
      killed: 1,
      none: 1,
    });
  });
});

test('the event numbers of a body are found', () => {
  const numbers = [0, 7, 999_999];
  const body = bodyOf(numbers.map(eventText));
  expect(numbersIn(Buffer.from(body).toString('latin1'))).toEqual(numbers);
  expect((JSON.parse(body) as { batch: unknown[] }).batch).toHaveLength(3);
});

test('the arguments of a run are applied, within limits', () => {
  expect(readPlan(['--events=20000', '--seed=7', '--minutes=2', '--kill-every=0'])).toEqual({
    events: 20_000,
    copies: 4,
    rate: 5_000,
    clients: 48,
    seed: 7,
    lost: 0.2,
    killEveryMs: 0,
    killRedisEveryMs: 0,
    mostMs: 120_000,
  });
  expect(readPlan(['--kill-redis'])).toMatchObject({ events: 1_000_000, killRedisEveryMs: 15_000 });
  expect(readPlan(['--help'])).toBeNull();
  for (const wrong of ['--events=0', '--events=1e9', '--events=', '--lost=1', '--copies=x', '--rounds=5'])
    expect(() => readPlan([wrong])).toThrow();
});

test('repeated work never overlaps, and ends', async () => {
  let [running, most, times] = [0, 0, 0];
  const repeating = repeat(
    1,
    () => 0,
    async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      times += 1;
    },
  );
  await expect.poll(() => times).toBeGreaterThan(2);
  await repeating.stop();
  const before = times;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect([running, most, times]).toEqual([0, 1, before]);
  await repeat(
    0,
    () => 0,
    async () => {
      times += 1;
    },
  ).stop();
  expect(times).toBe(before);
});
