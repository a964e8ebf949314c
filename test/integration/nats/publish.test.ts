// @vitest-environment node
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { toNats } from '../../../src/nats.ts';
import { createProxy, type CioProxy, type ProxyOptions } from '../../../src/proxy.ts';
import { unpackBatch } from '../../../src/proxy/broker/message.ts';
import { startRelay } from '../../support/brokers/relay.ts';
import { CLIENT_KEY, event, post, verdict, WRITE_KEY } from '../proxy/setup.ts';
import { type Broker, consumerOf, held, startBroker, startStream, SUBJECT } from './setup.ts';

/** A proxy that cannot reach Customer.io. */
function proxyOf({ stream }: Broker, options: Partial<ProxyOptions> = {}, timeoutMs?: number): CioProxy {
  return createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    upstreamUrl: 'http://127.0.0.1:9',
    deliver: toNats({ jetstream: stream, subject: SUBJECT, timeoutMs }),
    ...options,
  });
}

test('a batch is in the stream, unchanged, when its browser gets 200', async () => {
  const broker = await startStream();
  const batch = [event(), event({ event: 'Größe ✓' })];
  const response = await proxyOf(broker).fetch(post(batch));
  expect(await response.json()).toEqual({ success: true });
  const message = await (await consumerOf(broker)).next({ expires: 1_000 });
  expect(unpackBatch(message?.data ?? '')).toEqual({
    kind: 'batch',
    batch: { batch, sentAt: '2026-01-02T03:04:06.000Z' },
  });
});

/** Connects through a relay that can hold back everything that the server sends. */
async function muted(broker: Broker): Promise<{ broker: Broker; mute(): void; unmute(): void }> {
  const relay = await startRelay(Number(new URL(broker.server.url).port));
  onTestFinished(relay.stop);
  const nats = await connect({ servers: `nats://127.0.0.1:${relay.port}` });
  onTestFinished(() => nats.close());
  return { ...relay, broker: { ...broker, nats, stream: jetstream(nats) } };
}

test('the browser gets 200 only after the stream has confirmed', async () => {
  const broker = await startStream();
  const { broker: distant, mute, unmute } = await muted(broker);
  mute();
  let told: number | undefined;
  const answer = proxyOf(distant)
    .fetch(post())
    .then(({ status }) => (told = status));
  await vi.waitFor(async () => expect(await held(broker)).toBe(1), 5_000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(told).toBeUndefined();
  unmute();
  expect(await answer).toBe(200);
});

test('without a confirmation of the stream the browser gets 503 in time, and a stored batch is stored once', async () => {
  const broker = await startStream();
  const { broker: distant, mute, unmute } = await muted(broker);
  const proxy = proxyOf(distant, {}, 300);
  const batch = [event()];
  mute();
  expect(await verdict(await proxy.fetch(post(batch)))).toBe('503 upstream_unavailable');
  await vi.waitFor(async () => expect(await held(broker)).toBe(1), 5_000);
  unmute();
  expect(await verdict(await proxyOf(broker).fetch(post(batch)))).toBe('200');
  expect(await held(broker)).toBe(1);
});

test('without a stream: 503', async () => {
  const broker = await startBroker();
  expect(await verdict(await proxyOf(broker).fetch(post()))).toBe('503 upstream_unavailable');
});

test('without a server: 503 in time', async () => {
  const broker = await startStream();
  await broker.server.kill();
  expect(await verdict(await proxyOf(broker, {}, 300).fetch(post()))).toBe('503 upstream_unavailable');
});

test('a full stream refuses new batches: 503, and its messages stay', async () => {
  const broker = await startStream({ max_msgs: 2 });
  const entries: (string | undefined)[] = [];
  const proxy = proxyOf(broker, { onLog: ({ detail }) => void entries.push(detail) });
  const verdicts = [];
  for (let i = 0; i < 3; i += 1) verdicts.push(await verdict(await proxy.fetch(post())));
  expect(verdicts).toEqual(['200', '200', '503 upstream_unavailable']);
  expect(entries.at(-1)).toContain('maximum messages exceeded');
  expect(await held(broker)).toBe(2);
});

test('a repeated batch is not stored again, although its time and IP address differ', async () => {
  const broker = await startStream();
  const proxy = proxyOf(broker, { clientIp: 'x-real-ip' });
  const batch = [event(), event()];
  for (const [sentAt, ip] of [
    ['2026-01-02T03:04:06.000Z', '203.0.113.1'],
    ['2026-01-02T03:05:07.000Z', '203.0.113.2'],
  ] as const) {
    const body = JSON.stringify({ batch, sentAt });
    expect((await proxy.fetch(post([], { body, headers: { 'X-Real-IP': ip } }))).status).toBe(200);
  }
  expect(await held(broker)).toBe(1);
  expect((await proxy.fetch(post([event(), ...batch]))).status).toBe(200);
  expect(await held(broker)).toBe(2);
});

test('a batch that is larger than a message may be is split, in order', async () => {
  const broker = await startStream();
  const deliver = toNats({ jetstream: broker.stream, subject: SUBJECT, maxMessageBytes: 2_000 });
  const batch = Array.from({ length: 10 }, () => event({ properties: { text: 'x'.repeat(500) } }));
  const proxy = proxyOf(broker, { deliver });
  expect((await proxy.fetch(post(batch))).status).toBe(200);
  const consumer = await consumerOf(broker);
  const got: unknown[] = [];
  const count = await held(broker);
  for (let i = 0; i < count; i += 1) {
    const message = await consumer.next({ expires: 1_000 });
    expect(message?.data.length).toBeLessThanOrEqual(2_000);
    const unpacked = unpackBatch(message?.data ?? '');
    if (unpacked.kind === 'batch') got.push(...unpacked.batch.batch);
  }
  expect(count).toBeGreaterThan(3);
  expect(got).toEqual(batch);
});
