// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { packBatch, type ProxyLogEntry } from '../../../src/proxy.ts';
import { event, post, startProxy, verdict } from './setup.ts';
import type { Upstream } from './upstream.ts';

const arrived = (upstream: Upstream): readonly unknown[] =>
  upstream.received.flatMap(({ body }) => body.batch.map((each) => each['n']));

describe('a messageId', () => {
  test.each([
    ['26 characters', '01JDAVV4H2Q6GZ3H7M5R9W8XKC'],
    ['those of the wrapped SDK', 'ajs-next-1764412345678-6d8f2f0e-2f5c-4c1b-9d0a-7b1f5e3a9c42'],
    ['100 characters', 'x'.repeat(100)],
    ['100 characters of three bytes', '✓'.repeat(100)],
    ['100 characters, written as escapes of six', '\u0001'.repeat(100)],
  ])('of %s is accepted', async (_, messageId) => {
    const { proxy, upstream } = await startProxy();
    expect(await verdict(await proxy.fetch(post([event({ messageId, n: 1 })])))).toBe('200');
    expect(arrived(upstream)).toEqual([1]);
  });

  test.each([
    ['101 characters', 'x'.repeat(101)],
    ['101 characters of two bytes', 'ü'.repeat(101)],
    ['31 000 characters', 'x'.repeat(31_000)],
  ])('of %s is refused, as other invalid events are', async (_, messageId) => {
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({ onLog: (entry) => log.push(entry) });
    const response = await proxy.fetch(post([event(), event({ messageId })]));
    expect(await response.json()).toMatchObject({
      error: 'invalid_event',
      message: 'batch[1].messageId may have at most 100 characters.',
    });
    expect([response.status, log[0]?.error]).toEqual([400, 'invalid_event']);
    expect(upstream.received).toEqual([]);
  });

  test('is measured also if an event must be written again', async () => {
    const { proxy } = await startProxy();
    const body = `{"batch":[{"type":"track","event":"\\u0041","messageId":"${'x'.repeat(101)}"}]}`;
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('400 invalid_event');
  });
});

describe.each([
  ['with deduplicate', {}],
  ['without deduplicate', { deduplicate: false }],
])('%s', (_, options) => {
  test('events with an empty id are all different', async () => {
    const { proxy, upstream } = await startProxy(options);
    const batch = [1, 2, 3, 4, 5].map((n) => event({ messageId: '', n }));
    expect(await verdict(await proxy.fetch(post(batch)))).toBe('200');
    const same = event({ messageId: '', n: 6 });
    for (let i = 0; i < 3; i += 1) expect(await verdict(await proxy.fetch(post([same])))).toBe('200');
    expect(arrived(upstream)).toEqual([1, 2, 3, 4, 5, 6, 6, 6]);
  });

  test('of two events with the same id only the bad one is rejected', async () => {
    const { proxy, upstream } = await startProxy(options);
    const accepted: number[] = [];
    upstream.respond(({ body: { batch } }) => {
      if (batch.some(({ n }) => n === 1)) return { status: 400, body: '{"meta":{"errors":["faulty"]}}' };
      accepted.push(...batch.map(({ n }) => Number(n)));
      return {};
    });
    const batch = [event({ messageId: 'same', n: 1 }), event({ messageId: 'same', n: 2 }), event({ n: 3 })];
    const response = await proxy.fetch(post(batch));
    expect(await response.json()).toEqual({
      success: true,
      rejected: [{ messageId: 'same', error: 'rejected', reason: 'faulty' }],
    });
    expect(accepted.sort((one, other) => one - other)).toEqual([2, 3]);
    // Each event is sent in a request of its own: an event that was rejected may be sent again, and is
    // rejected again.
    for (const n of [1, 4]) await proxy.fetch(post([event({ messageId: 'same', n })]));
    expect(accepted.sort((one, other) => one - other)).toEqual([2, 3, 4]);
  });
});

describe('a message for a broker', () => {
  test('gets an id of its own for each event with an empty messageId', async () => {
    const ids: string[] = [];
    const { proxy } = await startProxy({
      deliver: async (batch) => ids.push(...(await packBatch(batch)).map(({ id }) => id)),
    });
    for (const n of [1, 2, 3, 4, 5]) await proxy.fetch(post([event({ messageId: '', n })]));
    expect(new Set(ids).size).toBe(5);
  });

  test('is not confused with the message of another person who has the same messageId', async () => {
    const ids: string[] = [];
    const { proxy } = await startProxy({
      deliver: async (batch) => ids.push(...(await packBatch(batch)).map(({ id }) => id)),
    });
    const same = { messageId: 'known', timestamp: '2026-01-02T03:04:05.006Z' };
    for (const fields of [{ userId: 'mallory' }, { userId: 'victim' }, { anonymousId: 'visitor' }, {}])
      await proxy.fetch(post([event({ ...same, ...fields })]));
    expect(new Set(ids).size).toBe(4);
  });
});

test('a shared store has 22 characters for an event, however long its id is', async () => {
  const keys: string[] = [];
  const { proxy } = await startProxy({
    deduplicate: {
      store: {
        claim: async (asked) => (keys.push(...asked), asked.map(() => 'new' as const)),
        done: async () => {},
        release: async () => {},
      },
    },
  });
  await proxy.fetch(
    post([event({ messageId: 'a' }), event({ messageId: 'x'.repeat(100) }), event({ messageId: '' })]),
  );
  expect(keys).toHaveLength(2);
  for (const key of keys) expect(key).toMatch(/^[\w-]{22}$/);
});
