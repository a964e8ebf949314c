// @vitest-environment node
/** A message that the stream delivers again is not forwarded again if the forwarders share a real Redis. */
import { createClient } from 'redis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { forwardFromNats } from '../../../src/nats.ts';
import { createForwarder, packBatch } from '../../../src/proxy.ts';
import { type RedisStore, redisStore } from '../../../src/redis.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';
import { type RedisServer, startRedis } from '../../support/brokers/redis-server.ts';
import { event, WRITE_KEY } from '../proxy/setup.ts';
import { startUpstream, type Upstream } from '../proxy/upstream.ts';
import { type Broker, consumerOf, held, startStream, SUBJECT } from './setup.ts';

const WAIT = { timeout: 15_000, interval: 50 };
const ACK_WAIT_MS = 1_000;

interface Scene {
  readonly broker: Broker;
  readonly upstream: Upstream;
  readonly redis: RedisServer;
  readonly store: RedisStore;
  readonly errors: readonly unknown[];
  /** Starts a forwarder, which runs until the test has ended. */
  start(): Promise<void>;
}

async function prepare(): Promise<Scene> {
  const [broker, upstream, redis] = [
    await startStream({}, ACK_WAIT_MS),
    await startUpstream(),
    await startRedis(),
  ];
  onTestFinished(() => redis.remove());
  const client = createClient({ url: redis.url, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  const store = redisStore(client);
  const errors: unknown[] = [];
  return {
    broker,
    upstream,
    redis,
    store,
    errors,
    async start() {
      const { stop } = forwardFromNats({
        consumer: await consumerOf(broker),
        forwarder: createForwarder({ writeKey: WRITE_KEY, upstreamUrl: upstream.url }),
        park: () => {},
        deduplicate: { store },
        onError: (error) => void errors.push(error),
      });
      onTestFinished(stop);
    },
  };
}

async function publish({ stream }: Broker, name: string): Promise<Uint8Array> {
  const [message] = await packBatch({ batch: [event({ event: name }) as unknown as WireEvent] });
  const bytes = message?.bytes ?? new Uint8Array();
  await stream.publish(SUBJECT, bytes);
  return bytes;
}

const namesIn = ({ received }: Upstream): readonly unknown[] =>
  received.flatMap(({ body }) => body.batch.map((each) => each['event']));

test('the same bytes in two messages are forwarded once, and both messages are acknowledged', async () => {
  const { broker, upstream, start, errors } = await prepare();
  const bytes = await publish(broker, 'Once');
  await start();
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  await broker.stream.publish(SUBJECT, bytes);
  await publish(broker, 'Other');
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  expect(namesIn(upstream)).toEqual(['Once', 'Other']);
  expect(errors).toEqual([]);
});

test('only the events of a message that have not arrived yet are forwarded', async () => {
  const { broker, upstream, start } = await prepare();
  const [a, b, c] = ['A', 'B', 'C'].map((name) => event({ event: name }) as unknown as WireEvent);
  const twin = { ...event({ event: 'Twin' }), messageId: '' } as unknown as WireEvent;
  if (!a || !b || !c) throw new Error('no events');
  for (const batch of [
    [a, b],
    [b, c, twin, twin],
    [c, a, b],
  ])
    for (const { bytes } of await packBatch({ batch, sentAt: '2026-01-02T03:04:06.000Z' })) {
      await broker.stream.publish(SUBJECT, bytes);
      if (batch[0] === a) await start();
      await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
    }
  expect(namesIn(upstream)).toEqual(['A', 'B', 'C', 'Twin', 'Twin']);
  expect(upstream.received.map(({ body }) => body.sentAt)).toEqual([
    '2026-01-02T03:04:06.000Z',
    '2026-01-02T03:04:06.000Z',
  ]);
});

test('a message that another forwarder is sending waits until that one has finished or died', async () => {
  const { broker, upstream, store, start } = await prepare();
  const bytes = await publish(broker, 'Claimed');
  const { batch } = JSON.parse(new TextDecoder().decode(bytes)) as { batch: readonly object[] };
  const hash = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode(`forwarded\n${JSON.stringify(batch[0])}`),
  );
  const key = Buffer.from(hash).subarray(0, 16).toString('base64url');
  // The claim stands for a forwarder that has died at this moment.
  expect(await store.claim([key], 3_000)).toEqual(['new']);
  await start();
  await publish(broker, 'Free');
  await vi.waitFor(() => expect(namesIn(upstream)).toEqual(['Free']), WAIT);
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  expect(namesIn(upstream)).toEqual(['Free', 'Claimed']);
});

test('events that Customer.io has not accepted are free at once', async () => {
  const { broker, upstream, start } = await prepare();
  upstream.respond({ status: 500 });
  await publish(broker, 'Event');
  await start();
  await vi.waitFor(() => expect(upstream.received.length).toBeGreaterThan(0), WAIT);
  upstream.respond({});
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
});

test('a store that is down delays nothing, and is reported', async () => {
  const { broker, upstream, redis, start, errors } = await prepare();
  await redis.kill();
  await publish(broker, 'Event');
  await start();
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  expect(namesIn(upstream)).toEqual(['Event']);
  expect(errors.length).toBeGreaterThan(0);
});
