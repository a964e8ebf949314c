import type { NatsConsumer } from '../../nats.ts';
import type { NatsReady } from '../brokers/nats-connection.ts';
import { ACK_WAIT_MS } from '../brokers/nats-streams.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

const NANOS_PER_MS = 1_000_000;
/** After this time the server deletes the consumer of a replay that was interrupted. */
const INACTIVE_MS = 300_000;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads the start of a replay: `90m` is 90 minutes before `nowMs`. Returns `null` for a text that is no time, or no
 * time in the past.
 */
export function replayStart(text: string, nowMs: number): Date | null {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at = count === undefined ? isoTime(text) : nowMs - Number(count) * (UNIT_MS[unit] ?? 0);
  return at < nowMs ? new Date(at) : null;
}

/** Reads a date with a time and a time zone. A date alone would be ambiguous, because the day depends on the time zone. */
const isoTime = (text: string): number =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;

/** A replay of the messages that the stream still has since a time. */
export interface Replay {
  /** The consumer of the replay. */
  readonly consumer: NatsConsumer;
  /** The number of messages to forward. */
  readonly messages: number;
  /** Returns whether all messages that existed at the start of the replay were forwarded. */
  isOver(): Promise<boolean>;
  /** Deletes the consumer. */
  end(): Promise<unknown>;
}

export async function openReplay(
  { jetstream, manager }: NatsReady,
  { stream, subject }: NatsSettings,
  since: Date,
): Promise<Replay> {
  const { last_seq: lastSequence } = (await manager.streams.info(stream)).state;
  const { name, num_pending: messages } = await manager.consumers.add(stream, {
    ack_policy: 'explicit',
    ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
    deliver_policy: 'by_start_time',
    opt_start_time: since.toISOString(),
    filter_subject: subject,
    inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
  });
  return {
    consumer: await jetstream.consumers.get(stream, name),
    messages,
    async isOver() {
      const { ack_floor, num_pending, num_ack_pending } = await manager.consumers.info(stream, name);
      return ack_floor.stream_seq >= lastSequence || num_pending + num_ack_pending === 0;
    },
    end: () => manager.consumers.delete(stream, name),
  };
}
