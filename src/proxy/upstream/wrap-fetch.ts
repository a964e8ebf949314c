import type { UpstreamFetch } from './contract.ts';
import type { FetchLike } from './send-batch.ts';
import { readLimitedText } from '../lib/read-limited.ts';

/** Adapts a `fetch` for requests to Customer.io: at most the allowed size of a response is read. */
export function wrapFetch(fetch: FetchLike): UpstreamFetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    const { ok, status, headers } = response;
    return { ok, status, headers, text: () => readLimitedText(response) };
  };
}
