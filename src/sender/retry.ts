/** When to try again. */

/** The first wait, at most: for servers that are busy or unreachable. */
const BASE_MS = 1_000;

/** For a key that the proxy does not know: somebody has to put that right first. */
export const SLOW_BASE_MS = 10_000;

/** No wait is longer, and so much lies between two looks whether a content blocker is gone. */
export const CAP_MS = 300_000;

/** After so many failures in a row it is asked whether the proxy answers at all. */
export const SUSPECT_AFTER = 3;

/**
 * Full jitter: anything between 0 and `base × 2^(attempt - 1)`, so that the visitors of a site that comes back do not all
 * knock at once. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const retryDelayMs = (attempt: number, random: number, baseMs: number = BASE_MS): number =>
  Math.round(random * Math.min(CAP_MS, baseMs * 2 ** (attempt - 1)));
