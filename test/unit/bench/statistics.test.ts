// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { median, percentile } from '../../../bench/statistics.ts';

describe('the median', () => {
  test('is the one in the middle, however they are ordered', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([100, 20, 3])).toBe(20);
    expect(median([7])).toBe(7);
  });

  test('is the mean of the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test('leaves the samples in their order', () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });
});

describe('the 95th percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  test('is the smallest that 95 of 100 do not exceed', () => {
    expect(percentile(hundred, 0.95)).toBe(95);
    expect(percentile([1, 2, 3], 0.95)).toBe(3);
  });

  test('of nothing is a mistake, not a number', () => {
    expect(() => percentile([], 0.95)).toThrow('no values');
    expect(() => median([])).toThrow('no values');
  });
});
