import type { ProxyErrorCode } from './answer.ts';

/** What is told of one request: no payload, no key, no address, no query string. */
export interface ProxyLogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** Events that the browser was told to forget. */
  readonly events?: number;
  /** Bytes of the body after decompression. */
  readonly bytes?: number;
  readonly upstreamStatus?: number;
  readonly error?: ProxyErrorCode;
  /** For the operator: why, in words. */
  readonly detail?: string;
}

/** What the steps of a request leave for its log entry. */
export type Note = {
  -readonly [Field in 'events' | 'bytes' | 'upstreamStatus' | 'error' | 'detail']?: ProxyLogEntry[Field];
};

export type OnLog = (entry: ProxyLogEntry) => void;

/** A log that fails does not fail the request. */
export function tell(onLog: OnLog | undefined, entry: ProxyLogEntry): void {
  try {
    // An async function is a fine listener, and must not leave an unhandled rejection.
    Promise.resolve(onLog?.(entry)).catch(() => {});
  } catch {
    // Told by nothing: there is nobody left to tell.
  }
}
