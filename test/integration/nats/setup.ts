import {
  AckPolicy,
  type Consumer,
  DiscardPolicy,
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, nanos, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { type NatsServer, startNats } from '../../support/brokers/nats-server.ts';

export const SUBJECT = 'cio.batches';
export const PARKED = 'cio.parked';

export interface Broker {
  readonly server: NatsServer;
  readonly nats: NatsConnection;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** Starts a server for one test, without a stream. */
export async function startBroker(): Promise<Broker> {
  const server = await startNats();
  onTestFinished(() => server.remove());
  const nats = await connect({
    servers: server.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 0,
  });
  onTestFinished(() => nats.close());
  return { server, nats, stream: jetstream(nats), manager: await jetstreamManager(nats) };
}

/** Starts a server with a stream that deletes acknowledged messages, so that a test sees the others. */
export async function startStream(config: Partial<StreamConfig> = {}, ackWaitMs = 30_000): Promise<Broker> {
  const broker = await startBroker();
  const { manager } = broker;
  const common = { retention: RetentionPolicy.Workqueue, discard: DiscardPolicy.New };
  await manager.streams.add({ name: 'CIO', subjects: [SUBJECT], ...common, ...config });
  await manager.streams.add({ name: 'CIO_PARKED', subjects: [PARKED] });
  await manager.consumers.add('CIO', {
    durable_name: 'forwarder',
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
  });
  return broker;
}

export const consumerOf = ({ stream }: Broker): Promise<Consumer> => stream.consumers.get('CIO', 'forwarder');

/** The number of messages in a stream. */
export async function held({ manager }: Broker, stream = 'CIO'): Promise<number> {
  return (await manager.streams.info(stream)).state.messages;
}
