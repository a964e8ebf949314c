// @vitest-environment node
/** Copies of a proxy that share a deduplication store. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ProxyOptions } from '../../../src/proxy.ts';
import { createMemoryStore } from '../../fakes/memory-store.ts';
import { event, post, verdict } from './setup.ts';
import { named, batchOf, idsOf, keyOf, startCopies } from './deduplicate-store-setup.ts';

const unhandled: unknown[] = [];

const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => void process.on('unhandledRejection', note));

afterEach(async () => {
  await new Promise((run) => setImmediate(run));
  process.off('unhandledRejection', note);
  vi.restoreAllMocks();
  expect(unhandled.splice(0)).toEqual([]);
});

describe('copies of a proxy that share a store', () => {
  test('send an event once, whichever copy receives it', async () => {
    const store = createMemoryStore();
    const { one, other, upstream, log } = await startCopies(store);
    expect(await verdict(await one.fetch(batchOf('a', 'b')))).toBe('200');
    expect(await (await other.fetch(batchOf('b', 'c', 'a'))).json()).toEqual({ success: true });
    expect(await verdict(await one.fetch(batchOf('c')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['a', 'b'], ['c']]);
    expect(log.map(({ events, duplicates }) => [events, duplicates])).toEqual([
      [2, undefined],
      [3, 2],
      [1, 1],
    ]);
    expect([...store.states.values()]).toEqual(['done', 'done', 'done']);
  });

  test('identify an event by a hash of client key, id and bytes, of 22 characters', async () => {
    const store = createMemoryStore();
    const { one } = await startCopies(store, { timeoutMs: 7_000 });
    await one.fetch(batchOf('a', 'b', 'a'));
    const keys = [keyOf('a'), keyOf('b')];
    expect(keys[0]).toMatch(/^[\w-]{22}$/);
    expect(store.calls).toEqual([
      { act: 'claim', keys, ttlMs: 12_000 },
      { act: 'done', keys },
    ]);
  });

  test('do not call the store for events that they know, or that have no id', async () => {
    const store = createMemoryStore();
    const { one, upstream } = await startCopies(store);
    await one.fetch(batchOf('a'));
    await one.fetch(batchOf('a'));
    await one.fetch(post([event({ messageId: undefined }), event({ messageId: '' })]));
    expect(store.calls).toHaveLength(2);
    await one.fetch(post([named('a'), event({ messageId: undefined }), named('b')]));
    expect(store.calls.slice(2).map(({ act, keys }) => [act, keys])).toEqual([
      ['claim', [keyOf('b')]],
      ['done', [keyOf('b')]],
    ]);
    expect(upstream.received).toHaveLength(3);
  });

  test('wait for each other, without delaying the other events of the batch', async () => {
    const { one, other, upstream } = await startCopies(createMemoryStore());
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    upstream.respond(async ({ text }) => {
      if (text.includes('"a"')) await held;
      return {};
    });
    const first = one.fetch(batchOf('a'));
    await expect.poll(() => idsOf(upstream)).toEqual([['a']]);
    const second = other.fetch(batchOf('a', 'b'));
    const third = other.fetch(batchOf('a'));
    await expect.poll(() => idsOf(upstream)).toEqual([['a'], ['b']]);
    await wait(150);
    release();
    for (const each of [first, second, third]) expect(await verdict(await each)).toBe('200');
    expect(idsOf(upstream)).toEqual([['a'], ['b']]);
  });

  test('send an event after another copy has failed', async () => {
    const store = createMemoryStore();
    const { one, other, upstream } = await startCopies(store);
    let fail = (): void => {};
    const failed = new Promise<void>((resolve) => (fail = resolve));
    upstream.respond(async () => {
      if (upstream.received.length > 1) return {};
      await failed;
      return { status: 503 };
    });
    const first = one.fetch(batchOf('a'));
    await expect.poll(() => upstream.received.length).toBe(1);
    const second = other.fetch(batchOf('a'));
    await wait(50);
    fail();
    expect(await verdict(await first)).toBe('503 upstream_unavailable');
    expect(await verdict(await second)).toBe('200');
    expect(idsOf(upstream)).toEqual([['a'], ['a']]);
    expect(store.states.get(keyOf('a'))).toBe('done');
  });

  test('check a claim of another copy several times a second, not more', async () => {
    const store = createMemoryStore();
    const { one, other, upstream } = await startCopies(store, { timeoutMs: 1_200 });
    upstream.respond('silence');
    const first = one.fetch(batchOf('a'));
    await expect.poll(() => upstream.received.length).toBe(1);
    const begun = performance.now();
    const second = await other.fetch(batchOf('a'));
    expect(performance.now() - begun).toBeLessThan(2_500);
    expect(Number(second.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await verdict(second)).toBe('503 upstream_unavailable');
    expect(await verdict(await first)).toBe('503 upstream_unavailable');
    const looks = store.calls.filter(({ act }) => act === 'claim').length;
    expect(looks).toBeGreaterThan(3);
    expect(looks).toBeLessThan(12);
    expect([...store.states]).toEqual([]);
  });

  test('send again what a copy that has died may have sent, and count that', async () => {
    const store = createMemoryStore();
    const { one, other, upstream, log } = await startCopies(store, { metrics: '/metrics' });
    await store.claim([keyOf('a')], 1_000);
    const answer = other.fetch(batchOf('a', 'b'));
    await wait(120);
    store.expire();
    expect(await verdict(await answer)).toBe('200');
    expect(await verdict(await one.fetch(batchOf('a')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['b'], ['a']]);
    expect(log[0]).toMatchObject({ unknown: 1, events: 2 });
    const text = await (await other.fetch(new Request('https://events.example.com/metrics'))).text();
    expect(text).toContain('\ncio_proxy_deduplicate_unknown_total 1\n');
    expect(text).toContain('\ncio_proxy_deduplicate_failures_total 0\n');
  });

  test('store accepted events before the browser gets its response', async () => {
    const memory = createMemoryStore();
    let isDone = false;
    const { one } = await startCopies({
      ...memory,
      async done(keys) {
        await wait(60);
        await memory.done(keys);
        isDone = true;
      },
    });
    expect((await one.fetch(batchOf('a'))).status).toBe(200);
    expect(isDone).toBe(true);
  });

  test('store exactly the accepted events of a batch that was divided', async () => {
    const store = createMemoryStore();
    const { one, other, upstream } = await startCopies(store);
    upstream.respond(({ text }) => (text.includes('"bad"') ? { status: 400 } : {}));
    expect(await (await one.fetch(batchOf('a', 'bad', 'b'))).json()).toMatchObject({
      rejected: [{ messageId: 'bad' }],
    });
    expect(store.states).toEqual(
      new Map([
        [keyOf('a'), 'done'],
        [keyOf('b'), 'done'],
      ]),
    );
    const before = upstream.received.length;
    expect(await (await other.fetch(batchOf('a', 'bad', 'b'))).json()).toMatchObject({
      rejected: [{ messageId: 'bad' }],
    });
    expect(idsOf(upstream).slice(before)).toEqual([['bad']]);
  });

  test('release the events for which a hook has failed', async () => {
    const store = createMemoryStore();
    const filter: ProxyOptions['filter'] = () => {
      throw new Error('no');
    };
    const { one } = await startCopies(store, { filter });
    expect(await verdict(await one.fetch(batchOf('a')))).toBe('503 hook_failed');
    expect(store.calls.at(-1)).toEqual({ act: 'release', keys: [keyOf('a')] });
  });

  test('also store events that "deliver" has accepted after the timeout', async () => {
    const store = createMemoryStore();
    const { one, other } = await startCopies(store, { deliver: () => wait(100), timeoutMs: 30 });
    expect(await verdict(await one.fetch(batchOf('a')))).toBe('503 upstream_unavailable');
    await expect.poll(() => store.states.get(keyOf('a'))).toBe('done');
    expect(await verdict(await other.fetch(batchOf('a')))).toBe('200');
  });
});
