import { isCallback } from './arguments.ts';
import type { PluginEvent } from './draft-event.ts';
import { toWireEvent } from './wire-event.ts';
import type { DropReason } from '../events.ts';
import type { OutboxEvent } from '../outbox/contract.ts';
import { MAX_EVENT_BYTES, utf8, type WireEvent } from '../../protocol/wire.ts';

/** The result of `serialize`: an event for the outbox, or the reason why the event is dropped. */
export type Serialized =
  | { readonly kind: 'event'; readonly event: OutboxEvent }
  | {
      readonly kind: 'dropped';
      readonly reason: DropReason;
      /** A description of the application's mistake. */
      readonly mistake?: string;
      readonly cause?: unknown;
    };

// All events share this buffer: allocating one for each event was a tenth of the cost of a call.
const room = new Uint8Array(MAX_EVENT_BYTES);

/** Serialises an event, after `beforeSend`. From here on its JSON never changes: batches only join the JSON of several events. */
export function serialize(
  id: string,
  at: number,
  draft: PluginEvent,
  beforeSend: ((event: WireEvent) => WireEvent | null) | undefined,
): Serialized {
  let event = toWireEvent(draft, id);
  if (beforeSend) {
    try {
      const changed: unknown = beforeSend(event);
      if (typeof changed !== 'object' || changed === null) return { kind: 'dropped', reason: 'before-send' };
      if (isCallback((changed as Partial<Promise<unknown>>).then)) {
        // The result of the promise is not used; without a handler a rejection would be reported as unhandled.
        Promise.resolve(changed).catch(() => {});
        return { kind: 'dropped', reason: 'before-send', mistake: 'beforeSend must be synchronous' };
      }
      event = { ...(changed as WireEvent), messageId: id };
    } catch (cause) {
      // The event is dropped: `beforeSend` may have failed before it removed private data.
      return { kind: 'dropped', reason: 'before-send', cause };
    }
  }
  try {
    const json = JSON.stringify(event);
    const { read, written } = utf8.encodeInto(json, room);
    if (read < json.length) return { kind: 'dropped', reason: 'too-large' };
    return { kind: 'event', event: { id, at, json, bytes: written } };
  } catch (cause) {
    return { kind: 'dropped', reason: 'invalid', cause };
  }
}
