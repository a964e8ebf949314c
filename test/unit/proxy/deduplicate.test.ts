// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry, ProxyOptions } from '../../../src/proxy/index.ts';
import { createSeen } from '../../../src/proxy/seen.ts';
import { event, post, startProxy, verdict } from './setup.ts';
import type { Upstream } from './upstream.ts';

const batchOf = (...ids: readonly (string | undefined)[]): Request =>
  post(ids.map((messageId) => event({ messageId })));
const idsOf = ({ received }: Upstream): readonly (readonly unknown[])[] =>
  received.map(({ body }) => body.batch.map((each) => each['messageId']));

describe('an event that comes again', () => {
  test('is sent again by default', async () => {
    const { proxy, upstream } = await startProxy();
    for (let i = 0; i < 2; i += 1) await proxy.fetch(batchOf('a'));
    expect(idsOf(upstream)).toEqual([['a'], ['a']]);
  });

  test.each<[string, ProxyOptions['deduplicate']]>([
    ['true', true],
    ['limits', { maxIds: 10, windowMs: 60_000 }],
  ])('is kept back with deduplicate: %s, and counts as delivered', async (_, deduplicate) => {
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({ deduplicate, onLog: (entry) => log.push(entry) });
    await proxy.fetch(batchOf('a', 'b'));
    const response = await proxy.fetch(batchOf('b', 'c', 'c', 'a'));
    expect(await response.json()).toEqual({ success: true });
    expect(await verdict(await proxy.fetch(batchOf('a')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['a', 'b'], ['c']]);
    expect(log[1]).toMatchObject({ events: 4, duplicates: 3 });
  });

  test.each([{ status: 503 }, { status: 429 }, { status: 413 }, { status: 400 }, 'hang-up'] as const)(
    'is not kept back where Customer.io has not accepted it: %j',
    async (answer) => {
      const { proxy, upstream } = await startProxy({ deduplicate: true, upstream: { retries: 0 } });
      upstream.respond(answer);
      await proxy.fetch(batchOf('a'));
      upstream.respond({});
      expect(await verdict(await proxy.fetch(batchOf('a')))).toBe('200');
      expect(idsOf(upstream)).toEqual([['a'], ['a']]);
    },
  );

  test('is kept back as far as it was accepted, when the rest of its batch was not', async () => {
    const { proxy, upstream } = await startProxy({ deduplicate: true, upstream: { retries: 0 } });
    const bad = (): boolean =>
      upstream.received.at(-1)?.body.batch.some((e) => e['event'] === 'Bad') ?? false;
    upstream.respond(() => (upstream.received.length > 3 ? { status: 503 } : bad() ? { status: 400 } : {}));
    const batch = ['a', 'b', 'c', 'd'].map((messageId) =>
      event({ messageId, event: messageId === 'd' ? 'Bad' : 'Good' }),
    );
    // a and b arrive, then c, then it goes away.
    expect(await verdict(await proxy.fetch(post(batch)))).toBe('503 upstream_unavailable');
    upstream.respond(() => (bad() ? { status: 400 } : {}));
    await proxy.fetch(post(batch));
    expect(idsOf(upstream).slice(4)).toEqual([['d']]);
  });

  test('without an id cannot be recognised', async () => {
    const { proxy, upstream } = await startProxy({ deduplicate: true });
    await proxy.fetch(batchOf(undefined, undefined));
    await proxy.fetch(batchOf(undefined));
    expect(idsOf(upstream).flat()).toHaveLength(3);
  });

  test('is known to "deliver" as to Customer.io', async () => {
    const delivered: unknown[] = [];
    let works = false;
    const deliver: ProxyOptions['deliver'] = ({ batch }) => {
      if (!works) throw new Error('full');
      delivered.push(...batch.map(({ messageId }) => messageId));
    };
    const { proxy } = await startProxy({ deduplicate: true, deliver });
    await proxy.fetch(batchOf('a'));
    works = true;
    for (let i = 0; i < 2; i += 1) await proxy.fetch(batchOf('a'));
    expect(delivered).toEqual(['a']);
  });
});

describe('what is remembered', () => {
  test('ends with its window, and the oldest goes when there are too many', () => {
    let now = 0;
    const seen = createSeen({ maxIds: 2, windowMs: 100 }, () => now);
    seen.add('a');
    now = 50;
    seen.add('b');
    expect([seen.has('a'), seen.has('b'), seen.has('c')]).toEqual([true, true, false]);
    seen.add('c');
    expect([seen.has('a'), seen.has('b'), seen.has('c')]).toEqual([false, true, true]);
    now = 150;
    expect([seen.has('b'), seen.has('c')]).toEqual([false, false]);
  });
});
