import type { JetStreamManager, StreamConfig, StreamInfo } from './nats-library.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

/** The name of the durable consumer that all forwarders share. */
export const CONSUMER = 'forwarder';

/** The stream for messages that can never be forwarded. */
export const parkedStreamOf = ({ stream }: NatsSettings): string => `${stream}_PARKED`;
/** The subject of that stream. */
export const parkedSubjectOf = ({ subject }: NatsSettings): string => `${subject}.parked`;

const NANOS_PER_MS = 1_000_000;
/** The window in which a batch that a browser sends again is not stored again. */
const DUPLICATE_WINDOW_MS = 600_000;
/** How long the stream waits for an acknowledgement before it delivers a message again. */
export const ACK_WAIT_MS = 30_000;
/** The most unacknowledged messages of all forwarders together. */
const MOST_UNACKNOWLEDGED = 20_000;
const MOST_PARKED_BYTES = 1_000_000_000;

/** Error codes of the server: `errors.go` of nats-server. */
const CODES = {
  streamNotFound: 10_059,
  consumerNotFound: 10_014,
  noPeers: 10_005,
  nameInUse: 10_058,
  subjectsOverlap: 10_065,
  consumerExists: 10_148,
} as const;

/**
 * Creates the streams and the consumer if they are missing. Existing ones stay as they are, except that the number of
 * replicas is raised. Returns whether each stream has all its replicas.
 *
 * Messages are kept for a while after they were acknowledged (`limits`, not `workqueue`). After it has lost its quorum,
 * a cluster can come back with an acknowledgement that was meant for another message, and a message that was deleted
 * could not be replayed. A full stream refuses new messages, and deletes none.
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
  if (
    (await unlessCode(CODES.consumerNotFound, manager.consumers.info(settings.stream, CONSUMER))) === null
  ) {
    const consumer = {
      durable_name: CONSUMER,
      ack_policy: 'explicit',
      ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
      max_ack_pending: MOST_UNACKNOWLEDGED,
      filter_subject: settings.subject,
    } as const;
    // Another process may have created the consumer in the meantime.
    await unlessCode(CODES.consumerExists, manager.consumers.add(settings.stream, consumer));
  }
  return isReplicated && isParkedReplicated;
}

type StreamOptions = Omit<StreamConfig, 'num_replicas'>;

/** Creates a stream. If too few servers are up for all replicas, the stream begins with one, and gets the others later. */
async function ensureStream(
  manager: JetStreamManager,
  replicas: number,
  options: StreamOptions,
): Promise<boolean> {
  const { name } = options;
  const find = (): Promise<StreamInfo | null> => unlessCode(CODES.streamNotFound, manager.streams.info(name));
  const add = async (num_replicas: number): Promise<StreamInfo | null> => {
    try {
      return await unlessCode(CODES.nameInUse, manager.streams.add({ ...options, num_replicas }));
    } catch (error) {
      // nats-server 2.9 can refuse with this code when another process creates the same stream at the same moment.
      const created = hasCode(error, CODES.subjectsOverlap) ? await find() : null;
      if (created === null) throw error;
      return created;
    }
  };
  const found =
    (await find()) ??
    (await unlessCode(CODES.noPeers, add(replicas))) ??
    (await add(1)) ??
    (await manager.streams.info(name));
  if (found.config.num_replicas >= replicas) return true;
  const raised = await unlessCode(
    CODES.noPeers,
    manager.streams.update(name, { ...found.config, num_replicas: replicas }),
  );
  return raised !== null;
}

/** Returns the answer of the server, or `null` for this error code. @throws any other error */
async function unlessCode<T>(code: number, answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (hasCode(error, code)) return null;
    throw error;
  }
}

const hasCode = (error: unknown, code: number): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
