/** So many requests in so much time: Customer.io says 3 000 in 3 seconds. */

export interface RateLimitOptions {
  /** @default 3000 */
  readonly requests?: number;
  /** In milliseconds. @default 3000 */
  readonly windowMs?: number;
}

/** Returns a function that counts one request and says whether it is still within the limit. */
export function createRateLimit(now: () => number, options: RateLimitOptions = {}): () => boolean {
  const { requests = 3_000, windowMs = 3_000 } = options;
  let windowStart = Number.NEGATIVE_INFINITY;
  let count = 0;
  return () => {
    const at = now();
    if (at - windowStart >= windowMs) {
      windowStart = at;
      count = 0;
    }
    count += 1;
    return count <= requests;
  };
}
