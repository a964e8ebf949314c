// @vitest-environment node
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type CioProxy,
  createProxy,
  type DeduplicateStore,
  type ProxyLogEntry,
  type ProxyOptions,
} from '../../../src/proxy.ts';
import { createMemoryStore } from '../../fakes/memory-store.ts';
import { CLIENT_KEY, event, post, startProxy, verdict, WRITE_KEY } from './setup.ts';
import type { Upstream } from './upstream.ts';

const events = new Map<string, Record<string, unknown>>();
/** Returns the same event for the same id. */
const named = (id: string): Record<string, unknown> => {
  const one = events.get(id) ?? event({ messageId: id });
  events.set(id, one);
  return one;
};
const batchOf = (...ids: readonly string[]): Request => post(ids.map(named));
const idsOf = ({ received }: Upstream): readonly (readonly unknown[])[] =>
  received.map(({ body }) => body.batch.map((each) => each['messageId']));
const keyOf = (id: string): string =>
  createHash('sha256')
    .update(`${CLIENT_KEY}\0${JSON.stringify(named(id))}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(async () => {
  await new Promise((run) => setImmediate(run));
  process.off('unhandledRejection', note);
  vi.restoreAllMocks();
  expect(unhandled.splice(0)).toEqual([]);
});

interface Copies {
  readonly one: CioProxy;
  readonly other: CioProxy;
  readonly upstream: Upstream;
  readonly log: readonly ProxyLogEntry[];
}

/** Starts two copies of a proxy that share a store and an upstream. */
async function startCopies(store: DeduplicateStore, options: Partial<ProxyOptions> = {}): Promise<Copies> {
  const log: ProxyLogEntry[] = [];
  const all = {
    deduplicate: { store },
    upstream: { retries: 0 },
    onLog: (entry: ProxyLogEntry) => log.push(entry),
    ...options,
  };
  const { proxy: one, upstream } = await startProxy(all);
  const more = { writeKey: WRITE_KEY, clientKeys: [CLIENT_KEY], upstreamUrl: upstream.url };
  return { one, other: createProxy({ ...more, ...all }), upstream, log };
}

/** Moves the clock that the proxy reads. */
function moveClock(ms: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
}

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

const fault = new Error('the store is down');
const FAULTS: readonly (readonly [string, DeduplicateStore['claim']])[] = [
  ['rejects', () => Promise.reject(fault)],
  [
    'throws',
    () => {
      throw fault;
    },
  ],
  ['hangs', () => new Promise(() => {})],
  ['answers nothing', async () => undefined as never],
  ['answers too little', async () => []],
];

describe('a store whose claim', () => {
  test.each(FAULTS)(
    '%s stops no delivery, is counted, and is not called for five seconds after the third time',
    async (_, claim) => {
      const asked: string[] = [];
      const memory = createMemoryStore();
      const faulty: DeduplicateStore = {
        ...memory,
        claim(keys, ttlMs, onExpired) {
          asked.push(...keys);
          return claim(keys, ttlMs, onExpired);
        },
      };
      const { one, upstream, log } = await startCopies(faulty, { metrics: '/metrics' });
      for (const id of ['a', 'b', 'c', 'd', 'd', 'e'])
        expect(await verdict(await one.fetch(batchOf(id)))).toBe('200');
      expect(idsOf(upstream)).toEqual([['a'], ['b'], ['c'], ['d'], ['e']]);
      expect(asked).toEqual(['a', 'b', 'c'].map(keyOf));
      expect(log.map(({ deduplicateFailures, duplicates }) => [deduplicateFailures, duplicates])).toEqual([
        [1, undefined],
        [1, undefined],
        [1, undefined],
        [undefined, undefined],
        [undefined, 1],
        [undefined, undefined],
      ]);
      const text = await (await one.fetch(new Request('https://events.example.com/metrics'))).text();
      expect(text).toContain('\ncio_proxy_deduplicate_failures_total 3\n');

      moveClock(5_100);
      await one.fetch(batchOf('f'));
      expect(asked).toEqual(['a', 'b', 'c', 'f'].map(keyOf));
    },
  );

  test('is slow delays a batch only briefly, and is told the result later', async () => {
    const memory = createMemoryStore();
    const slow: DeduplicateStore = {
      ...memory,
      async claim(keys, ttlMs) {
        const states = await memory.claim(keys, ttlMs);
        await wait(1_300);
        return states;
      },
    };
    const { one, upstream } = await startCopies(slow);
    upstream.respond(({ text }) => (text.includes('"b"') ? { status: 503 } : {}));
    const begun = performance.now();
    const both = await Promise.all([one.fetch(batchOf('a')), one.fetch(batchOf('b'))]);
    expect(performance.now() - begun).toBeLessThan(1_290);
    expect(both.map(({ status }) => status)).toEqual([200, 503]);
    expect([...memory.states.values()]).toEqual(['pending', 'pending']);
    await expect.poll(() => [...memory.states]).toEqual([[keyOf('a'), 'done']]);
  });

  test('is slow ends no claim of another copy', async () => {
    const memory = createMemoryStore();
    await memory.claim([keyOf('a')], 1_000);
    const slow: DeduplicateStore = {
      ...memory,
      async claim(keys, ttlMs) {
        const states = await memory.claim(keys, ttlMs);
        await wait(1_100);
        return states;
      },
    };
    const { one, upstream } = await startCopies(slow);
    upstream.respond({ status: 503 });
    await one.fetch(batchOf('a'));
    await wait(250);
    expect(memory.states.get(keyOf('a'))).toBe('pending');
  });

  test('returns an unknown state is ignored', async () => {
    const memory = createMemoryStore();
    const claim = async (keys: readonly string[]): Promise<never> => keys.map(() => 'perhaps') as never;
    const { one, upstream, log } = await startCopies({ ...memory, claim });
    expect(await verdict(await one.fetch(batchOf('a', 'b')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['a', 'b']]);
    expect(log[0]?.duplicates).toBeUndefined();
    expect(memory.calls).toEqual([]);
  });
});

const TROUBLES: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['rejects', () => Promise.reject(fault)],
  [
    'throws',
    () => {
      throw fault;
    },
  ],
  ['hangs', () => new Promise(() => {})],
];

describe('a store that', () => {
  test.each(TROUBLES)('%s when an event is done causes a short delay, and is counted', async (_, done) => {
    const { one, upstream, log } = await startCopies({ ...createMemoryStore(), done });
    const begun = performance.now();
    expect(await verdict(await one.fetch(batchOf('a')))).toBe('200');
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(await verdict(await one.fetch(batchOf('a', 'b')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['a'], ['b']]);
    expect(log.map(({ deduplicateFailures }) => deduplicateFailures)).toEqual([1, 1]);
  });

  test.each(TROUBLES)('%s when an event is released lets this copy send it again', async (_, release) => {
    const { one, upstream, log } = await startCopies({ ...createMemoryStore(), release });
    upstream.respond({ status: 503 });
    expect(await verdict(await one.fetch(batchOf('a')))).toBe('503 upstream_unavailable');
    upstream.respond({});
    expect(await verdict(await one.fetch(batchOf('a')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['a'], ['a']]);
    expect(log[0]).toMatchObject({ deduplicateFailures: 1 });
  });

  test('returns without a promise is accepted, too', async () => {
    const states = new Set<string>();
    const plain = {
      claim: (keys: readonly string[]) => keys.map((key) => (states.has(key) ? 'done' : 'new')),
      done: (keys: readonly string[]) => keys.forEach((key) => states.add(key)),
      release: () => {},
    } as unknown as DeduplicateStore;
    const { one, other, upstream } = await startCopies(plain);
    await one.fetch(batchOf('a'));
    await other.fetch(batchOf('a', 'b'));
    expect(idsOf(upstream)).toEqual([['a'], ['b']]);
  });
});
