import type { WireEvent } from '../wire.ts';
import type { Bytes } from './body.ts';
import type { Span } from './event-hash.ts';
import { strictUtf8 } from './utf8.ts';

/** An event that may pass, and its JSON. */
export interface Parcel {
  /** Its `messageId`, as the browser knows it. `null`: it has none. */
  readonly id: string | null;
  readonly event: WireEvent;
  /** The bytes that came, where it may go on in them. */
  readonly json: string | Uint8Array;
  /**
   * Where it was in the body that came: a repeat is recognised by these bytes, whatever hooks make of the event.
   * `null`: it has no `messageId`, so that a second one like it may be another event.
   */
  readonly came: Span | null;
}

/** Of an event that goes on in its bytes: it is parsed when somebody asks, which most proxies never do. */
export function sealedParcel(bytes: Bytes, span: Span, hasId: boolean): Parcel {
  return new SealedParcel(bytes, span, hasId);
}

/** A class, because a batch has hundreds: an object with closures of its own for each costs as much as reading it. */
class SealedParcel implements Parcel {
  readonly #bytes: Bytes;
  readonly #span: Span;
  readonly came: Span | null;
  #event: WireEvent | undefined;

  constructor(bytes: Bytes, span: Span, hasId: boolean) {
    this.#bytes = bytes;
    this.#span = span;
    this.came = hasId ? span : null;
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
export function writtenParcel(event: WireEvent, json: string, span: Span | null = null): Parcel {
  const id = idOf(event);
  return { id, event, json, came: id ? span : null };
}

/** The same parcel, with what a hook has made of its event. */
export function repacked({ id, came }: Parcel, event: WireEvent): Parcel {
  return { id, event, json: JSON.stringify(event), came };
}

function idOf({ messageId }: { readonly messageId?: unknown }): string | null {
  return typeof messageId === 'string' ? messageId : null;
}
