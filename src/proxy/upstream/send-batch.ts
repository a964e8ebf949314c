import { BATCH_PATH, basicAuthorization } from '../../protocol/wire.ts';
import type { UpstreamFetch, BatchBody } from './contract.ts';
import { type Delivery, deliveryOf } from './delivery.ts';

/** The part of `fetch` that the proxy calls: a URL and an init, never a `Request` object. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

export interface SendBatchNeeds {
  /** Sends one request. */
  readonly ask: UpstreamFetch;
  /** The URL of the API, without a slash at its end. */
  readonly upstreamUrl: string;
  /** Returns the write key. Called for each batch, so that a key can be replaced while the proxy runs. */
  readonly writeKey: () => string | Promise<string>;
}

/** Sends one request with a batch. @throws when there is no response, and the reason of `signal` when it aborts */
export type SendBatch = (body: BatchBody, signal: AbortSignal) => Promise<Delivery>;

const MOST_REDIRECTS = 5;
// 303 is not in the list: it changes the request to a GET, which would lose the batch and seem successful.
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);

/**
 * Creates a function that sends a batch to Customer.io with the write key. No header of the visitor's request is passed
 * on.
 */
export function createSendBatch({ ask, upstreamUrl, writeKey }: SendBatchNeeds): SendBatch {
  const start = new URL(upstreamUrl + BATCH_PATH);

  return async (body, signal) => {
    let key: string;
    try {
      key = await writeKey();
    } catch {
      return { kind: 'misconfigured', detail: 'The function "writeKey" failed.' };
    }
    if (!key) return { kind: 'misconfigured', detail: 'The function "writeKey" returned no key.' };

    const headers = {
      Authorization: basicAuthorization(key),
      'Content-Type': 'application/json',
      // Without this header Customer.io responds 200 to events that it discards.
      'X-Strict-Mode': '1',
    };
    let url = start;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      const response = await ask(url.href, { method: 'POST', headers, body, signal, redirect: 'manual' });
      const location = response.headers.get('Location');
      if (!REDIRECTS.has(response.status) || location === null)
        return deliveryOf(response, [key, headers.Authorization]);
      // The body is read: an unread body blocks the connection for the next request.
      await response.text().catch(() => '');
      const next = redirectTarget(location, url, start);
      if (next === null)
        return {
          kind: 'misconfigured',
          status: response.status,
          detail: 'Customer.io redirected to another host, which may not get the write key.',
        };
      url = next;
    }
    return { kind: 'misconfigured', detail: 'Customer.io redirects in a loop.' };
  };
}

/**
 * Returns the target of a redirect if it may get the write key: the same host, or a host of Customer.io, which moves
 * accounts between regions. `null`: any other host.
 */
function redirectTarget(location: string, from: URL, start: URL): URL | null {
  if (!URL.canParse(location, from)) return null;
  const to = new URL(location, from);
  const isCustomerio = to.protocol === 'https:' && to.port === '' && /(^|\.)customer\.io$/.test(to.hostname);
  const isSameHost = to.host === start.host && (to.protocol === start.protocol || to.protocol === 'https:');
  return (isCustomerio || isSameHost) && to.username === '' && to.password === '' ? to : null;
}
