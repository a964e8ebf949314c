import { isCallback } from './arguments.ts';
import type { PluginEvent } from './draft-event.ts';
import { toWireEvent } from './wire-event.ts';
import type { DropReason } from '../events.ts';
import type { OutboxEvent } from '../outbox/contract.ts';
import { MAX_EVENT_BYTES, utf8, type WireEvent } from '../../protocol/wire.ts';

/** An event that may wait in the outbox, or why it may not. */
export type Serialized =
  | { readonly kind: 'event'; readonly event: OutboxEvent }
  | {
      readonly kind: 'dropped';
      readonly reason: DropReason;
      /** What the application has done wrong. */
      readonly mistake?: string;
      readonly cause?: unknown;
    };

// Used again for every event: what was allocated for each was a tenth of the cost of a call.
const room = new Uint8Array(MAX_EVENT_BYTES);

/** Gives an event its last form, once and for all: it is serialised here and only joined with others later. */
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
        // How it ends is of no use to anybody.
        Promise.resolve(changed).catch(() => {});
        return { kind: 'dropped', reason: 'before-send', mistake: 'beforeSend must be synchronous' };
      }
      event = { ...(changed as WireEvent), messageId: id };
    } catch (cause) {
      // It may have been about to take out what nobody may see.
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
