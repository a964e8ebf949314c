import type { TokenRejection } from '../../protocol/wire.ts';
import type { ProxyErrorCode } from '../http/response.ts';

/** What is told of one request: no payload, no key, no address, no query string. */
export interface ProxyLogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly method: string;
  /** Of a path that is none of the proxy's, 200 characters at most. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** Events that the browser was told to forget. */
  readonly events?: number;
  /** How many events were refused one by one, by their error. The browser was told to forget them too. */
  readonly rejected?: Readonly<Record<string, number>>;
  /**
   * With `customerToken.mode: 'report'`: how many events `'required'` would have refused, by their error
   * (`token_required`, `subject_mismatch`), or by what is wrong with the token (`invalid_token:expired`).
   */
  readonly tokenReport?: Readonly<Record<string, number>>;
  /** With `deduplicate`: how many events were not sent on, because they had been accepted before or stood there twice. */
  readonly duplicates?: number;
  /**
   * With `deduplicate.store`: how many events were sent although another copy of the proxy may have delivered them: it has
   * ended between sending and remembering.
   */
  readonly unknown?: number;
  /** With `deduplicate.store`: how often the store has thrown, or taken too long, for this request. */
  readonly deduplicateFailures?: number;
  /** How many events `filter` has kept back. */
  readonly filtered?: number;
  /** Bytes of the body after decompression. */
  readonly bytes?: number;
  /** What upstream has answered last. */
  readonly upstreamStatus?: number;
  /** How often upstream was asked: more than once after a retry, or to find a faulty event. */
  readonly upstreamRequests?: number;
  /**
   * How many batches, this one included, were in the request to Customer.io. That request counts in `upstreamRequests` of the
   * first of them.
   */
  readonly merged?: number;
  readonly error?: ProxyErrorCode;
  /** With `invalid_token` only. */
  readonly reason?: TokenRejection;
  /** For the operator: why, in words. */
  readonly detail?: string;
}

/** What the handler itself knows of every request. */
type Measured = 'time' | 'method' | 'path' | 'status' | 'durationMs';

/** What the steps of a request leave for its log entry. */
export type LogNote = {
  -readonly [Field in Exclude<keyof ProxyLogEntry, Measured>]?: NonNullable<ProxyLogEntry[Field]>;
};

export type OnLog = (entry: ProxyLogEntry) => void;

/** A log that fails does not fail the request. */
export function writeLog<Entry>(onLog: ((entry: Entry) => void) | undefined, entry: Entry): void {
  try {
    // An async function is a fine listener, and must not leave an unhandled rejection.
    Promise.resolve(onLog?.(entry)).catch(() => {});
  } catch {
    // Told by nothing: there is nobody left to tell.
  }
}
