import type { Ask } from './ask.ts';
import type { FetchLike } from './forward.ts';
import { readLimitedText } from './read-limited.ts';

/** Asks upstream with a `fetch`, and reads no more of an answer than may be in one. */
export function createFetchAsk(fetch: FetchLike): Ask {
  return async (url, init) => {
    const response = await fetch(url, init);
    const { ok, status, headers } = response;
    return { ok, status, headers, text: () => readLimitedText(response) };
  };
}
