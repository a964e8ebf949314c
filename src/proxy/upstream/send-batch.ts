import { BATCH_PATH, basicAuthorization } from '../../protocol/wire.ts';
import type { UpstreamFetch, BatchBody } from './contract.ts';
import { type Delivery, deliveryOf } from './delivery.ts';

/** What is asked of a `fetch`. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

export interface SendBatchNeeds {
  readonly ask: UpstreamFetch;
  /** Without a slash at its end. */
  readonly upstreamUrl: string;
  readonly writeKey: () => string | Promise<string>;
}

export type SendBatch = (body: BatchBody, signal: AbortSignal) => Promise<Delivery>;

const MOST_REDIRECTS = 5;
// 303 asks for a GET: that would lose the batch and look like success.
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);

/** Sends a batch to Customer.io with the real credential. Of the visitor's request nothing goes along but the batch. */
export function createSendBatch({ ask, upstreamUrl, writeKey }: SendBatchNeeds): SendBatch {
  const start = new URL(upstreamUrl + BATCH_PATH);

  return async (body, signal) => {
    let key: string;
    try {
      key = await writeKey();
    } catch {
      return { kind: 'misconfigured', detail: 'The function "writeKey" failed.' };
    }
    if (!key) return { kind: 'misconfigured', detail: 'The function "writeKey" returned nothing.' };

    const headers = {
      Authorization: basicAuthorization(key),
      'Content-Type': 'application/json',
      // Without it Customer.io answers 200 to what it throws away.
      'X-Strict-Mode': '1',
    };
    let url = start;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      const response = await ask(url.href, { method: 'POST', headers, body, signal, redirect: 'manual' });
      const location = response.headers.get('Location');
      if (!REDIRECTS.has(response.status) || location === null)
        return deliveryOf(response, [key, headers.Authorization]);
      // Read, because an unread body keeps its connection from the next request.
      await response.text().catch(() => '');
      const next = redirectTarget(location, url, start);
      if (next === null)
        return {
          kind: 'misconfigured',
          status: response.status,
          detail: 'Upstream redirected to a foreign host.',
        };
      url = next;
    }
    return { kind: 'misconfigured', detail: 'Upstream redirects in a circle.' };
  };
}

/** Where the credential may follow: Customer.io moves accounts between regions; nobody else gets to see it. */
function redirectTarget(location: string, from: URL, start: URL): URL | null {
  if (!URL.canParse(location, from)) return null;
  const to = new URL(location, from);
  const isCustomerio = to.protocol === 'https:' && to.port === '' && /(^|\.)customer\.io$/.test(to.hostname);
  const isHome = to.host === start.host && (to.protocol === start.protocol || to.protocol === 'https:');
  return (isCustomerio || isHome) && to.username === '' && to.password === '' ? to : null;
}
