// @vitest-environment node
/** Events that are sent again while their first request is in flight. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry } from '../../../src/proxy.ts';
import { startProxy, verdict } from './setup.ts';
import type { Upstream } from './upstream.ts';
import { batchOf, idsOf } from './deduplicate-setup.ts';

/** Makes the upstream respond to each request only when the test says so. */
function heldBack(upstream: Upstream): { answer(nth: number, status?: number): Promise<void> } {
  const waiting: ((answer: { status: number }) => void)[] = [];
  upstream.respond(() => new Promise((resolve) => waiting.push(resolve)));
  return {
    async answer(nth, status = 200) {
      await expect.poll(() => waiting.length).toBeGreaterThan(nth);
      waiting[nth]?.({ status });
    },
  };
}

describe('an event that is repeated while its first request is in flight', () => {
  // The case: the next page of a visitor repeats the last request of the previous page, whose response has
  // not arrived yet.
  test('waits for the first request, and is not sent a second time', async () => {
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({ onLog: (entry) => log.push(entry) });
    upstream.respond(async () => {
      await wait(120);
      return {};
    });
    const verdicts = [0, 1, 2].map(async () => verdict(await proxy.fetch(batchOf('a', 'b'))));
    expect(await Promise.all(verdicts)).toEqual(['200', '200', '200']);
    expect(idsOf(upstream)).toEqual([['a', 'b']]);
    expect(log.map(({ duplicates = 0, events }) => [duplicates, events])).toEqual([
      [0, 2],
      [2, 2],
      [2, 2],
    ]);
  });

  test('does not delay the other events of its batch', async () => {
    const { proxy, upstream } = await startProxy();
    const { answer } = heldBack(upstream);
    const first = proxy.fetch(batchOf('a'));
    await expect.poll(() => idsOf(upstream)).toEqual([['a']]);
    let isAnswered = false;
    const second = proxy.fetch(batchOf('a', 'b')).finally(() => (isAnswered = true));
    await expect.poll(() => idsOf(upstream)).toEqual([['a'], ['b']]);
    await answer(1);
    await wait(30);
    expect(isAnswered).toBe(false);
    await answer(0);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect(idsOf(upstream)).toEqual([['a'], ['b']]);
  });

  test.each([503, 500, 401, 413])(
    'is sent by the second request when the first one fails: %d',
    async (status) => {
      const { proxy, upstream } = await startProxy({ upstream: { retries: 0 } });
      const { answer } = heldBack(upstream);
      const first = proxy.fetch(batchOf('a'));
      await expect.poll(() => idsOf(upstream)).toEqual([['a']]);
      const second = proxy.fetch(batchOf('b', 'a', 'c'));
      await answer(1);
      await answer(0, status);
      await answer(2);
      expect((await first).status).toBeGreaterThanOrEqual(400);
      expect(await (await second).json()).toEqual({ success: true });
      expect(idsOf(upstream)).toEqual([['a'], ['b', 'c'], ['a']]);
      expect(await verdict(await proxy.fetch(batchOf('a', 'b', 'c')))).toBe('200');
      expect(upstream.received).toHaveLength(3);
    },
  );

  test('is sent by one of the waiting requests, not by all', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { retries: 0 } });
    const { answer } = heldBack(upstream);
    const all = Array.from({ length: 10 }, () => proxy.fetch(batchOf('a')));
    await answer(0, 503);
    await answer(1, 503);
    await answer(2);
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 503)).toHaveLength(2);
    expect(upstream.received).toHaveLength(3);
  });

  test('of many repeated requests, the last ones get 503 after several others have failed', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { retries: 0, breakAfter: 1_000 } });
    upstream.respond(async () => {
      await wait(20);
      return { status: 503 };
    });
    const all = await Promise.all(Array.from({ length: 40 }, () => proxy.fetch(batchOf('a'))));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([503]));
    expect(all.every(({ headers }) => Number(headers.get('Retry-After')) > 0)).toBe(true);
    expect(upstream.received).toHaveLength(5);
  });

  test('waits no longer than the request timeout', async () => {
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({
      timeoutMs: 200,
      onLog: (entry) => log.push(entry),
    });
    upstream.respond('silence');
    const first = proxy.fetch(batchOf('a'));
    await wait(100);
    const begun = performance.now();
    const second = await proxy.fetch(batchOf('a', 'b'));
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(Number(second.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await verdict(second)).toBe('503 upstream_unavailable');
    expect(await verdict(await first)).toBe('503 upstream_unavailable');
    // No upstream has accepted the events, so they may be sent again.
    upstream.respond({});
    expect(await verdict(await proxy.fetch(batchOf('a', 'b')))).toBe('200');
    expect(idsOf(upstream).at(-1)).toEqual(['a', 'b']);
  });

  test('is not sent when little time is left after the wait, since the result might not be known', async () => {
    const { proxy, upstream } = await startProxy({ timeoutMs: 1_000, upstream: { retries: 0 } });
    const { answer } = heldBack(upstream);
    const first = proxy.fetch(batchOf('a'));
    await expect.poll(() => upstream.received.length).toBe(1);
    const second = proxy.fetch(batchOf('a'));
    await wait(850);
    await answer(0, 503);
    expect(await verdict(await first)).toBe('503 upstream_unavailable');
    const sentAway = await second;
    expect(Number(sentAway.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await verdict(sentAway)).toBe('503 upstream_unavailable');
    expect(upstream.received).toHaveLength(1);
    const third = proxy.fetch(batchOf('a'));
    await answer(1);
    expect(await verdict(await third)).toBe('200');
  });

  test('waits for the first request even longer than events are remembered', async () => {
    const { proxy, upstream } = await startProxy({ deduplicate: { windowMs: 20 } });
    const { answer } = heldBack(upstream);
    const first = proxy.fetch(batchOf('a'));
    await expect.poll(() => upstream.received.length).toBe(1);
    await wait(60);
    const others = [proxy.fetch(batchOf('a')), proxy.fetch(batchOf('b'))];
    await answer(1);
    await wait(30);
    await answer(0);
    for (const each of [first, ...others]) expect((await each).status).toBe(200);
    expect(idsOf(upstream)).toEqual([['a'], ['b']]);
  });

  test('does not wait without an id', async () => {
    const { proxy, upstream } = await startProxy();
    const { answer } = heldBack(upstream);
    const all = [proxy.fetch(batchOf(undefined)), proxy.fetch(batchOf(undefined))];
    await answer(0);
    await answer(1);
    await Promise.all(all);
    expect(upstream.received).toHaveLength(2);
  });
});
