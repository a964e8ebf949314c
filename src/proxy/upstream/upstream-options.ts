import type { CircuitBreakerLimits } from './circuit-breaker.ts';
import type { ConcurrencyLimits } from './concurrency-limit.ts';

/** Limits for requests to Customer.io. Each replica of the proxy counts only its own requests. */
export interface UpstreamOptions {
  /** The maximum number of requests in flight. Further requests wait in a queue. @default 100 */
  maxConcurrent?: number | undefined;

  /** The maximum number of requests that wait in the queue. The proxy refuses further requests (503). @default 1_000 */
  maxQueued?: number | undefined;

  /**
   * The maximum number of requests per second, on average over three seconds. The proxy refuses further requests (503).
   *
   * @default 1_000 to Customer.io, which accepts 3 000 in 3 seconds; no limit if `upstreamUrl` names another server
   */
  maxPerSecond?: number | undefined;

  /**
   * How often a batch is sent again within its `timeoutMs` after a temporary failure: no response, 502, 503 or 504.
   * @default 2
   */
  retries?: number | undefined;

  /**
   * After how many failures in a row Customer.io counts as down and the circuit breaker opens. Failures are: no
   * response, 408, 429, 502, 503 and 504. Any other 5xx counts as a quarter of a failure, because one event can be its
   * cause.
   *
   * @default 5
   */
  breakAfter?: number | undefined;

  /**
   * How long no request is sent after the circuit breaker has opened, in milliseconds. Then one request is sent as a
   * probe. Each probe that fails doubles the pause, up to 30 seconds.
   *
   * @default 5_000
   */
  pauseMs?: number | undefined;

  /**
   * Merges batches of different browsers that arrive within a few milliseconds into one request to Customer.io. Each
   * browser gets its response after Customer.io has responded to the request with its events. If Customer.io refuses an
   * event, the proxy finds this event, and reports it only to the browser that sent it.
   *
   * `false`: one request for each batch. Merging is always off on Cloudflare Workers, where a request must not wait for
   * I/O of another request.
   *
   * @default { waitMs: 5 }
   */
  merge?: boolean | MergeOptions | undefined;
}

/** Options for merging batches of different browsers into one request. */
export interface MergeOptions {
  /** How long a batch waits for other batches to merge with, in milliseconds. @default 5 */
  waitMs?: number | undefined;
}

/** The limits of {@link UpstreamOptions}, complete. */
export interface UpstreamLimits extends ConcurrencyLimits, CircuitBreakerLimits {
  /** How often a batch is sent again after a temporary failure. */
  readonly retries: number;
}
