import { retryAfterMs } from './retry-timing.ts';

/** The outcome of one request. Some outcomes are about its events, others about the endpoint that has answered. */
export type Outcome =
  /** The proxy has accepted the batch. */
  (
    | {
        readonly kind: 'delivered';
        /** Ids of the events that the proxy has refused for good. */
        readonly refused?: readonly string[];
      }
    /** The answer means "not now": 408, 425, 429 or 5xx. `afterMs`: the wait for which the proxy asks. */
    | { readonly kind: 'busy'; readonly status: number; readonly afterMs?: number | undefined }
    /** No answer: a network error, a time-out, an interrupted request, or one that was blocked in the browser. */
    | { readonly kind: 'unanswered'; readonly status: 0 }
    /** A person has to change a setting first: the client key, or the origins that the proxy allows. */
    | { readonly kind: 'unauthorized'; readonly status: number; readonly body: string }
    /** Any other 4xx. The answer to an empty batch shows whether it is about the events or the endpoint: `diagnosis.ts`. */
    | { readonly kind: 'rejected'; readonly status: number; readonly body: string }
    /**
     * Another server than the proxy has answered: a 2xx with a web page, a 1xx or 3xx, or a redirect (status 0). The events have
     * not arrived.
     */
    | { readonly kind: 'foreign'; readonly status: number; readonly body: string }
    /** The SDK itself has aborted the request. */
    | { readonly kind: 'aborted' }
  ) & {
    /** The URL that has answered, if redirects were followed. */
    readonly url?: string;
  };

/** An outcome after which the events stay in the outbox: they are sent again, or `diagnosis.ts` examines them. */
export type Failure = Exclude<Outcome, { kind: 'delivered' | 'aborted' }>;

/** The parts of a response that decide the outcome. */
export interface ProxyAnswer {
  /** 0: a redirect that was not followed. The browser hides its status. */
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly body: string;
}

/** Finds the refused ids in a `BatchAnswer`, as the proxy prints it. Ids of this package have no character that JSON escapes. */
const REFUSED = /"messageId":"(.*?)","error"/g;
/** The statuses below 500 that mean "not now". */
const BUSY: ReadonlySet<number> = new Set([408, 425, 429]);

/** Returns the outcome that an answer means. */
export function outcomeOf({ status, headers, body }: ProxyAnswer, nowMs: number): Outcome {
  if (status >= 500 || BUSY.has(status))
    return { kind: 'busy', status, afterMs: retryAfterMs(headers, nowMs) };
  if (status === 401 || (status === 403 && body.includes('"origin_not_allowed"')))
    return { kind: 'unauthorized', status, body };
  if (status >= 400) return { kind: 'rejected', status, body };
  // The fallback of a single-page application, or the offline page of a service worker, is a web page with status 200.
  if (status < 200 || status >= 300 || /html/i.test(headers.get('Content-Type') ?? ''))
    return { kind: 'foreign', status, body };
  const refused = Array.from(body.matchAll(REFUSED), ([, id = '']) => id);
  return { kind: 'delivered', ...(refused.length ? { refused } : {}) };
}
