/** The waits between requests. */

/** The longest first wait, for a server that is busy or cannot be reached. */
const BASE_MS = 1_000;

/** The longest first wait for a client key that the proxy does not know: a person has to change a setting first. */
export const SLOW_BASE_MS = 10_000;

/** The longest wait. */
const CAP_MS = 300_000;

/** After so many failures in a row, the SDK checks whether the proxy answers at all. */
export const SUSPECT_AFTER = 3;

/** After so many failures, the file for the check is requested again, if it could not be loaded: the browser may have been offline. */
export const ASK_AGAIN_AFTER = 8;

/** From the fourth to the seventh, waits stay at 8 s: that a server is back after seconds is noticed within seconds. */
const FOURTH = 4;
const LAST_SHORT = 7;

/** Later waits are not random, but the longest ones, so that an hour without an answer has 30 requests at most. */
const LAST_BY_CHANCE = 15;

/**
 * Returns the wait before the next request. Full jitter: the wait is random, between 0 and `base × 1, 2, 4, 8, 8, 8, 8, 16, …`,
 * so that the browsers of all visitors do not send at the same time when a proxy is back.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(attempt: number, random: number, baseMs: number = BASE_MS): number {
  const doublings = attempt > LAST_SHORT ? attempt - LAST_SHORT + FOURTH : Math.min(attempt, FOURTH);
  return attempt > LAST_BY_CHANCE
    ? CAP_MS
    : Math.round(random * Math.min(CAP_MS, baseMs * 2 ** (doublings - 1)));
}

/** The longest wait for which a server can ask: a day. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * Reads `Retry-After` (RFC 9110 10.2.3): how long the server wants no requests, in milliseconds, at most a day. Returns undefined
 * if the header is missing, malformed, or not in the future.
 */
export function retryAfterMs(headers: Pick<Headers, 'get'>, nowMs: number): number | undefined {
  const text = headers.get('Retry-After')?.trim();
  if (!text) return undefined;
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1_000
    : // A date in another format than HTTP's is a mistake. The date refers to the server's clock.
      Date.parse(/^[a-z]/i.test(text) ? text : '') - (Date.parse(headers.get('Date') ?? '') || nowMs);
  // 0, or a date in the past, would make requests follow each other without a wait. The SDK's own waits apply then.
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}
