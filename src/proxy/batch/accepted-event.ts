import type { WireEvent } from '../../protocol/wire.ts';
import type { Bytes } from '../http/body.ts';
import type { EventSummary } from './event-bytes.ts';
import type { Span } from './event-hash.ts';
import { namesPreviousId } from './previous-id.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** An event that may pass, and its JSON. */
export interface AcceptedEvent {
  /** Its `messageId`, as the browser knows it. `null`: it has none, or an empty one. */
  readonly id: string | null;
  readonly event: WireEvent;
  /** The bytes that came, where it may go on in them. */
  readonly json: string | Uint8Array;
  /**
   * Where it was in the body that came: a repeat is recognised by these bytes, whatever hooks make of the event.
   * `null`: it has no `messageId`, so that a second one like it may be another event.
   */
  readonly came: Span | null;
  /** Whether it has a field that may be read as `previousId`, by which two persons become one. */
  readonly hasPreviousId: boolean;
}

type SealedFace = Pick<EventSummary, 'hasId' | 'hasPreviousId'>;

/** Of an event that goes on in its bytes: it is parsed when somebody asks, which most proxies never do. */
export function acceptedFromBytes(bytes: Bytes, span: Span, face: SealedFace): AcceptedEvent {
  return new EventInBytes(bytes, span, face);
}

/** A class, because a batch has hundreds: an object with closures of its own for each costs as much as reading it. */
class EventInBytes implements AcceptedEvent {
  readonly #bytes: Bytes;
  readonly #span: Span;
  readonly came: Span | null;
  readonly hasPreviousId: boolean;
  #event: WireEvent | undefined;

  constructor(bytes: Bytes, span: Span, { hasId, hasPreviousId }: SealedFace) {
    this.#bytes = bytes;
    this.#span = span;
    this.came = hasId ? span : null;
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

/** `span`: where it was, if it has come in a body. */
export function acceptedFromJson(event: WireEvent, json: string, span: Span | null = null): AcceptedEvent {
  const id = idOf(event);
  return {
    id,
    event,
    json,
    came: id === null ? null : span,
    hasPreviousId: namesPreviousId(Object.keys(event)),
  };
}

/** The same acceptedEvent, with what a hook has made of its event. */
export function withEvent({ id, came, hasPreviousId }: AcceptedEvent, event: WireEvent): AcceptedEvent {
  return { id, event, json: JSON.stringify(event), came, hasPreviousId };
}

function idOf({ messageId }: { readonly messageId?: unknown }): string | null {
  return typeof messageId === 'string' && messageId !== '' ? messageId : null;
}
