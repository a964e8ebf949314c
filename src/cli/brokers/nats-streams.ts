import type { JetStreamManager, StreamConfig, StreamInfo } from './nats-library.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

/** The durable consumer that all forwarders share. */
export const CONSUMER = 'forwarder';

export const parkedStreamOf = ({ stream }: NatsSettings): string => `${stream}_PARKED`;
export const parkedSubjectOf = ({ subject }: NatsSettings): string => `${subject}.parked`;

const NANOS_PER_MS = 1_000_000;
/** A batch that a browser sends again meanwhile is not stored again. */
const DUPLICATE_WINDOW_MS = 600_000;
export const ACK_WAIT_MS = 30_000;
/** Of all forwarders together. */
const MOST_UNACKNOWLEDGED = 20_000;
const MOST_PARKED_BYTES = 1_000_000_000;

/** What the server answers: `errors.go` of nats-server. */
const CODES = {
  streamNotFound: 10_059,
  consumerNotFound: 10_014,
  noPeers: 10_005,
  nameInUse: 10_058,
  consumerExists: 10_148,
} as const;

/**
 * Makes the streams and the consumer that are missing. What is there is taken as it is, but for too few replicas. Answers
 * whether each stream has as many replicas as it should.
 *
 * Messages are kept for a while after they were acknowledged (`limits`, not `workqueue`): a cluster that has lost its quorum
 * can come back with an acknowledgement of a message that it then gives to another one, and what is deleted could not be
 * replayed. A full stream refuses, and throws nothing away.
 */
export async function ensureStreams(manager: JetStreamManager, settings: NatsSettings): Promise<boolean> {
  const common = {
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    max_age: settings.maxAgeMs * NANOS_PER_MS,
  } as const;
  const isReplicated = await ensureStream(manager, settings.replicas, {
    ...common,
    name: settings.stream,
    subjects: [settings.subject],
    max_bytes: settings.maxBytes,
    duplicate_window: Math.min(DUPLICATE_WINDOW_MS, settings.maxAgeMs) * NANOS_PER_MS,
  });
  const isParkedReplicated = await ensureStream(manager, settings.replicas, {
    ...common,
    name: parkedStreamOf(settings),
    subjects: [parkedSubjectOf(settings)],
    max_bytes: MOST_PARKED_BYTES,
  });
  if ((await known(CODES.consumerNotFound, manager.consumers.info(settings.stream, CONSUMER))) === null) {
    const consumer = {
      durable_name: CONSUMER,
      ack_policy: 'explicit',
      ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
      max_ack_pending: MOST_UNACKNOWLEDGED,
      filter_subject: settings.subject,
    } as const;
    // Another process may have made it in the meantime.
    await known(CODES.consumerExists, manager.consumers.add(settings.stream, consumer));
  }
  return isReplicated && isParkedReplicated;
}

type StreamOptions = Omit<StreamConfig, 'num_replicas'>;

/** Where a server is down there may be too few for all replicas: one is made then, and the others when there are enough. */
async function ensureStream(
  manager: JetStreamManager,
  replicas: number,
  options: StreamOptions,
): Promise<boolean> {
  const { name } = options;
  const add = (num_replicas: number): Promise<StreamInfo | null> =>
    known(CODES.nameInUse, manager.streams.add({ ...options, num_replicas }));
  const found =
    (await known(CODES.streamNotFound, manager.streams.info(name))) ??
    (await known(CODES.noPeers, add(replicas))) ??
    (await add(1)) ??
    (await manager.streams.info(name));
  if (found.config.num_replicas >= replicas) return true;
  const raised = await known(
    CODES.noPeers,
    manager.streams.update(name, { ...found.config, num_replicas: replicas }),
  );
  return raised !== null;
}

/** `null`: the server has answered with this code. @throws what else it answers */
async function known<T>(code: number, answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return null;
    throw error;
  }
}
