import type { BodyLease } from './body-budget.ts';
import type { Bytes } from '../lib/bytes.ts';

/** A request in the proxy's own form, the same for the Fetch API and for `node:http`. */
export interface IncomingRequest {
  readonly method: string;
  /** The absolute URL; `new URL` always accepts it. */
  readonly url: string;
  readonly pathname: string;
  readonly headers: HeaderReader;
  /** The IP address at the other end of the connection, where that is known. */
  readonly peer: string | undefined;
  /** The request in the form that hooks get. Under Node it has no body, and is made at the first access. */
  readonly request: Request;
  /**
   * Whether the runtime removes `Content-Encoding` from responses, as Next.js does with those of route handlers: such responses
   * must not be compressed.
   */
  readonly losesEncoding?: boolean;
  /** Whether the request may have a body. */
  hasBody(): boolean;
  /** Reads the body to its end. @throws when the body breaks off */
  read(limits: ReadLimits): Bytes | Unread | Promise<Bytes | Unread>;
}

export interface ReadLimits {
  readonly maxBytes: number;
  /** How long the whole body may take to arrive, in milliseconds. */
  readonly timeoutMs: number;
  /** The part of the memory budget that the body takes while it is read. */
  readonly lease: Pick<BodyLease, 'hold'>;
}

/** Why a body was not read to its end. `already-read`: other code has read it before, and has not kept it. */
export type Unread = 'too-large' | 'too-late' | 'no-room' | 'already-read';

/** Reads the value of a header by its name, in any case; several values are joined with commas. */
export type HeaderReader = Pick<Headers, 'get'>;
