// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPersistentWrite } from '../../../../src/proxy/lib/persistent-write.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const FAILURE = new Error('away');
const keysOf = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `k${i}`);

test('a write that succeeds happens once', async () => {
  const write = vi.fn(async () => {});
  await createPersistentWrite(write)(['a', 'b']);
  expect(write.mock.calls).toEqual([[['a', 'b']]]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a write that fails is repeated, with growing pauses, until it succeeds', async () => {
  const at: number[] = [];
  const startedAt = performance.now();
  const written = createPersistentWrite(async () => {
    at.push(performance.now() - startedAt);
    if (at.length < 7) throw FAILURE;
  })(['a']);
  await vi.advanceTimersByTimeAsync(10_000);
  await written;
  expect(at).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_100]);
});

test('after half a minute it is abandoned, with the reason', async () => {
  const write = vi.fn(async () => {
    throw FAILURE;
  });
  const written = expect(createPersistentWrite(write)(['a'])).rejects.toBe(FAILURE);
  await vi.advanceTimersByTimeAsync(30_000);
  await written;
  const calls = write.mock.calls.length;
  expect(calls).toBeLessThan(25);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(write).toHaveBeenCalledTimes(calls);
});

test('at most as many writes wait as fit into the memory limit; waiting ones are not removed for new ones', async () => {
  let isAway = true;
  const written = vi.fn();
  const write = createPersistentWrite(async (keys) => {
    if (isAway) throw FAILURE;
    written(keys.length);
  });
  const waiting = [write(keysOf(30_000)), write(keysOf(20_000))];
  await expect(write(['one too many'])).rejects.toBe(FAILURE);
  isAway = false;
  await write(['now']);
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all(waiting);
  expect(new Set(written.mock.calls.flat())).toEqual(new Set([1, 20_000, 30_000]));
  isAway = true;
  const later = write(keysOf(50_000));
  isAway = false;
  await vi.advanceTimersByTimeAsync(100);
  await later;
});
