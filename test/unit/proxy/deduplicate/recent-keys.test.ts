// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createRecentKeys, type RecentKeys } from '../../../../src/proxy/deduplicate/recent-keys.ts';
import { seeded } from '../../../fakes/random.ts';

const KB = 1_024;
const MB = KB * KB;
const HOUR_MS = 3_600_000;

/** Returns the n-th of many keys. */
const keyOf = (n: number): readonly [first: number, second: number] => {
  const first = Math.imul(n + 1, 0x9e3779b1) >>> 0 || 1;
  return [first, Math.imul(n + 7, 0x85ebca6b) >>> 0];
};
const takeKey = (keys: RecentKeys, first: number, second: number, number: number): number =>
  keys.take(Uint32Array.of(first, second), number)?.[0] ?? 0;
const take = (keys: RecentKeys, n: number, number: number): number => takeKey(keys, ...keyOf(n), number);

describe('recently added keys', () => {
  test('belong to their first owner until they are released', () => {
    const keys = createRecentKeys(MB, HOUR_MS);
    expect([take(keys, 1, 10), take(keys, 1, 11), take(keys, 2, 11)]).toEqual([0, 10, 0]);
    keys.release(...keyOf(1), 11);
    expect(take(keys, 1, 12)).toBe(10);
    keys.release(...keyOf(1), 10);
    expect([take(keys, 1, 13), take(keys, 1, 14)]).toEqual([0, 13]);
    keys.give(...keyOf(1), 15);
    keys.give(...keyOf(3), 15);
    expect([take(keys, 1, 16), take(keys, 3, 16)]).toEqual([15, 15]);
  });

  test('are added in bulk: the result names the owner of each, or is empty without owners', () => {
    const keys = createRecentKeys(MB, HOUR_MS);
    const [a, b, c] = [keyOf(1), keyOf(2), keyOf(3)];
    expect(keys.take(Uint32Array.of(...a, ...b, 0, 0), 7)).toBeUndefined();
    expect(keys.take(Uint32Array.of(...c, 0, 5, ...b, ...c), 9)).toEqual(Float64Array.of(0, 0, 7, 9));
  });

  test('are distinguished by both numbers', () => {
    const keys = createRecentKeys(MB, HOUR_MS);
    for (const [first, second] of [
      [1, 0],
      [1, 1],
      [513, 0],
      [513, 1],
      [2 ** 32 - 1, 2 ** 32 - 1],
    ] as const) {
      expect(takeKey(keys, first, second, 5)).toBe(0);
      expect(takeKey(keys, first, second, 6)).toBe(5);
    }
  });

  test('begin with little memory, and stay within the limit', () => {
    const keys = createRecentKeys(MB, HOUR_MS);
    expect(keys.bytes()).toBe(8 * KB);
    let most = 0;
    let known = 0;
    for (let n = 0; n < 200_000; n += 1) {
      known += take(keys, n, 1 + n / 1_000);
      most = Math.max(most, keys.bytes());
    }
    expect([known, most]).toEqual([0, MB]);
    // At least as many of the newest keys as one full table holds are remembered.
    const newest = Array.from({ length: 16 * KB }, (_, i) => take(keys, 199_999 - i, 1_000) !== 0);
    expect(newest.every(Boolean)).toBe(true);
    expect(take(keys, 100_000, 1_000)).toBe(0);
  });

  test.each([1, KB, 3 * KB, 100 * KB, 5 * MB])(
    'stay within %d bytes, or 1 KB if the limit is lower',
    (maxBytes) => {
      const keys = createRecentKeys(maxBytes, HOUR_MS);
      for (let n = 0; n < 300_000; n += 1) take(keys, n, n + 1);
      expect(keys.bytes()).toBeLessThanOrEqual(Math.max(maxBytes, KB));
      expect(keys.bytes()).toBeGreaterThan(Math.max(maxBytes, KB) / 4);
      expect(take(keys, 299_999, 300_001)).not.toBe(0);
    },
  );

  test('are kept for one window, and forgotten after two; an unused table is freed', () => {
    const keys = createRecentKeys(MB, 100);
    for (let n = 0; n < 10_000; n += 1) take(keys, n, 1_000);
    const full = keys.bytes();
    take(keys, 10_001, 1_099);
    expect(take(keys, 1, 1_099)).toBe(1_000);
    // From this call on, the first table is the older one of two.
    take(keys, 10_002, 1_101);
    expect(take(keys, 1, 1_101)).toBe(1_000);
    take(keys, 10_003, 1_250);
    expect(take(keys, 1, 1_250)).toBe(0);
    take(keys, 10_004, 9_000);
    expect(keys.bytes()).toBeLessThan(full / 8);
  });

  test('that are added and released repeatedly need no more memory', () => {
    const keys = createRecentKeys(MB, HOUR_MS);
    let held = 0;
    for (let number = 1; number < 1_000; number += 1)
      for (let n = 0; n < 200; n += 1) {
        held += take(keys, n, number);
        keys.release(...keyOf(n), number);
      }
    expect([held, keys.bytes()]).toEqual([0, 8 * KB]);
  });

  test('give the same results as a map of all keys, while there is memory', () => {
    const random = seeded(3);
    const keys = createRecentKeys(16 * MB, HOUR_MS);
    const model = new Map<number, number>();
    const wrong: number[] = [];
    for (let number = 1; number < 200_000; number += 1) {
      const n = random.below(20_000);
      const holder = model.get(n) ?? 0;
      const act = random.below(4);
      if (act === 0) {
        keys.release(...keyOf(n), holder || number);
        model.delete(n);
      } else if (act === 1) {
        keys.give(...keyOf(n), number);
        model.set(n, number);
      } else {
        if (take(keys, n, number) !== holder) wrong.push(number);
        if (holder === 0) model.set(n, number);
      }
    }
    expect(wrong).toEqual([]);
  });
});
