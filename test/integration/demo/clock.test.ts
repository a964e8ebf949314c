// @vitest-environment node
import { afterEach, expect, test } from 'vitest';
import { rightNow, setServerClock } from '../../../demo/clock.ts';

const HOUR_MS = 3_600_000;

afterEach(() => setServerClock(0));

test('every way to read the current time returns the wrong one, and given times are unchanged', () => {
  setServerClock(-3);
  const off = rightNow() - 3 * HOUR_MS;
  for (const told of [Date.now(), new Date().getTime(), Date.parse(Date())]) {
    expect(Math.abs(told - off)).toBeLessThan(2_000);
  }
  expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
  expect(new Date(2_026, 0, 2).getDate()).toBe(2);
  expect(new Date()).toBeInstanceOf(Date);
  expect(Date.UTC(1970, 0)).toBe(0);
});

test('the clock is right again at an offset of 0', () => {
  setServerClock(5);
  setServerClock(0);
  expect(Math.abs(Date.now() - rightNow())).toBeLessThan(1_000);
});
