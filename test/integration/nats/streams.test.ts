// @vitest-environment node
/** Several forwarders start at the same moment, and create the same streams. */
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { CONSUMER, ensureStreams } from '../../../src/cli/brokers/nats-streams.ts';
import type { NatsSettings } from '../../../src/cli/settings/nats-variables.ts';
import { startNats } from '../../support/brokers/nats-server.ts';

const ROUNDS = 25;

const settingsOf = (round: number): NatsSettings => ({
  servers: [],
  tls: false,
  user: undefined,
  password: undefined,
  token: undefined,
  credentials: undefined,
  stream: `CIO_${round}`,
  subject: `cio.batches.${round}`,
  replicas: 1,
  maxAgeMs: 3_600_000,
  maxBytes: 1_000_000,
  keepMs: 60_000,
});

test('forwarders that start at the same moment create the streams once, without an error', async () => {
  const server = await startNats();
  onTestFinished(() => server.remove());
  const managers = await Promise.all(
    Array.from({ length: 6 }, async (): Promise<JetStreamManager> => {
      const nats = await connect({ servers: server.url });
      onTestFinished(() => nats.close());
      return await jetstreamManager(nats);
    }),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    const settings = settingsOf(round);
    expect(await Promise.all(managers.map((manager) => ensureStreams(manager, settings)))).toEqual(
      managers.map(() => true),
    );
    expect((await managers[0]?.consumers.info(settings.stream, CONSUMER))?.name).toBe(CONSUMER);
  }
});

test('a subject that belongs to another stream is an error that says so', async () => {
  const server = await startNats();
  onTestFinished(() => server.remove());
  const nats = await connect({ servers: server.url });
  onTestFinished(() => nats.close());
  const manager = await jetstreamManager(nats);
  const settings = settingsOf(1);
  await manager.streams.add({ name: 'OTHER', subjects: [settings.subject] });
  await expect(ensureStreams(manager, settings)).rejects.toThrow('subjects overlap with an existing stream');
});
