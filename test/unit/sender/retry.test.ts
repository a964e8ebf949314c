// @vitest-environment node
import { expect, test } from 'vitest';
import { CAP_MS, retryDelayMs, SLOW_BASE_MS } from '../../../src/sender/retry.ts';

test('the first wait is at most a second, and each next one at most twice as long', () => {
  expect([1, 2, 3, 4].map((attempt) => retryDelayMs(attempt, 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
});

test('no wait is longer than five minutes, however often it has failed', () => {
  expect(CAP_MS).toBe(300_000);
  for (const attempt of [9, 10, 50, 1_000, 100_000])
    expect(retryDelayMs(attempt, 1)).toBeLessThanOrEqual(CAP_MS);
  expect(retryDelayMs(5_000, 0.5)).toBe(CAP_MS / 2);
});

test('a wait is anything between nothing and that', () => {
  expect(retryDelayMs(3, 0)).toBe(0);
  expect(retryDelayMs(3, 0.25)).toBe(1_000);
  expect(retryDelayMs(3, 0.999)).toBe(3_996);
});

test('a wrong key is tried again slowly', () => {
  expect(retryDelayMs(1, 1, SLOW_BASE_MS)).toBe(10_000);
  expect(retryDelayMs(20, 1, SLOW_BASE_MS)).toBe(CAP_MS);
});
