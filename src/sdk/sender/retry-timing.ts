/** When to try again. */

/** The first wait, at most: for servers that are busy or unreachable. */
const BASE_MS = 1_000;

/** For a key that the proxy does not know: somebody has to put that right first. */
export const SLOW_BASE_MS = 10_000;

/** No wait is longer. */
const CAP_MS = 300_000;

/** After so many failures in a row it is asked whether the proxy answers at all. */
export const SUSPECT_AFTER = 3;

/** And after so many more again, where what was needed to find out did not come: the browser may have been offline then. */
export const ASK_AGAIN_AFTER = 8;

/** Waits stop growing for a while at the fourth, 8 s: what was away for seconds is noticed within seconds. */
const FOURTH = 4;
const LAST_SHORT = 7;

/** Later waits are as long as they may be, so that an hour without an answer is 30 requests at most. */
const LAST_BY_CHANCE = 15;

/**
 * Full jitter: anything between 0 and `base × 1, 2, 4, 8, 8, 8, 8, 16, …`, so that the visitors of a site that comes back do not
 * all knock at once. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(attempt: number, random: number, baseMs: number = BASE_MS): number {
  const doublings = attempt > LAST_SHORT ? attempt - LAST_SHORT + FOURTH : Math.min(attempt, FOURTH);
  return attempt > LAST_BY_CHANCE
    ? CAP_MS
    : Math.round(random * Math.min(CAP_MS, baseMs * 2 ** (doublings - 1)));
}
