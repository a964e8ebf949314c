/** A batch, as text or in the bytes that came. */
export type BatchBody = string | Uint8Array<ArrayBuffer>;

/** As much of `fetch` as it takes to bring a batch to Customer.io. */
export type UpstreamFetch = (url: string, init: UpstreamFetchInit) => Promise<UpstreamAnswer>;

export interface UpstreamFetchInit {
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: BatchBody;
  readonly signal: AbortSignal;
  readonly redirect: 'manual';
}

/** What is looked at of an answer. */
export interface UpstreamAnswer extends Pick<Response, 'ok' | 'status' | 'text'> {
  readonly headers: Pick<Headers, 'get'>;
}
