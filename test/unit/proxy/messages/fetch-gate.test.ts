// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFetchGate } from '../../../../src/proxy/messages/fetch-gate.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] }));
afterEach(() => void vi.useRealTimers());

const result = async (): Promise<{ readonly ok: true }> => ({ ok: true });

test('a person can fetch again five seconds after the last beginning', async () => {
  const { enter } = createFetchGate();
  expect(await enter('u1', result)).toMatchObject({ kind: 'passed', isJoined: false });
  vi.advanceTimersByTime(4_900);
  expect(await enter('u1', result)).toMatchObject({ status: 429, headers: { 'Retry-After': '1' } });
  vi.advanceTimersByTime(100);
  expect(await enter('u1', result)).toMatchObject({ kind: 'passed' });
});

test('a fetch that takes longer than that is still shared', async () => {
  const { enter } = createFetchGate();
  const work = vi.fn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 9_000));
    return { ok: true };
  });
  const first = enter('u1', work);
  await vi.advanceTimersByTimeAsync(6_000);
  const second = enter('u1', work);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await first).toMatchObject({ isJoined: false });
  expect(await second).toMatchObject({ isJoined: true });
  expect(work).toHaveBeenCalledTimes(1);
});

test('a fetch that fails fails for all, and does not stop later ones', async () => {
  const { enter } = createFetchGate();
  const fails = async (): Promise<never> => Promise.reject(new Error('x'));
  const both = await Promise.allSettled([enter('u1', fails), enter('u1', fails)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  vi.advanceTimersByTime(5_000);
  expect(await enter('u1', result)).toMatchObject({ kind: 'passed' });
});

test('remembers a bounded number of persons', async () => {
  const { enter } = createFetchGate();
  for (let i = 0; i <= 20_000; i += 1) await enter(`u${i}`, result);
  expect(await enter('u20000', result)).toMatchObject({ status: 429 });
  expect(await enter('u0', result)).toMatchObject({ kind: 'passed' });
});
