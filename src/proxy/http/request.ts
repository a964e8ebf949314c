import type { BodyLease } from './body-budget.ts';
import type { Bytes } from './body.ts';

/** A request, whichever door it came through. */
export interface IncomingRequest {
  readonly method: string;
  /** Whole, and always one that `URL` reads. */
  readonly url: string;
  readonly pathname: string;
  readonly headers: HeaderReader;
  /** The address at the other end of the connection, where that is known. */
  readonly peer: string | undefined;
  /** For hooks. Under Node it has no body, and is made for the first who asks. */
  readonly request: Request;
  /** Whether answers lose their `Content-Encoding` on the way out: Next.js takes it off what route handlers answer. */
  readonly losesEncoding?: boolean;
  /** Whether there may be anything to read. */
  hasBody(): boolean;
  /** Reads the body to its end. @throws when it breaks off */
  read(limits: ReadLimits): Bytes | Unread | Promise<Bytes | Unread>;
}

export interface ReadLimits {
  readonly maxBytes: number;
  /** For all of it to arrive, in milliseconds. */
  readonly timeoutMs: number;
  /** What it may take of the memory. */
  readonly lease: Pick<BodyLease, 'hold'>;
}

/** Why a body was not read to its end. `already-read`: somebody else has read it, and has kept nothing of it. */
export type Unread = 'too-large' | 'too-late' | 'no-room' | 'already-read';

/** Gives the values of a header, with commas between them. Names in any case. */
export type HeaderReader = Pick<Headers, 'get'>;
