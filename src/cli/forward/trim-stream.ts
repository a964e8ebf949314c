import type { JetStreamManager } from '../brokers/nats-library.ts';
import { CONSUMER } from '../brokers/nats-streams.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

/**
 * Creates a function that deletes forwarded messages from the stream, `keepMs` after it has observations that they were
 * forwarded: until then they can be replayed. It is to be called regularly, by any number of forwarders.
 */
export function createTrim({
  stream,
  keepMs,
}: NatsSettings): (manager: JetStreamManager, nowMs: number) => Promise<void> {
  /** The sequence number up to which all messages were acknowledged, and when that was observations. */
  const observations: { readonly atMs: number; readonly sequence: number }[] = [];
  return async (manager, nowMs) => {
    const { ack_floor } = await manager.consumers.info(stream, CONSUMER);
    observations.push({ atMs: nowMs, sequence: ack_floor.stream_seq });
    let last: number | undefined;
    while (observations[0] && observations[0].atMs <= nowMs - keepMs) last = observations.shift()?.sequence;
    // `purge` deletes the messages before this sequence number.
    if (last !== undefined && last > 0) await manager.streams.purge(stream, { seq: last + 1 });
  };
}
