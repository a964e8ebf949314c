import type { TokenRejection } from '../../protocol/wire.ts';
import type { ProxyErrorCode } from '../http/response.ts';

/** The log entry of a request. The entry contains no payload, no key, no IP address and no query string. */
export interface ProxyLogEntry {
  /** When the request arrived, in ISO 8601. */
  readonly time: string;
  /** The HTTP method. */
  readonly method: string;
  /**
   * The path without its query, 200 characters at most. For a path that the proxy does not serve: the received path without
   * changes. In a path of settings, `…` replaces the client key.
   */
  readonly path: string;
  /** The HTTP status of the response. */
  readonly status: number;
  /** The name of the request's client key, where the option `clientKeys` has one. The key itself is not in the log. */
  readonly clientKeyName?: string;
  /** The time from the arrival of the request to its response, in milliseconds. */
  readonly durationMs: number;
  /** How many events of the batch were accepted, with duplicates and filtered events. The browser removes these events. */
  readonly events?: number;
  /** How many single events were rejected, by their error. The browser removes these events too. */
  readonly rejected?: Readonly<Record<string, number>>;
  /**
   * With `customerToken.mode: 'report'`: how many events the mode `'required'` would have rejected, by their error
   * (`token_required`, `subject_mismatch`), or by the fault of the token (`invalid_token:expired`).
   */
  readonly tokenReport?: Readonly<Record<string, number>>;
  /** With `deduplicate`: how many events were not sent on, because they had been accepted before, or were in the batch twice. */
  readonly duplicates?: number;
  /**
   * With `deduplicate.store`: how many events were sent although another replica of the proxy may have delivered them already. That
   * replica has stopped after it claimed these events, and before it stored the result.
   */
  readonly unknown?: number;
  /** With `deduplicate.store`: how many calls of the store have failed, or taken too long, for this request. */
  readonly deduplicateFailures?: number;
  /** How many events `filter` has removed. */
  readonly filtered?: number;
  /** The size of the body after decompression, in bytes. */
  readonly bytes?: number;
  /** The HTTP status of Customer.io's last response. */
  readonly upstreamStatus?: number;
  /** How many requests were sent to Customer.io: more than one after a retry, or to find a faulty event. */
  readonly upstreamRequests?: number;
  /**
   * How many batches, this one included, were in the request to Customer.io. That request counts in `upstreamRequests` of the
   * first of these batches only.
   */
  readonly merged?: number;
  /** The field `error` of the response, if the request was refused. */
  readonly error?: ProxyErrorCode;
  /** The fault of the token: with the error `invalid_token` only. */
  readonly reason?: TokenRejection;
  /**
   * The cause of a refusal in words, for the operator. Examples are the origin that is not allowed, the issuer or audience of a
   * refused token, and by how many seconds the token has expired. Responses do not contain this text. With
   * `customerToken.mode: 'report'` also the fault of a token that would have been refused.
   */
  readonly detail?: string;
}

/** The fields of a log entry that the handler fills in for every request. */
type Measured = 'time' | 'method' | 'path' | 'status' | 'durationMs';

/** The other fields of a log entry, which the steps of a request fill in as they go. */
export type LogNote = {
  -readonly [Field in Exclude<keyof ProxyLogEntry, Measured>]?: NonNullable<ProxyLogEntry[Field]>;
};

export type OnLog = (entry: ProxyLogEntry) => void;

/** Calls the log function. Where it throws or rejects, the request does not fail. */
export function writeLog<Entry>(onLog: ((entry: Entry) => void) | undefined, entry: Entry): void {
  try {
    // The log function may be async: its rejection is caught, because an unhandled one would end a process of Node.
    Promise.resolve(onLog?.(entry)).catch(() => {});
  } catch {
    // The error is dropped: the log, where it would be reported, is what has failed.
  }
}

/** Writes the name of the client key into the log entry, where the key has one. */
export function noteKeyName({ name }: { readonly name?: string }, note: LogNote): void {
  if (name !== undefined) note.clientKeyName = name;
}
