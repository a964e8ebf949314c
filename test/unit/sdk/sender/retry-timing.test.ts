// @vitest-environment node
import { expect, test } from 'vitest';
import { seeded } from '../../../fakes/random.ts';
import { retryDelayMs, SLOW_BASE_MS } from '../../../../src/sdk/sender/retry-timing.ts';

test('the first wait is at most a second, and each next one at most twice as long', () => {
  expect([1, 2, 3, 4].map((attempt) => retryDelayMs(attempt, 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
});

const CAP_MS = 300_000;

test('no wait is longer than five minutes, however often it has failed', () => {
  for (const attempt of [9, 10, 50, 1_000, 100_000])
    expect(retryDelayMs(attempt, 1)).toBeLessThanOrEqual(CAP_MS);
  expect(retryDelayMs(14, 0.5)).toBe(CAP_MS / 2);
});

test('what was away for six seconds is asked again within the next ten, almost for sure', () => {
  const random = seeded(6).next;
  const late = Array.from({ length: 10_000 }, () => {
    let elapsedMs = 0;
    for (let attempt = 1; elapsedMs < 6_000; attempt++) elapsedMs += retryDelayMs(attempt, random());
    return elapsedMs - 6_000;
  }).filter((ms) => ms > 10_000);
  expect(late.length).toBeLessThan(20);
});

test('an hour without an answer has at most 30 requests', () => {
  const random = seeded(7).next;
  for (let run = 0; run < 10_000; run++) {
    // One more where the browser refuses to keep it alive, and one more that asks without events.
    let requests = 3;
    let elapsedMs = 0;
    for (let attempt = 1; elapsedMs < 3_600_000; attempt++, requests++)
      elapsedMs += retryDelayMs(attempt, random());
    // The last wait ends after the hour.
    expect(requests - 1).toBeLessThanOrEqual(30);
  }
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
