import type { UpstreamFetch } from './contract.ts';
import type { FetchLike } from './send-batch.ts';
import { readLimitedText } from '../lib/read-limited.ts';

/** Asks upstream with a `fetch`, and reads no more of an answer than may be in one. */
export function wrapFetch(fetch: FetchLike): UpstreamFetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    const { ok, status, headers } = response;
    return { ok, status, headers, text: () => readLimitedText(response) };
  };
}
