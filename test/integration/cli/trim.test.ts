// @vitest-environment node
/**
 * Forwarded messages are deleted from the stream after a while, and messages that were not forwarded stay.
 */
import { AckPolicy, RetentionPolicy } from '@nats-io/jetstream';
import { expect, test, vi } from 'vitest';
import { createTrim } from '../../../src/cli/forward/trim-stream.ts';
import { readNats } from '../../../src/cli/settings/nats-variables.ts';
import { type Broker, held, startBroker, SUBJECT } from '../nats/setup.ts';

const KEEP_MS = 3_600_000;

async function start(): Promise<Broker> {
  const broker = await startBroker();
  const { manager } = broker;
  await manager.streams.add({ name: 'CIO', subjects: [SUBJECT], retention: RetentionPolicy.Limits });
  await manager.consumers.add('CIO', { durable_name: 'forwarder', ack_policy: AckPolicy.Explicit });
  return broker;
}

/** Acknowledges `count` messages in their order. */
async function acknowledge({ stream, manager }: Broker, count: number): Promise<void> {
  const consumer = await stream.consumers.get('CIO', 'forwarder');
  const { ack_floor } = await consumer.info();
  for await (const message of await consumer.fetch({ max_messages: count, expires: 2_000 })) message.ack();
  await vi.waitFor(async () => {
    const info = await manager.consumers.info('CIO', 'forwarder');
    expect(info.ack_floor.stream_seq).toBe(ack_floor.stream_seq + count);
  });
}

test('messages are deleted some time after they were forwarded', async () => {
  const broker = await start();
  const settings = readNats(
    (name) => (name === 'NATS_URL' ? broker.server.url : undefined),
    () => {},
  );
  if (!settings) throw new Error('no settings');
  const trim = createTrim({ ...settings, keepMs: KEEP_MS });
  for (let i = 0; i < 10; i += 1) await broker.stream.publish(SUBJECT, `message ${i}`);
  await trim(broker.manager, 0);
  expect(await held(broker)).toBe(10);

  await acknowledge(broker, 4);
  await trim(broker.manager, 1_000);
  await acknowledge(broker, 3);
  await trim(broker.manager, 2_000);
  await trim(broker.manager, KEEP_MS + 999);
  expect(await held(broker)).toBe(10);
  await trim(broker.manager, KEEP_MS + 1_000);
  expect(await held(broker)).toBe(6);
  await trim(broker.manager, KEEP_MS + 1_999);
  expect(await held(broker)).toBe(6);
  await trim(broker.manager, KEEP_MS + 2_000);
  expect(await held(broker)).toBe(3);
  // A message that is not acknowledged stays, however old it is.
  await trim(broker.manager, 10 * KEEP_MS);
  await trim(broker.manager, 20 * KEEP_MS);
  expect(await held(broker)).toBe(3);
  expect((await broker.manager.streams.getMessage('CIO', { seq: 8 }))?.string()).toBe('message 7');
});
