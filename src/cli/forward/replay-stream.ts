import type { NatsConsumer } from '../../nats.ts';
import type { NatsReady } from '../brokers/nats-connection.ts';
import { ACK_WAIT_MS } from '../brokers/nats-streams.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

const NANOS_PER_MS = 1_000_000;
/** The server removes the consumer of a replay that was broken off. */
const INACTIVE_MS = 300_000;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90m` and the like is so long before `nowMs`. `null`: it is no time, or is not in the past. */
export function replayStart(text: string, nowMs: number): Date | null {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at = count === undefined ? isoTime(text) : nowMs - Number(count) * (UNIT_MS[unit] ?? 0);
  return at < nowMs ? new Date(at) : null;
}

/** A date without a time would be one of two days, by the time zone. */
const isoTime = (text: string): number =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;

/** What the stream still has of messages since a time. */
export interface Replay {
  readonly consumer: NatsConsumer;
  /** How many messages there are to forward. */
  readonly messages: number;
  /** Whether all that was there when it began has been forwarded. */
  isOver(): Promise<boolean>;
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
