// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { ratioOf, type Target, verdictOf } from '../../../bench/verdict.ts';

const atMost = (limit: number): Target => ({ kind: 'at most', limit });
const twiceAmplitude: Target = { kind: 'times', limit: 2, other: 'amplitude' };

describe('a limit', () => {
  test('is met by an equal value', () => {
    expect(verdictOf(atMost(50), { ours: 50 })).toBe('met');
  });

  test('is missed by the relative excess', () => {
    expect(verdictOf(atMost(50), { ours: 75 })).toBe('missed by 50 %');
    expect(verdictOf(atMost(90), { ours: 97 })).toBe('missed by 8 %');
  });

  test('is never missed by zero', () => {
    expect(verdictOf(atMost(50), { ours: 50.01 })).toBe('missed by 1 %');
  });

  test('of zero is missed by the value itself', () => {
    expect(verdictOf(atMost(0), { ours: 0 })).toBe('met');
    expect(verdictOf(atMost(0), { ours: 3 })).toBe('missed by 3');
  });
});

describe('a limit relative to another candidate', () => {
  test('compares with that candidate only', () => {
    expect(ratioOf(twiceAmplitude, { ours: 30, amplitude: 20, standard: 1 })).toBe(1.5);
    expect(verdictOf(twiceAmplitude, { ours: 40, amplitude: 20 })).toBe('met');
    expect(verdictOf(twiceAmplitude, { ours: 60, amplitude: 20 })).toBe('missed by 50 %');
  });

  test('has no verdict when one of the two was not measured', () => {
    expect(verdictOf(twiceAmplitude, { ours: 40 })).toBe('not measured');
    expect(verdictOf(twiceAmplitude, { amplitude: 20 })).toBe('not measured');
    expect(verdictOf(atMost(50), {})).toBe('not measured');
  });
});
