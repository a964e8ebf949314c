import type { JetStreamManager } from '../brokers/nats-library.ts';
import { CONSUMER } from '../brokers/nats-streams.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

/**
 * Takes messages from the stream that were forwarded, `keepMs` after it is known that they were: meanwhile they can be
 * forwarded again. Call it now and then; any number of forwarders may do so.
 */
export function createTrim({
  stream,
  keepMs,
}: NatsSettings): (manager: JetStreamManager, nowMs: number) => Promise<void> {
  /** Up to which message all were acknowledged, and when that was seen. */
  const seen: { readonly atMs: number; readonly sequence: number }[] = [];
  return async (manager, nowMs) => {
    const { ack_floor } = await manager.consumers.info(stream, CONSUMER);
    seen.push({ atMs: nowMs, sequence: ack_floor.stream_seq });
    let last: number | undefined;
    while (seen[0] && seen[0].atMs <= nowMs - keepMs) last = seen.shift()?.sequence;
    // Everything before this one.
    if (last !== undefined && last > 0) await manager.streams.purge(stream, { seq: last + 1 });
  };
}
