import type { WireEvent } from '../wire.ts';
import { strictUtf8 } from './utf8.ts';

/** An event that may pass, and its JSON. */
export interface Parcel {
  /** Its `messageId`, as the browser knows it. `null`: it has none. */
  readonly id: string | null;
  readonly event: WireEvent;
  /** The bytes that came, where it may go on in them. */
  readonly json: string | Uint8Array;
}

/** Of an event that goes on in its bytes: it is parsed when somebody asks, which most proxies never do. */
export function sealedParcel(bytes: Uint8Array, from: number, to: number): Parcel {
  return new SealedParcel(bytes, from, to);
}

/** A class, because a batch has hundreds: an object with closures of its own for each costs as much as reading it. */
class SealedParcel implements Parcel {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  readonly #to: number;
  #event: WireEvent | undefined;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
  }

  get json(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  get event(): WireEvent {
    this.#event ??= JSON.parse(strictUtf8.decode(this.json)) as WireEvent;
    return this.#event;
  }

  get id(): string | null {
    return idOf(this.event);
  }
}

export function writtenParcel(event: WireEvent, json: string): Parcel {
  return { id: idOf(event), event, json };
}

function idOf({ messageId }: { readonly messageId?: unknown }): string | null {
  return typeof messageId === 'string' ? messageId : null;
}
