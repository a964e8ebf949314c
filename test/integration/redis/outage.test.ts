// @vitest-environment node
/**
 * A Redis that is killed, frozen and started again: a call ends in time, and calls succeed again when Redis
 * works again.
 */
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { redisStore, type RedisStore } from '../../../src/redis.ts';
import { type RedisServer, startRedis } from '../../support/brokers/redis-server.ts';
import { CLIENTS, keysOf, pause, startCopies } from './setup.ts';

const WAIT = { timeout: 30_000, interval: 50 };
const TTL_MS = 60_000;
/** The longest duration of a call: the store's timeout of five seconds, and some time for a busy machine. */
const SLOW_MS = 8_000;

async function start(): Promise<RedisServer> {
  const server = await startRedis();
  onTestFinished(() => server.remove());
  return server;
}

interface Tally {
  new: number;
  failed: number;
  longestMs: number;
}

/** Claims and finishes events without a pause, as a busy copy does, until `stop`. */
function load(copies: readonly RedisStore[]): { readonly tally: Tally; stop(): Promise<void> } {
  const tally: Tally = { new: 0, failed: 0, longestMs: 0 };
  let stopped = false;
  async function work(copy: RedisStore): Promise<void> {
    while (!stopped) {
      const startedAt = performance.now();
      try {
        const keys = keysOf(20);
        const states = await copy.claim(keys, TTL_MS);
        tally.new += states.filter((state) => state === 'new').length;
        await copy.release(keys);
      } catch {
        tally.failed += 1;
        await pause(5);
      }
      tally.longestMs = Math.max(tally.longestMs, performance.now() - startedAt);
    }
  }
  const working = copies.flatMap((copy) => [work(copy), work(copy), work(copy)]);
  return {
    tally,
    async stop() {
      stopped = true;
      await Promise.all(working);
    },
  };
}

describe.each(CLIENTS)('$name', (kind) => {
  test('killed under load, twice: every call ends in time, and calls succeed after the restart', async () => {
    const server = await start();
    const { tally, stop } = load(await startCopies(kind, server.url, 4));
    for (let i = 0; i < 2; i += 1) {
      const before = { ...tally };
      await vi.waitFor(() => expect(tally.new).toBeGreaterThan(before.new + 500), WAIT);
      await server.kill();
      await vi.waitFor(() => expect(tally.failed).toBeGreaterThan(before.failed + 50), WAIT);
      await server.start();
      const after = tally.new;
      await vi.waitFor(() => expect(tally.new).toBeGreaterThan(after + 500), WAIT);
    }
    await stop();
    expect(tally.longestMs).toBeLessThan(2 * SLOW_MS);
  }, 60_000);

  test('down, and the client knows: a claim fails at once, and is not sent later', async () => {
    const server = await start();
    const [copy] = await startCopies(kind, server.url, 1);
    await server.kill();
    const refusal = { code: 'storage-unavailable' };
    const earlier = keysOf(1);
    await vi.waitFor(() => expect(copy?.claim(earlier, TTL_MS)).rejects.toMatchObject(refusal), WAIT);
    const keys = keysOf(1);
    const startedAt = performance.now();
    for (let i = 0; i < 20; i += 1) await expect(copy?.claim(keys, TTL_MS)).rejects.toMatchObject(refusal);
    expect(performance.now() - startedAt).toBeLessThan(SLOW_MS);
    await server.start();
    await vi.waitFor(async () => expect(await copy?.claim(keys, TTL_MS)).toEqual(['new']), WAIT);
  });

  test('events that Customer.io accepts while Redis is down are stored when it is back', async () => {
    const server = await start();
    const [copy, other] = await startCopies(kind, server.url, 2);
    const keys = keysOf(3);
    await copy?.claim(keys, TTL_MS);
    await server.kill();
    const done = copy?.done(keys);
    await pause(300);
    await server.start();
    await done;
    await vi.waitFor(
      async () => expect(await other?.claim(keys, TTL_MS)).toEqual(['done', 'done', 'done']),
      WAIT,
    );
  });

  test('a call without a response may still take effect', async () => {
    const server = await start();
    const [copy, other] = await startCopies(kind, server.url, 2);
    const keys = keysOf(1);
    await copy?.claim(keys, TTL_MS);
    server.freeze();
    const done = copy?.done(keys);
    await pause(1_300);
    server.thaw();
    await done;
    expect(await other?.claim(keys, TTL_MS)).toEqual(['done']);
  });
});

test('frozen: calls of every client end after five seconds; later calls succeed', async () => {
  const server = await start();
  const copies = (await Promise.all(CLIENTS.map((kind) => startCopies(kind, server.url, 1)))).flat();
  server.freeze();
  const startedAt = performance.now();
  const calls = copies.flatMap((copy) => [copy.claim(keysOf(10), TTL_MS), copy.count('address:x', TTL_MS)]);
  for (const call of await Promise.allSettled(calls))
    expect(call).toMatchObject({ reason: { message: 'No answer within 5000 ms' } });
  expect(performance.now() - startedAt).toBeLessThan(SLOW_MS);
  server.thaw();
  for (const copy of copies) {
    const keys = keysOf(1);
    await vi.waitFor(async () => expect(await copy.claim(keys, TTL_MS)).toEqual(['new']), WAIT);
  }
}, 40_000);

test('frozen for a while: pending calls succeed afterwards', async () => {
  const server = await start();
  const copies = (await Promise.all(CLIENTS.map((kind) => startCopies(kind, server.url, 1)))).flat();
  server.freeze();
  const keys = copies.map(() => keysOf(3));
  const claims = Promise.all(copies.map((copy, i) => copy.claim(keys[i] ?? [], TTL_MS)));
  await pause(1_000);
  server.thaw();
  expect(new Set((await claims).flat())).toEqual(new Set(['new']));
  await Promise.all(copies.map((copy, i) => copy.release(keys[i] ?? [])));
  expect(new Set(await copies[0]?.claim(keys.flat(), TTL_MS))).toEqual(new Set(['new']));
}, 40_000);

test('Redis was never running: calls fail at once, and succeed when it starts', async () => {
  const server = await start();
  await server.kill();
  const client = createClient({ url: server.url, socket: { reconnectStrategy: 50 } });
  client.on('error', () => {});
  const connected = client.connect();
  onTestFinished(() => client.destroy());
  const store = redisStore(client);
  const keys = keysOf(1);
  await expect(store.claim(keys, TTL_MS)).rejects.toMatchObject({ code: 'storage-unavailable' });
  await expect(store.count('key:web', TTL_MS)).rejects.toMatchObject({ code: 'storage-unavailable' });
  await server.start();
  await connected;
  expect(await store.claim(keys, TTL_MS)).toEqual(['new']);
});
