import type { WireEvent } from '../../protocol/wire.ts';
import type { Bytes } from '../lib/bytes.ts';
import type { AcceptedEvent, Span } from './contract.ts';
import type { EventSummary } from './event-bytes.ts';
import { namesPreviousId } from './previous-id.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

type IdSummary = Pick<EventSummary, 'hasId' | 'hasPreviousId'>;

/** An accepted event that is sent on in its received bytes. Its JSON is parsed at the first read of `event` or `id`, which most proxies never do. */
export function acceptedFromBytes(bytes: Bytes, span: Span, summary: IdSummary): AcceptedEvent {
  return new EventInBytes(bytes, span, summary);
}

/** A class, because a batch has hundreds of events: an object with closures of its own for each costs as much as reading the event. */
class EventInBytes implements AcceptedEvent {
  readonly #bytes: Bytes;
  readonly #span: Span;
  readonly receivedSpan: Span | null;
  readonly hasPreviousId: boolean;
  #event: WireEvent | undefined;

  constructor(bytes: Bytes, span: Span, { hasId, hasPreviousId }: IdSummary) {
    this.#bytes = bytes;
    this.#span = span;
    this.receivedSpan = hasId ? span : null;
    this.hasPreviousId = hasPreviousId;
  }

  get json(): Uint8Array {
    return this.#bytes.subarray(this.#span.from, this.#span.to);
  }

  get event(): WireEvent {
    this.#event ??= JSON.parse(strictUtf8.decode(this.json)) as WireEvent;
    return this.#event;
  }

  get id(): string | null {
    return idOf(this.event);
  }
}

/**
 * An accepted event that is sent on as `json`, not in the bytes that were received.
 *
 * @param span of the event in the body that was received; `null` for an event that the proxy itself has made
 */
export function acceptedFromJson(event: WireEvent, json: string, span: Span | null = null): AcceptedEvent {
  const id = idOf(event);
  return {
    id,
    event,
    json,
    receivedSpan: id === null ? null : span,
    hasPreviousId: namesPreviousId(Object.keys(event)),
  };
}

/** Returns a copy of the accepted event with a hook's `event` instead of the received event; id and span stay the same. */
export function withEvent(
  { id, receivedSpan, hasPreviousId }: AcceptedEvent,
  event: WireEvent,
): AcceptedEvent {
  return { id, event, json: JSON.stringify(event), receivedSpan, hasPreviousId };
}

function idOf({ messageId }: { readonly messageId?: unknown }): string | null {
  return typeof messageId === 'string' && messageId !== '' ? messageId : null;
}
