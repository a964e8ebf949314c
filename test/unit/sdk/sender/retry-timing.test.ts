// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { START_MS } from '../../../fakes/clock.ts';
import { seeded } from '../../../fakes/random.ts';
import { retryAfterMs, retryDelayMs, SLOW_BASE_MS } from '../../../../src/sdk/sender/retry-timing.ts';

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
    // One more request when the browser refuses keepalive, and one more that tests the endpoint without
    // events.
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

describe('Retry-After', () => {
  const after = (retryAfter: string | null, date?: string): number | undefined => {
    const headers = new Headers(date === undefined ? {} : { Date: date });
    if (retryAfter !== null) headers.set('Retry-After', retryAfter);
    return retryAfterMs(headers, START_MS);
  };

  test.each([
    ['1', 1_000],
    [' 120 ', 120_000],
    ['86400', 86_400_000],
  ])('"%s" are seconds', (text, ms) => {
    expect(after(text)).toBe(ms);
  });

  test('may be a date', () => {
    expect(after('Fri, 02 Jan 2026 03:05:05 GMT')).toBe(60_000);
  });

  test('as a date is meant by the clock of the server', () => {
    expect(after('Tue, 01 Jan 2030 00:01:00 GMT', 'Tue, 01 Jan 2030 00:00:00 GMT')).toBe(60_000);
  });

  test.each(['0', '-5', 'Fri, 02 Jan 2026 03:00:00 GMT'])(
    'of %s would be a hot loop, and says nothing',
    (text) => {
      expect(after(text)).toBeUndefined();
    },
  );

  test('is at most a day', () => {
    expect(after('99999999')).toBe(86_400_000);
    expect(after('Tue, 01 Jan 2030 00:01:00 GMT')).toBe(86_400_000);
  });

  test.each([null, '', '  ', 'soon', '1.5h'])('%j says nothing', (text) => {
    expect(after(text)).toBeUndefined();
  });
});
