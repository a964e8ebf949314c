import type { OutboxEvent, WaitingEvent } from '../../src/sdk/outbox/contract.ts';
import { START_MS } from './clock.ts';

/** Events of the outbox: `events('e', 3)` are `e1`, `e2`, `e3`. */
export function events(prefix: string, count: number, from = 1): readonly OutboxEvent[] {
  return Array.from({ length: count }, (_, i) => outboxEvent(`${prefix}${from + i}`));
}

/** The same events as they were before the log had assigned them a place. */
export const placeless = (list: readonly OutboxEvent[]): readonly WaitingEvent[] =>
  list.map(({ id, at, json, bytes }) => ({ id, at, json, bytes, place: 0 }));

/** @param bytes pads the event to this size */
export function outboxEvent(id: string, { at = START_MS, bytes = 0 } = {}): OutboxEvent {
  const bare = JSON.stringify({ type: 'track', messageId: id, pad: '' });
  const json = JSON.stringify({
    type: 'track',
    messageId: id,
    pad: 'x'.repeat(Math.max(0, bytes - bare.length)),
  });
  return { id, at, json, bytes: json.length };
}
