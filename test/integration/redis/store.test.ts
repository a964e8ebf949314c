// @vitest-environment node
/** Several copies of a proxy share a real Redis, with every supported client. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../support/brokers/redis-server.ts';
import { CLIENTS, keysOf, startCopies } from './setup.ts';

const WAIT = { timeout: 10_000, interval: 20 };
const TTL_MS = 60_000;

let server: RedisServer;
let raw: Redis;
beforeAll(async () => {
  server = await startRedis();
  raw = new Redis(server.url);
});
afterAll(async () => {
  raw.disconnect();
  await server.remove();
});

describe.each(CLIENTS)('$name', (kind) => {
  test('when many copies claim the same events at once, exactly one gets each', async () => {
    const copies = await startCopies(kind, server.url, 12);
    const keys = keysOf(300);
    const claims = await Promise.all(
      copies.map(async (copy, turn) => {
        const mine = [...keys.slice(turn * 20), ...keys.slice(0, turn * 20)];
        const states = await copy.claim(mine, TTL_MS);
        return mine.filter((_, i) => states[i] === 'new');
      }),
    );
    expect(claims.flat().sort()).toEqual([...keys].sort());
  });

  test('a claimed event is pending for all copies, then done, or free again', async () => {
    const [one, other] = await startCopies(kind, server.url, 2);
    const [a = '', b = '', c = ''] = keysOf(3);
    expect(await one?.claim([a, b, a], TTL_MS)).toEqual(['new', 'new', 'pending']);
    expect(await other?.claim([c, b, a], TTL_MS)).toEqual(['new', 'pending', 'pending']);
    await one?.done([a]);
    await one?.release([b]);
    expect(await other?.claim([a, b, c], TTL_MS)).toEqual(['done', 'new', 'pending']);
    expect(await one?.claim([a, b], TTL_MS)).toEqual(['done', 'pending']);
  });

  test('calls without events send nothing to Redis', async () => {
    const [copy] = await startCopies(kind, server.url, 1);
    expect(await copy?.claim([], TTL_MS)).toEqual([]);
    await copy?.done([]);
    await copy?.release([]);
  });

  test('a done event is forgotten after its window', async () => {
    const [copy] = await startCopies(kind, server.url, 1, { windowMs: 300 });
    const keys = keysOf(2);
    await copy?.claim(keys, TTL_MS);
    await copy?.done(keys);
    expect(await copy?.claim(keys, TTL_MS)).toEqual(['done', 'done']);
    await vi.waitFor(async () => expect(await copy?.claim(keys, TTL_MS)).toEqual(['new', 'new']), WAIT);
  });

  test('an expired claim is reported once, to the next owner', async () => {
    const [dead, ...living] = await startCopies(kind, server.url, 4);
    const [lost = '', released = '', done = ''] = keysOf(3);
    await dead?.claim([lost, released, done], 150);
    await dead?.release([released]);
    await dead?.done([done]);
    const expired: string[] = [];
    const states = new Set<string>();
    await vi.waitFor(async () => {
      const found = await Promise.all(
        living.map((copy) => copy.claim([lost], TTL_MS, (key) => void expired.push(key))),
      );
      found.flat().forEach((state) => states.add(state));
      expect([...states]).toContain('new');
    }, WAIT);
    expect(expired).toEqual([lost]);
    const [next] = living;
    const told = vi.fn();
    expect(await next?.claim([released, done, lost], TTL_MS, told)).toEqual(['new', 'done', 'pending']);
    expect(told).not.toHaveBeenCalled();
  });

  test('a late owner cannot change the claim of the new owner', async () => {
    const [late, next, third] = await startCopies(kind, server.url, 3);
    const keys = keysOf(2);
    const [accepted = '', refused = ''] = keys;
    await late?.claim(keys, 100);
    await vi.waitFor(async () => expect(await next?.claim(keys, TTL_MS)).toEqual(['new', 'new']), WAIT);
    await late?.release([refused]);
    expect(await third?.claim(keys, TTL_MS)).toEqual(['pending', 'pending']);
    // An accepted event counts as done, whichever copy holds the claim.
    await late?.done([accepted]);
    await next?.release(keys);
    expect(await third?.claim(keys, TTL_MS)).toEqual(['done', 'new']);
  });

  test('a late owner can release an event that nobody else has claimed', async () => {
    const [late, next] = await startCopies(kind, server.url, 2);
    const [key = ''] = keysOf(1);
    await late?.claim([key], 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await late?.release([key]);
    const told = vi.fn();
    expect(await next?.claim([key], TTL_MS, told)).toEqual(['new']);
    expect(told).not.toHaveBeenCalled();
  });

  test('the clocks of the copies may be wrong', async () => {
    const [one, other] = await startCopies(kind, server.url, 2);
    const keys = keysOf(1);
    vi.useFakeTimers({ toFake: ['Date'], now: 0 });
    onTestFinished(() => void vi.useRealTimers());
    await one?.claim(keys, TTL_MS);
    vi.setSystemTime(new Date('2099-01-01'));
    expect(await other?.claim(keys, TTL_MS)).toEqual(['pending']);
  });

  test('10 000 events in one call', async () => {
    const [one, other] = await startCopies(kind, server.url, 2);
    const keys = keysOf(10_000);
    expect(new Set(await one?.claim(keys, TTL_MS))).toEqual(new Set(['new']));
    await one?.done(keys.slice(0, 5_000));
    await one?.release(keys.slice(5_000));
    const states = (await other?.claim(keys, TTL_MS)) ?? [];
    expect(new Set(states.slice(0, 5_000))).toEqual(new Set(['done']));
    expect(new Set(states.slice(5_000))).toEqual(new Set(['new']));
  });

  test('copies share counts, in windows that end', async () => {
    const copies = await startCopies(kind, server.url, 4);
    const requester = `address:${kind.name}`;
    const counted = await Promise.all(
      copies.flatMap((copy) => Array.from({ length: 50 }, () => copy.count(requester, 1_000))),
    );
    expect(counted.map((each) => each.count).sort((one, other) => one - other)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    for (const each of counted) expect(each.resetMs).toBeGreaterThan(0);
    for (const each of counted) expect(each.resetMs).toBeLessThanOrEqual(1_000);
    expect(await copies[0]?.count('key:another', 1_000)).toMatchObject({ count: 1 });
    await vi.waitFor(
      async () => expect((await copies[0]?.count(requester, 1_000))?.count).toBeLessThan(200),
      WAIT,
    );
  });

  test('all keys in Redis expire, and another prefix is another proxy', async () => {
    const prefix = `{${kind.name}}`;
    const [copy] = await startCopies(kind, server.url, 1, { prefix });
    const [other] = await startCopies(kind, server.url, 1, { prefix: `${prefix}2` });
    const keys = keysOf(3);
    await copy?.claim(keys, TTL_MS);
    await copy?.done(keys.slice(0, 1));
    await copy?.count('address:x', TTL_MS);
    const names = await raw.keys(`${prefix}[er]:*`);
    expect(names).toHaveLength(4);
    for (const name of names) expect(await raw.pttl(name)).toBeGreaterThan(0);
    // Removes the expiry, as if another program had written the key.
    await raw.persist(`${prefix}r:address:x`);
    expect(await copy?.count('address:x', TTL_MS)).toEqual({ count: 2, resetMs: TTL_MS });
    expect(await raw.pttl(`${prefix}r:address:x`)).toBeGreaterThan(0);
    expect(await other?.claim(keys, TTL_MS)).toEqual(['new', 'new', 'new']);
    expect(await other?.count('address:x', TTL_MS)).toMatchObject({ count: 1 });
  });
});

test('copies may use different kinds of clients', async () => {
  const copies = await Promise.all(CLIENTS.map((kind) => startCopies(kind, server.url, 1)));
  const keys = keysOf(100);
  const states = await Promise.all(copies.flat().map((copy) => copy.claim(keys, TTL_MS)));
  for (let i = 0; i < keys.length; i += 1) expect(states.filter((each) => each[i] === 'new')).toHaveLength(1);
});
