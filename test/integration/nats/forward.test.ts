// @vitest-environment node
/**
 * Messages of a stream are forwarded to the stand-in for Customer.io. The stand-in and the nats-server are
 * processes of their own.
 */
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ForwardFromNatsOptions, forwardFromNats } from '../../../src/nats.ts';
import {
  createForwarder,
  type ForwarderOptions,
  type ForwardLogEntry,
  packBatch,
} from '../../../src/proxy.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';
import { startServer } from '../../support/server/process.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { event, WRITE_KEY } from '../proxy/setup.ts';
import { type Broker, consumerOf, held, PARKED, startStream, SUBJECT } from './setup.ts';

const WAIT = { timeout: 15_000, interval: 50 };

async function startStandIn(): Promise<StandIn> {
  const { origin, stop } = await startServer('demo/pipelines/main.ts', { WRITE_KEY });
  onTestFinished(stop);
  return createStandIn(origin);
}

/** Adds batches of events with these names to the stream. */
async function fill({ stream }: Broker, batches: readonly (readonly string[])[]): Promise<void> {
  for (const names of batches) {
    const batch = names.map((name) => event({ event: name }) as unknown as WireEvent);
    for (const { id, bytes } of await packBatch({ batch }))
      await stream.publish(SUBJECT, bytes, { msgID: id });
  }
}

interface Forwarding {
  readonly log: readonly ForwardLogEntry[];
  readonly errors: readonly unknown[];
  stop(): Promise<void>;
}

async function forward(
  broker: Broker,
  upstreamUrl: string,
  options: Partial<ForwardFromNatsOptions> = {},
  forwarderOptions: Partial<ForwarderOptions> = {},
): Promise<Forwarding> {
  const log: ForwardLogEntry[] = [];
  const errors: unknown[] = [];
  const forwarding = forwardFromNats({
    consumer: await consumerOf(broker),
    forwarder: createForwarder({
      writeKey: WRITE_KEY,
      upstreamUrl,
      onLog: (entry) => void log.push(entry),
      ...forwarderOptions,
    }),
    park: (message) => broker.stream.publish(PARKED, message),
    onError: (error) => void errors.push(error),
    ...options,
  });
  onTestFinished(() => forwarding.stop());
  return { log, errors, stop: () => forwarding.stop() };
}

const names = (count: number, prefix: string): readonly (readonly string[])[] =>
  Array.from({ length: count }, (_, i) => [`${prefix} ${i}`]);

test('every event arrives once, in the order of its batch, and the stream becomes empty', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  const batches = Array.from({ length: 30 }, (_, i) => [`${i} a`, `${i} b`, `${i} c`]);
  await fill(broker, batches);
  const { errors, stop } = await forward(broker, standIn.origin);
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  await stop();
  const arrived = await standIn.names();
  expect([...arrived].sort()).toEqual(batches.flat().sort());
  for (const batch of batches) expect(arrived.filter((name) => batch.includes(name))).toEqual(batch);
  expect(errors).toEqual([]);
});

test('a message leaves the stream only after Customer.io has accepted it, and the concurrency limit holds', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  let [running, most] = [0, 0];
  const open: (() => void)[] = [];
  const { stop } = await forward(broker, standIn.origin, {
    concurrency: 3,
    forwarder: {
      async forward() {
        most = Math.max(most, (running += 1));
        await new Promise<void>((resolve) => open.push(resolve));
        running -= 1;
        return { kind: 'done', rejected: [] };
      },
    },
  });
  await fill(broker, names(8, 'Event'));
  await vi.waitFor(() => expect(running).toBe(3), WAIT);
  expect(await held(broker)).toBe(8);
  open.shift()?.();
  await vi.waitFor(async () => expect(await held(broker)).toBe(7), WAIT);
  const free = setInterval(() => open.shift()?.(), 10);
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  clearInterval(free);
  await stop();
  expect(most).toBe(3);
});

test('while Customer.io is down the stream keeps all messages and few requests are sent; then it empties', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  await standIn.faults({ status: 503 });
  const upstream = { retries: 0, breakAfter: 2, pauseMs: 300 };
  await fill(broker, names(20, 'Before'));
  const { log } = await forward(broker, standIn.origin, { concurrency: 4 }, { upstream });
  await vi.waitFor(() => expect(log.length).toBeGreaterThan(3), WAIT);
  await fill(broker, names(20, 'Meanwhile'));
  expect(await held(broker)).toBe(40);
  await vi.waitFor(async () => expect((await standIn.requests()).length).toBeGreaterThan(5), WAIT);
  // Without the circuit breaker, each attempt of the forty messages would write a line.
  expect(log.length).toBeLessThan(40);
  expect(await standIn.names()).toEqual([]);
  await standIn.faults({ status: 200 });
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), { timeout: 60_000, interval: 100 });
  const all = [...names(20, 'Before'), ...names(20, 'Meanwhile')].flat();
  expect(await standIn.account(all)).toEqual({ delivered: 40, lost: 0, duplicated: 0 });
}, 90_000);

test('a message that is not a batch is parked, and the others are delivered', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  await fill(broker, [['Before']]);
  await broker.stream.publish(SUBJECT, 'not a batch');
  await fill(broker, [['After']]);
  const { log } = await forward(broker, standIn.origin);
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  expect([...(await standIn.names())].sort()).toEqual(['After', 'Before']);
  const parked = await broker.manager.streams.getMessage('CIO_PARKED', { seq: 1 });
  expect(parked?.string()).toBe('not a batch');
  expect(await held(broker, 'CIO_PARKED')).toBe(1);
  expect(log.filter(({ outcome }) => outcome === 'never')).toHaveLength(1);
});

test('a message that cannot be parked stays in the stream', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  await broker.stream.publish(SUBJECT, 'not a batch');
  const park = async (): Promise<never> => {
    throw new Error('full');
  };
  const { errors } = await forward(broker, standIn.origin, { park });
  await vi.waitFor(() => expect(errors.map(String)).toEqual(['Error: full']), WAIT);
  expect(await held(broker)).toBe(1);
});

test('an event that Customer.io rejects is dropped alone, and reported', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  await standIn.faults({ reject: 'Bad' });
  await fill(broker, [['A', 'B', 'Bad', 'C'], ['D']]);
  const { log } = await forward(broker, standIn.origin);
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  expect([...(await standIn.names())].sort()).toEqual(['A', 'B', 'C', 'D']);
  expect(log.flatMap(({ rejected = [] }) => rejected)).toMatchObject([
    { error: 'rejected', reason: expect.stringContaining('told to reject') },
  ]);
  expect(await held(broker, 'CIO_PARKED')).toBe(0);
});

test('a message whose delivery takes longer than the acknowledgement timeout is not delivered again', async () => {
  const [broker, standIn] = [await startStream({}, 400), await startStandIn()];
  await standIn.faults({ latencyMs: 2_000 });
  await fill(broker, names(3, 'Slow'));
  const others = await forward(broker, standIn.origin);
  await forward(broker, standIn.origin);
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
  await others.stop();
  expect(await standIn.account(names(3, 'Slow').flat())).toEqual({ delivered: 3, lost: 0, duplicated: 0 });
});

test('stop() finishes messages in flight, and requests no more', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  await standIn.faults({ latencyMs: 500 });
  await fill(broker, names(20, 'Event'));
  const { stop, log } = await forward(broker, standIn.origin, { concurrency: 4 });
  await vi.waitFor(async () => expect((await standIn.requests()).length).toBeGreaterThan(0), WAIT);
  await stop();
  const delivered = (await standIn.names()).length;
  expect(log).toHaveLength(delivered);
  await broker.nats.flush();
  await vi.waitFor(async () => expect(await held(broker)).toBe(20 - delivered), WAIT);
  expect(delivered).toBeGreaterThan(0);
  expect(delivered).toBeLessThan(20);
  await fill(broker, [['Later']]);
  expect(await standIn.names()).toHaveLength(delivered);
});

test('stop() waits for messages in flight without a limit', async () => {
  const broker = await startStream();
  let open = (): void => {};
  let begun = false;
  const { stop } = await forward(broker, 'http://127.0.0.1:9', {
    forwarder: {
      async forward() {
        begun = true;
        await new Promise<void>((resolve) => (open = resolve));
        return { kind: 'done', rejected: [] };
      },
    },
  });
  await fill(broker, [['Event']]);
  await vi.waitFor(() => expect(begun).toBe(true), WAIT);
  let stopped = false;
  const stopping = stop().then(() => (stopped = true));
  // Longer than the interval at which the forwarder requests more messages.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(stopped).toBe(false);
  open();
  await stopping;
  await vi.waitFor(async () => expect(await held(broker)).toBe(0), WAIT);
});

test('stop() does not wait until Customer.io works again', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  await standIn.faults({ status: 429, retryAfter: '600' });
  await fill(broker, [['Event']]);
  const { stop, log } = await forward(broker, standIn.origin);
  await vi.waitFor(() => expect(log).toHaveLength(1), WAIT);
  await stop();
  expect(await held(broker)).toBe(1);
});

test('a nats-server that is killed and started again has lost no message, and forwarding continues', async () => {
  const [broker, standIn] = [await startStream(), await startStandIn()];
  await standIn.faults({ latencyMs: 50 });
  await fill(broker, names(60, 'Event'));
  const { errors } = await forward(broker, standIn.origin, { concurrency: 2 });
  await vi.waitFor(async () => expect((await standIn.names()).length).toBeGreaterThan(5), WAIT);
  await broker.server.kill();
  await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), WAIT);
  expect((await standIn.names()).length).toBeLessThan(60);
  await broker.server.start();
  await vi.waitFor(
    async () => expect(await standIn.account(names(60, 'Event').flat())).toMatchObject({ lost: 0 }),
    { timeout: 60_000, interval: 100 },
  );
}, 90_000);
