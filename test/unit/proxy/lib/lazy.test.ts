// @vitest-environment node
import { expect, test } from 'vitest';
import { lazy } from '../../../../src/proxy/lib/lazy.ts';

test('a lazy value is loaded once, for all callers', async () => {
  let loads = 0;
  const load = lazy(async () => (loads += 1));
  expect(loads).toBe(0);
  expect(await Promise.all([load(), load()])).toEqual([1, 1]);
  expect(await load()).toBe(1);
});

test('a failed load is tried again', async () => {
  let loads = 0;
  const load = lazy(async () => {
    loads += 1;
    if (loads === 1) throw new Error('not there');
    return loads;
  });
  const [one, other] = await Promise.allSettled([load(), load()]);
  expect([one.status, other.status]).toEqual(['rejected', 'rejected']);
  expect(await load()).toBe(2);
});
