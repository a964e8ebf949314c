// @vitest-environment node
/** Events that are sent again after their first request has ended. */
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry, ProxyOptions } from '../../../src/proxy.ts';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { event, post, startProxy, verdict } from './setup.ts';
import { named, batchOf, idsOf } from './deduplicate-setup.ts';

describe('a repeated event', () => {
  test('is sent again with deduplicate: false, also while the first request is in flight', async () => {
    const { proxy, upstream } = await startProxy({ deduplicate: false });
    await proxy.fetch(batchOf('a', 'a'));
    await Promise.all([proxy.fetch(batchOf('a')), proxy.fetch(batchOf('a'))]);
    expect(idsOf(upstream)).toEqual([['a', 'a'], ['a'], ['a']]);
  });

  test.each<[string, ProxyOptions['deduplicate']]>([
    ['nothing said', undefined],
    ['true', true],
    ['no limits', {}],
    ['limits', { maxBytes: 10_000, windowMs: 60_000 }],
  ])('is not sent again with deduplicate: %s, and counts as delivered', async (_, deduplicate) => {
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({ deduplicate, onLog: (entry) => log.push(entry) });
    await proxy.fetch(batchOf('a', 'b'));
    const response = await proxy.fetch(batchOf('b', 'c', 'c', 'a'));
    expect(await response.json()).toEqual({ success: true });
    expect(await verdict(await proxy.fetch(batchOf('a')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['a', 'b'], ['c']]);
    expect(log[1]).toMatchObject({ events: 4, duplicates: 3 });
  });

  test('is sent again after the deduplication window', async () => {
    const { proxy, upstream } = await startProxy({ deduplicate: { windowMs: 150 } });
    await proxy.fetch(batchOf('a'));
    await proxy.fetch(batchOf('a'));
    await wait(170);
    await proxy.fetch(batchOf('a'));
    await proxy.fetch(batchOf('a'));
    expect(idsOf(upstream)).toEqual([['a'], ['a']]);
  });

  test.each([{ status: 503 }, { status: 429 }, { status: 413 }, { status: 400 }, 'hang-up'] as const)(
    'is sent again if Customer.io has not accepted it: %j',
    async (answer) => {
      const { proxy, upstream } = await startProxy({ upstream: { retries: 0 } });
      upstream.respond(answer);
      await proxy.fetch(batchOf('a'));
      upstream.respond({});
      expect(await verdict(await proxy.fetch(batchOf('a')))).toBe('200');
      expect(idsOf(upstream)).toEqual([['a'], ['a']]);
    },
  );

  test('is not sent again if it was accepted, although the rest of its batch was not', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { retries: 0 } });
    const bad = (): boolean =>
      upstream.received.at(-1)?.body.batch.some((e) => e['event'] === 'Bad') ?? false;
    upstream.respond(() => (upstream.received.length > 3 ? { status: 503 } : bad() ? { status: 400 } : {}));
    const batch = [...named('a', 'b', 'c'), event({ messageId: 'd', event: 'Bad' })];
    // Customer.io accepts a and b, then c, and then fails.
    expect(await verdict(await proxy.fetch(post(batch)))).toBe('503 upstream_unavailable');
    upstream.respond(() => (bad() ? { status: 400 } : {}));
    await proxy.fetch(post(batch));
    expect(idsOf(upstream).slice(4)).toEqual([['d']]);
  });

  test('is reported as rejected each time, if Customer.io has rejected it', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond(({ text }) => (text.includes('Bad') ? { status: 400 } : {}));
    const batch = [...named('a'), event({ messageId: 'bad', event: 'Bad' })];
    for (let i = 0; i < 2; i += 1) {
      const { rejected } = (await (await proxy.fetch(post(batch))).json()) as { rejected?: unknown };
      expect(rejected).toEqual([{ messageId: 'bad', error: 'rejected' }]);
    }
    expect(idsOf(upstream).filter((ids) => ids.includes('a'))).toHaveLength(2);
    expect(idsOf(upstream).at(-1)).toEqual(['bad']);
  });

  test.each([undefined, null, '', 7, {}, ['a']])('is not recognised by the id %j', async (messageId) => {
    const { proxy, upstream } = await startProxy();
    await proxy.fetch(batchOf(messageId, messageId));
    await proxy.fetch(batchOf(messageId));
    expect(idsOf(upstream).flat()).toHaveLength(3);
  });

  test('is recognised with "deliver" as with Customer.io', async () => {
    const delivered: unknown[] = [];
    let works = false;
    const deliver: ProxyOptions['deliver'] = ({ batch }) => {
      if (!works) throw new Error('full');
      delivered.push(...batch.map(({ messageId }) => messageId));
    };
    const { proxy } = await startProxy({ deliver });
    await proxy.fetch(batchOf('a'));
    works = true;
    for (let i = 0; i < 2; i += 1) await proxy.fetch(batchOf('a'));
    expect(delivered).toEqual(['a']);
  });

  test('is recognised although "deliver" has accepted it only after the timeout', async () => {
    const delivered: unknown[] = [];
    const deliver: ProxyOptions['deliver'] = async ({ batch }) => {
      await wait(delivered.length === 0 ? 120 : 0);
      delivered.push(...batch.map(({ messageId }) => messageId));
    };
    const { proxy } = await startProxy({ deliver, timeoutMs: 40 });
    expect(await verdict(await proxy.fetch(batchOf('a')))).toBe('503 upstream_unavailable');
    await expect.poll(() => delivered).toEqual(['a']);
    expect(await verdict(await proxy.fetch(batchOf('a', 'b')))).toBe('200');
    expect(delivered).toEqual(['a', 'b']);
  });

  test('never makes the count of events negative when the rest of its batch fails', async () => {
    const { proxy, upstream } = await startProxy({ metrics: '/metrics', upstream: { retries: 0 } });
    await proxy.fetch(batchOf('a'));
    upstream.respond({ status: 503 });
    expect(await verdict(await proxy.fetch(batchOf('a', 'b')))).toBe('503 upstream_unavailable');
    const text = await (await proxy.fetch(new Request('https://events.example.com/metrics'))).text();
    expect(text).toContain('cio_proxy_events_total{outcome="accepted"} 1\n');
    expect(text).not.toContain('outcome="duplicate"');
  });
});

describe('the identity of an event', () => {
  test('must have the same bytes: a guessed id cannot block the event of another person', async () => {
    const { proxy, upstream } = await startProxy();
    const victim = event({ messageId: 'a', userId: 'victim' });
    await proxy.fetch(post([event({ messageId: 'a', userId: 'mallory' })]));
    await proxy.fetch(
      post([
        { ...victim, properties: {} },
        { ...victim, timestamp: '2026-01-02T03:04:05.007Z' },
      ]),
    );
    expect(await verdict(await proxy.fetch(post([victim])))).toBe('200');
    expect(upstream.received.at(-1)?.body.batch).toEqual([victim]);
  });

  test('must have the same client key', async () => {
    const { proxy, upstream } = await startProxy({ clientKeys: ['one', 'other'] });
    const batch = named('a');
    for (const key of ['one', 'other', 'one', 'other'])
      await proxy.fetch(post(batch, { headers: { Authorization: basicAuthorization(key) } }));
    expect(upstream.received).toHaveLength(2);
  });

  test('may be at another position of another batch', async () => {
    const { proxy, upstream } = await startProxy();
    const [one, ...others] = named('a', 'b', 'c', 'd');
    await proxy.fetch(post([one]));
    for (const other of others)
      await proxy.fetch(
        post([], { body: ` {"batch" :[${JSON.stringify(other)},\n ${JSON.stringify(one)}]}` }),
      );
    expect(idsOf(upstream)).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  test('is recognised also if it must be written again', async () => {
    const { proxy, upstream } = await startProxy();
    const twofold = '{"type":"track","event":"A","event":"B","messageId":"a","anonymousId":"x"}';
    const escaped = '{"type":"track","event":"A","\\u006dessageId":"b","anonymousId":"x"}';
    const empty = '{"type":"track","event":"A","messageId":"c","messageId":"","anonymousId":"x"}';
    for (let i = 0; i < 2; i += 1)
      await proxy.fetch(post([], { body: `{"batch":[${twofold},${escaped},${empty}]}` }));
    expect(idsOf(upstream)).toEqual([['a', 'b', ''], ['']]);
  });
});

describe('hooks and repeated events', () => {
  test('work independently of each other', async () => {
    const asked: unknown[] = [];
    const { proxy, upstream } = await startProxy({
      enrich: () => ({ at: performance.now() }),
      filter: ({ messageId }) => asked.push(messageId) > 0,
      transform: (each) => ({ ...each, messageId: `${each.messageId}-${asked.length}` }),
    });
    await proxy.fetch(batchOf('a', 'b'));
    await proxy.fetch(batchOf('a', 'c', 'b'));
    await proxy.fetch(batchOf('a'));
    expect(asked).toEqual(['a', 'b', 'c']);
    expect(idsOf(upstream)).toEqual([['a-2', 'b-2'], ['c-3']]);
  });

  test('that fail permit a repetition', async () => {
    let works = false;
    const { proxy, upstream } = await startProxy({
      enrich: () => {
        if (!works) throw new Error('no');
        return {};
      },
    });
    expect(await verdict(await proxy.fetch(batchOf('a')))).toBe('503 hook_failed');
    works = true;
    expect(await verdict(await proxy.fetch(batchOf('a')))).toBe('200');
    expect(idsOf(upstream)).toEqual([['a']]);
  });

  test('that fail for one event, or drop it, permit a repetition of that event', async () => {
    const asked: string[] = [];
    const { proxy, upstream } = await startProxy({
      filter: ({ messageId }) => {
        asked.push(messageId);
        if (messageId === 'fails') throw new Error('no');
        return messageId !== 'kept-back';
      },
    });
    for (let i = 0; i < 2; i += 1) await proxy.fetch(batchOf('fails', `good-${i}`, 'kept-back', 'good'));
    expect(idsOf(upstream)).toEqual([['good-0', 'good'], ['good-1']]);
    expect(asked.filter((id) => id !== 'good-0' && id !== 'good-1')).toEqual([
      'fails',
      'kept-back',
      'good',
      'fails',
      'kept-back',
    ]);
  });

  test('that take long make a second request wait, too', async () => {
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    const { proxy, upstream } = await startProxy({ enrich: () => held.then(() => ({ seen: true })) });
    const both = [proxy.fetch(batchOf('a')), proxy.fetch(batchOf('a'))];
    await wait(30);
    go();
    for (const each of both) expect((await each).status).toBe(200);
    expect(idsOf(upstream)).toEqual([['a']]);
  });
});

describe('the memory of the deduplication', () => {
  test('does not grow with the size of ids or events', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const usedMb = (): number => {
      collect();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return (heapUsed + external + arrayBuffers) / 1e6;
    };
    const { proxy } = await startProxy({ deliver: () => {}, maxBodyBytes: 500_000 });
    const send = async (nth: number): Promise<void> => {
      const batch = Array.from({ length: 14 }, (_, i) =>
        event({
          messageId: `${nth}-${i}-`.padEnd(100, 'x'),
          properties: { text: 'x'.repeat(31_000) },
        }),
      );
      expect(await verdict(await proxy.fetch(post(batch)))).toBe('200');
    };
    for (let nth = 0; nth < 20; nth += 1) await send(nth);
    const before = usedMb();
    // The events take 87 MB.
    for (let nth = 20; nth < 220; nth += 1) await send(nth);
    // Another thread frees the buffers, some time after the garbage collection.
    await expect.poll(() => usedMb() - before, { timeout: 10_000, interval: 200 }).toBeLessThan(20);
  });
});
