/** The body of a request to Customer.io: text, or the bytes that the browser sent. */
export type BatchBody = string | Uint8Array<ArrayBuffer>;

/** The part of `fetch` that is needed to send a batch to Customer.io. */
export type UpstreamFetch = (url: string, init: UpstreamFetchInit) => Promise<UpstreamAnswer>;

/** The options of such a request. */
export interface UpstreamFetchInit {
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: BatchBody;
  readonly signal: AbortSignal;
  readonly redirect: 'manual';
}

/** The part of a `Response` that is read. */
export interface UpstreamAnswer extends Pick<Response, 'ok' | 'status' | 'text'> {
  readonly headers: Pick<Headers, 'get'>;
}
