/** What one request came to. */
export type Outcome =
  /** `refused`: ids of those that the proxy has not taken, and never will. */
  | { readonly kind: 'delivered'; readonly refused?: readonly string[] }
  /** An answer that says "not now": 408, 425, 429 or 5xx. */
  | { readonly kind: 'busy'; readonly status: number; readonly afterMs?: number }
  /** No answer: network, time-out, cut off, or blocked before it left. */
  | { readonly kind: 'unanswered'; readonly status: 0 }
  /** Somebody has to change a setting first: the client key, or the origins that the proxy allows. */
  | { readonly kind: 'unauthorized'; readonly status: number; readonly body: string }
  | { readonly kind: 'too-large'; readonly status: 413 }
  /** To gzip; to plain JSON it is a refusal like any other. */
  | { readonly kind: 'unreadable'; readonly status: 415 }
  | { readonly kind: 'rejected'; readonly status: number }
  /** We cut it off ourselves. */
  | { readonly kind: 'aborted' };

export interface Answer {
  readonly status: number;
  /** `Retry-After`: seconds or an HTTP date. RFC 9110 10.2.3. */
  readonly retryAfter: string | null;
  /** The server's clock, by which a date in `Retry-After` is meant. */
  readonly date: string | null;
  readonly body: string;
  /** Whether the request was. */
  readonly gzipped: boolean;
}

/** Of `BatchAnswer`, as our proxy prints it. Ids of this package have nothing in them that JSON escapes. */
const REFUSED = /"messageId":"(.*?)","error"/g;
export const BUSY: ReadonlySet<number> = new Set([408, 425, 429]);
const A_DAY_MS = 86_400_000;

export function judge(answer: Answer, nowMs: number): Outcome {
  const { status, body } = answer;
  if (status >= 200 && status < 300) {
    const refused = Array.from(body.matchAll(REFUSED), ([, id = '']) => id);
    return { kind: 'delivered', ...(refused.length ? { refused } : {}) };
  }
  if (status === 401 || (status === 403 && body.includes('"origin_not_allowed"')))
    return { kind: 'unauthorized', status, body };
  if (status === 413) return { kind: 'too-large', status };
  if (status === 415 && answer.gzipped) return { kind: 'unreadable', status };
  if (status >= 500 || BUSY.has(status)) {
    const afterMs = retryAfterMs(answer, nowMs);
    return { kind: 'busy', status, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  return { kind: 'rejected', status };
}

/** How long the server asks to be left alone, in milliseconds, at most a day. */
export function retryAfterMs(
  { retryAfter, date }: Omit<Answer, 'status' | 'body' | 'gzipped'>,
  nowMs: number,
): number | undefined {
  const text = retryAfter?.trim();
  if (!text) return undefined;
  const seconds = /^\d+$/.test(text) && Number(text) * 1_000;
  const until = /^[a-z]/i.test(text) ? Date.parse(text) : NaN; // other dates than HTTP's are a mistake
  const ms = seconds === false ? until - (Date.parse(date ?? '') || nowMs) : seconds;
  // 0, or a date in the past, would be a hot loop of requests: our own waits are better.
  return ms > 0 ? Math.min(ms, A_DAY_MS) : undefined;
}
