import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';

/** The bytes of a batch around its events, and some more. */
const ENVELOPE_BYTES = 100;

/**
 * Returns the events that fit into the last request of a page, oldest first.
 * @param roomBytes what the browser still lets requests carry beyond the end of their page
 * @param mayGo whether this event may be in it
 */
export function fitIntoFarewell(
  events: readonly OutboxEvent[],
  { maxEvents, maxBytes }: BatchLimits,
  roomBytes: number,
  mayGo: (event: OutboxEvent) => boolean,
): readonly WaitingEvent[] {
  let leftBytes = Math.min(roomBytes - ENVELOPE_BYTES, maxBytes);
  const fitting: WaitingEvent[] = [];
  for (const event of events) {
    if (!mayGo(event)) continue;
    if (fitting.length >= maxEvents || (leftBytes -= event.bytes + 1) < 0) break;
    fitting.push({ ...event, place: 0 });
  }
  return fitting;
}
