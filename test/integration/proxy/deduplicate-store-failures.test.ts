// @vitest-environment node
/** Deduplication stores that fail, are slow or return wrong values. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DeduplicateStore } from '../../../src/proxy.ts';
import { createMemoryStore } from '../../fakes/memory-store.ts';
import { verdict } from './setup.ts';
import { batchOf, idsOf, keyOf, startCopies } from './deduplicate-store-setup.ts';

const unhandled: unknown[] = [];

const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => void process.on('unhandledRejection', note));

afterEach(async () => {
  await new Promise((run) => setImmediate(run));
  process.off('unhandledRejection', note);
  vi.restoreAllMocks();
  expect(unhandled.splice(0)).toEqual([]);
});

/** Moves the clock that the proxy reads. */
function moveClock(ms: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
}

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
