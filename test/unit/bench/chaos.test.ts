// @vitest-environment node
/**
 * How the chaos run counts: which process caused a repeated event, and with which arguments the run is
 * started.
 */
import { describe, expect, test } from 'vitest';
import { readPlan } from '../../../bench/chaos/plan.ts';
import { type Kill, reasonsOf } from '../../../bench/chaos/verdict.ts';

const NOBODY = { forwarder: 0, nats: 0, redis: 0, proxy: 0, none: 0 };
/**
 * An event that was accepted twice: from the first forwarder at second 100, and from the second one at second
 * 130.
 */
const TWICE = {
  number: 5,
  arrivals: [
    { at: 100_000, forwarder: 0 },
    { at: 130_000, forwarder: 1 },
  ],
};

describe('an event that came again', () => {
  test.each<readonly [what: string, kills: readonly Kill[], reason: keyof typeof NOBODY]>([
    ['while nothing happened', [], 'none'],
    [
      'whose forwarder was killed then',
      [{ at: 100_500, name: 'forwarder-1', kind: 'forwarder' }],
      'forwarder',
    ],
    [
      'whose forwarder was killed long after',
      [{ at: 110_000, name: 'forwarder-1', kind: 'forwarder' }],
      'none',
    ],
    ['while another forwarder was killed', [{ at: 100_500, name: 'forwarder-2', kind: 'forwarder' }], 'none'],
    ['while a node was killed', [{ at: 101_000, name: 'nats-2', kind: 'nats' }], 'nats'],
    ['before a node was killed', [{ at: 105_000, name: 'nats-2', kind: 'nats' }], 'none'],
    ['after Redis was killed', [{ at: 120_000, name: 'redis', kind: 'redis' }], 'redis'],
    ['before Redis was killed', [{ at: 131_000, name: 'redis', kind: 'redis' }], 'none'],
    ['after a proxy was killed', [{ at: 90_000, name: 'proxy-1', kind: 'proxy' }], 'proxy'],
    ['long after a proxy was killed', [{ at: 50_000, name: 'proxy-1', kind: 'proxy' }], 'none'],
  ])('%s', (_, kills, reason) => {
    expect(reasonsOf([TWICE], kills)).toEqual({ ...NOBODY, [reason]: 1 });
  });
});

describe('its arguments', () => {
  test('have defaults', () => {
    expect(readPlan(['--seed=1', '--events=1000', '--away=2', '--no-deduplicate'])).toMatchObject({
      seed: 1,
      events: 1_000,
      awayMs: 2_000,
      deduplicate: false,
      rate: 4_000,
    });
    expect(readPlan([])).toMatchObject({ events: 200_000, awayMs: 20_000, deduplicate: true });
    expect(readPlan(['--help'])).toBeNull();
  });

  test.each(['--events=0', '--rate=fast', '--batch=501', '--seed=', '--other=1'])(
    'are refused: %s',
    (argument) => {
      expect(() => readPlan([argument])).toThrow();
    },
  );
});
