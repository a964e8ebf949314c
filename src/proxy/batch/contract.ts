import type { WireEvent } from '../../protocol/wire.ts';

/** A part of some bytes: from the index `from` up to, and without, the index `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** An event that has passed the checks, and its JSON. */
export interface AcceptedEvent {
  /** The event's `messageId`, as the browser knows it. `null`: the event has none, or an empty one. */
  readonly id: string | null;
  readonly event: WireEvent;
  /** The JSON that is sent on: the bytes that were received where nothing has to be changed, otherwise a text. */
  readonly json: string | Uint8Array;
  /**
   * The span of the event in the body that was received. Deduplication recognises a repeated event by these bytes, whatever
   * hooks make of the event. `null`: the event has no `messageId`, so a second event with the same bytes may be another one.
   */
  readonly receivedSpan: Span | null;
  /** Whether the event has a field that may be read as `previousId`, by which Customer.io merges two persons. */
  readonly hasPreviousId: boolean;
}
