import type { WireEvent } from '../../protocol/wire.ts';

/** A part of some bytes: from the index `from` up to, and without, the index `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** An event that has passed the checks, and its JSON. */
export interface AcceptedEvent {
  /** The `messageId` that the browser has given to the event. `null`: the event has none, or an empty one. */
  readonly id: string | null;
  readonly event: WireEvent;
  /** The JSON that is sent to Customer.io: the received bytes if the event is not changed, otherwise a text. */
  readonly json: string | Uint8Array;
  /**
   * The span of the event in the body that was received. Deduplication recognises a repeated event by these bytes, also if hooks
   * change the event. `null`: the event has no `messageId`, so a second event with the same bytes may be a different event.
   */
  readonly receivedSpan: Span | null;
  /** Whether the event has a field that may be read as `previousId`, by which Customer.io merges two persons. */
  readonly hasPreviousId: boolean;
}
