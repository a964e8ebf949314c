// @vitest-environment node
/** Several copies of a proxy share a bucket of a real nats-server, which is also killed and started again. */
import { Kvm, type KV } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SdkError } from '../../../src/protocol/errors.ts';
import { natsStore } from '../../../src/nats.ts';
import type { DeduplicateStore } from '../../../src/proxy/deduplicate/store-contract.ts';
import { type NatsServer, startNats } from '../../support/brokers/nats-server.ts';

const WAIT = { timeout: 30_000, interval: 50 };
const TTL_MS = 60_000;
/** The longest duration of a call: the store's timeout of five seconds, and some time for a busy machine. */
const SLOW_MS = 8_000;
const BUCKET = { ttl: 3_600_000 };

const keysOf = (count: number, name = 'k'): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`.padStart(22, '_-'));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface World {
  readonly server: NatsServer;
  readonly buckets: readonly KV[];
  readonly copies: readonly DeduplicateStore[];
}

/** Starts copies of a proxy, each with its own connection and store. */
async function start(count: number, bucket: object = BUCKET): Promise<World> {
  const server = await startNats();
  onTestFinished(() => server.remove());
  const connections = await Promise.all(
    Array.from({ length: count }, async () => {
      const nats = await connect({
        servers: server.url,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
        reconnectJitter: 0,
      });
      onTestFinished(() => nats.close());
      return nats;
    }),
  );
  // nats-server 2.9 can refuse one of two `create` calls of the same bucket that come at the same moment.
  const buckets: KV[] = [];
  for (const nats of connections) buckets.push(await new Kvm(nats).create('CIO_EVENTS', bucket));
  return { server, buckets, copies: buckets.map((kv) => natsStore(kv)) };
}

test('when many copies claim the same events at once, exactly one gets each', async () => {
  const { copies } = await start(6);
  const keys = keysOf(100);
  const claims = await Promise.all(
    copies.map(async (copy, turn) => {
      const mine = [...keys.slice(turn * 10), ...keys.slice(0, turn * 10)];
      const states = await copy.claim(mine, TTL_MS);
      return mine.filter((_, i) => states[i] === 'new');
    }),
  );
  expect(claims.flat().sort()).toEqual([...keys].sort());
});

test('a claimed event is pending for all copies, then done, or free again', async () => {
  const { copies } = await start(2);
  const [one, other] = copies;
  const [a = '', b = '', c = ''] = keysOf(3);
  expect([...((await one?.claim([a, b, a], TTL_MS)) ?? [])].sort()).toEqual(['new', 'new', 'pending']);
  expect(await other?.claim([c, b, a], TTL_MS)).toEqual(['new', 'pending', 'pending']);
  await one?.done([a]);
  await one?.release([b]);
  expect(await other?.claim([a, b, c], TTL_MS)).toEqual(['done', 'new', 'pending']);
  expect(await one?.claim([a, b], TTL_MS)).toEqual(['done', 'pending']);
  await other?.release([b]);
  await one?.release([b]);
  expect(await one?.claim([b, c], TTL_MS)).toEqual(['new', 'pending']);
  expect(await one?.claim([], TTL_MS)).toEqual([]);
  await one?.done([]);
  await one?.release([]);
});

test('when several copies claim a released or expired event at once, exactly one gets it', async () => {
  const { copies } = await start(6);
  const [first, ...others] = copies;
  const [released, ended] = [keysOf(30, 'r'), keysOf(30, 'e')];
  await first?.claim(released, TTL_MS);
  await first?.release(released);
  await first?.claim(ended, 1);
  await pause(50);
  const told: string[] = [];
  const keys = [...released, ...ended];
  const states = await Promise.all(
    others.map((copy) => copy.claim(keys, TTL_MS, (key) => void told.push(key))),
  );
  for (let i = 0; i < keys.length; i += 1) expect(states.filter((each) => each[i] === 'new')).toHaveLength(1);
  expect(told.sort()).toEqual([...ended].sort());
});

test('a done event is forgotten when the bucket deletes it', async () => {
  const { copies } = await start(1, { ttl: 1_000 });
  const keys = keysOf(2);
  await copies[0]?.claim(keys, TTL_MS);
  await copies[0]?.done(keys);
  expect(await copies[0]?.claim(keys, TTL_MS)).toEqual(['done', 'done']);
  await vi.waitFor(async () => expect(await copies[0]?.claim(keys, TTL_MS)).toEqual(['new', 'new']), WAIT);
});

test('an expired claim is reported once, to the next owner', async () => {
  const { copies } = await start(4);
  const [dead, ...living] = copies;
  const [lost = '', released = '', done = ''] = keysOf(3);
  await dead?.claim([lost, released, done], 300);
  await dead?.release([released]);
  await dead?.done([done]);
  const told: string[] = [];
  const states = new Set<string>();
  await vi.waitFor(async () => {
    const found = await Promise.all(
      living.map((copy) => copy.claim([lost], TTL_MS, (key) => void told.push(key))),
    );
    found.flat().forEach((state) => states.add(state));
    expect([...states]).toContain('new');
  }, WAIT);
  expect(states).toContain('pending');
  expect(told).toEqual([lost]);
  const more = vi.fn();
  expect(await living[0]?.claim([released, done, lost], TTL_MS, more)).toEqual(['new', 'done', 'pending']);
  expect(more).not.toHaveBeenCalled();
});

test('a late owner cannot change the claim of the new owner', async () => {
  const { copies } = await start(3);
  const [late, next, third] = copies;
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

test('the clocks of the copies may be wrong', async () => {
  const { copies } = await start(2);
  const keys = keysOf(1);
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  onTestFinished(() => void vi.useRealTimers());
  await copies[0]?.claim(keys, TTL_MS);
  vi.setSystemTime(new Date('2099-01-01'));
  expect(await copies[1]?.claim(keys, TTL_MS)).toEqual(['pending']);
});

test('10 000 events, 500 a call', async () => {
  const { copies } = await start(2);
  const [one, other] = copies;
  const keys = keysOf(10_000);
  for (let i = 0; i < keys.length; i += 500) {
    const batch = keys.slice(i, i + 500);
    expect(new Set(await one?.claim(batch, TTL_MS))).toEqual(new Set(['new']));
    await one?.done(batch);
    expect(new Set(await other?.claim(batch, TTL_MS))).toEqual(new Set(['done']));
  }
}, 60_000);

test('killed under load, twice: every call ends in time, no done event is forgotten, and calls succeed again', async () => {
  const { server, copies } = await start(3);
  const done: string[] = [];
  const tally = { failed: 0, longestMs: 0 };
  let [stopped, used] = [false, 0];
  const working = copies.map(async (copy) => {
    while (!stopped) {
      const startedAt = performance.now();
      const batch = keysOf(10, `l${(used += 1)}.`);
      try {
        await copy.claim(batch, TTL_MS);
        await within(copy.done(batch));
        done.push(...batch);
      } catch {
        tally.failed += 1;
        await pause(20);
      }
      tally.longestMs = Math.max(tally.longestMs, performance.now() - startedAt);
    }
  });
  for (let i = 0; i < 2; i += 1) {
    const before = { failed: tally.failed, done: done.length };
    await vi.waitFor(() => expect(done.length).toBeGreaterThan(before.done + 500), WAIT);
    await server.kill();
    await vi.waitFor(() => expect(tally.failed).toBeGreaterThan(before.failed + 2), WAIT);
    await server.start();
    const after = done.length;
    await vi.waitFor(() => expect(done.length).toBeGreaterThan(after + 500), WAIT);
  }
  stopped = true;
  await Promise.all(working);
  expect(tally.longestMs).toBeLessThan(2 * SLOW_MS);
  for (let i = 0; i < done.length; i += 500)
    expect(new Set(await copies[0]?.claim(done.slice(i, i + 500), TTL_MS))).toEqual(new Set(['done']));
}, 90_000);

/**
 * Fails when the promise takes more than a second: a proxy does not wait for writes that are repeated later.
 */
async function within(promise: Promise<unknown>): Promise<void> {
  await Promise.race([promise, pause(1_000).then(() => Promise.reject(new Error('slow')))]);
}

test('events that Customer.io accepts while NATS is down are stored when it is back', async () => {
  const { server, copies } = await start(2);
  const keys = keysOf(3);
  await copies[0]?.claim(keys, TTL_MS);
  await server.kill();
  await expect(copies[1]?.claim(keysOf(1, 'x'), TTL_MS)).rejects.toThrow();
  const done = copies[0]?.done(keys);
  await pause(300);
  await server.start();
  await done;
  await vi.waitFor(
    async () => expect(await copies[1]?.claim(keys, TTL_MS)).toEqual(['done', 'done', 'done']),
    WAIT,
  );
}, 40_000);

test('a claim fails without a bucket', async () => {
  const { buckets, copies } = await start(1);
  await buckets[0]?.destroy();
  await expect(copies[0]?.claim(keysOf(1), TTL_MS)).rejects.toThrow();
});

test.each([
  [undefined, 'got undefined'],
  [null, 'got null'],
  ['CIO_EVENTS', 'got a text of 10 characters'],
  [Promise.resolve(), 'got a Promise (await it first)'],
  [{ get: () => null }, 'got object'],
])('an argument that is not a bucket is refused at once: %s', (kv, end) => {
  const make = (): unknown => Reflect.apply(natsStore, undefined, [kv]);
  expect(make).toThrow(SdkError);
  expect(make).toThrow(`natsStore: "kv" must be a bucket that a Kvm of @nats-io/kv 3 has opened, ${end}`);
});
