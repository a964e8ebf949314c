/** What one request came to, and whom that speaks of: its events, or the endpoint that has answered. */
export type Outcome = (
  | {
      readonly kind: 'delivered';
      /** Ids of those that the proxy has not taken, and never will. */
      readonly refused?: readonly string[];
    }
  /** An answer that says "not now": 408, 425, 429 or 5xx. */
  | { readonly kind: 'busy'; readonly status: number; readonly afterMs?: number | undefined }
  /** No answer: network, time-out, cut off, or blocked before it left. */
  | { readonly kind: 'unanswered'; readonly status: 0 }
  /** Somebody has to change a setting first: the client key, or the origins that the proxy allows. */
  | { readonly kind: 'unauthorized'; readonly status: number; readonly body: string }
  /** Any other 4xx. Whether the events or the endpoint are meant shows when an empty batch is sent: `diagnosis.ts`. */
  | { readonly kind: 'rejected'; readonly status: number; readonly body: string }
  /** No proxy answers so: a 2xx that is a web page, a 1xx or 3xx, or a redirect (status 0). The events have not arrived. */
  | { readonly kind: 'foreign'; readonly status: number; readonly body: string }
  /** The SDK has cut it off itself. */
  | { readonly kind: 'aborted' }
) & {
  /** The address that has answered, where a redirect led there. */
  readonly url?: string;
};

/** An outcome after which the events are kept, or looked at. */
export type Failure = Exclude<Outcome, { kind: 'delivered' | 'aborted' }>;

export interface ProxyAnswer {
  /** 0: a redirect, which the browser shows no more of. */
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly body: string;
}

/** Of `BatchAnswer`, as our proxy prints it. Ids of this package have nothing in them that JSON escapes. */
const REFUSED = /"messageId":"(.*?)","error"/g;
export const BUSY: ReadonlySet<number> = new Set([408, 425, 429]);
const A_DAY_MS = 86_400_000;

export function outcomeOf({ status, headers, body }: ProxyAnswer, nowMs: number): Outcome {
  if (status >= 500 || BUSY.has(status))
    return { kind: 'busy', status, afterMs: retryAfterMs(headers, nowMs) };
  if (status === 401 || (status === 403 && body.includes('"origin_not_allowed"')))
    return { kind: 'unauthorized', status, body };
  if (status >= 400) return { kind: 'rejected', status, body };
  // A single-page application's fallback, or the offline page of a service worker, answers everything with 200.
  if (status < 200 || status >= 300 || /html/i.test(headers.get('Content-Type') ?? ''))
    return { kind: 'foreign', status, body };
  const refused = Array.from(body.matchAll(REFUSED), ([, id = '']) => id);
  return { kind: 'delivered', ...(refused.length ? { refused } : {}) };
}

/** How long the server asks to be left alone, in milliseconds, at most a day. `Retry-After`: RFC 9110 10.2.3. */
export function retryAfterMs(headers: ProxyAnswer['headers'], nowMs: number): number | undefined {
  const text = headers.get('Retry-After')?.trim();
  if (!text) return undefined;
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1_000
    : // Other dates than HTTP's are a mistake. A date is meant by the server's clock.
      Date.parse(/^[a-z]/i.test(text) ? text : '') - (Date.parse(headers.get('Date') ?? '') || nowMs);
  // 0, or a date in the past, would be a hot loop of requests: our own waits are better.
  return ms > 0 ? Math.min(ms, A_DAY_MS) : undefined;
}
