import type { CircuitBreakerLimits } from './circuit-breaker.ts';
import type { ConcurrencyLimits } from './concurrency-limit.ts';

/** How Customer.io is treated. Every copy of the proxy counts for itself. */
export interface UpstreamOptions {
  /** Requests in flight. More wait for their turn. @default 100 */
  maxConcurrent?: number | undefined;

  /** Requests that wait. More are answered 503. @default 1_000 */
  maxQueued?: number | undefined;

  /**
   * Requests a second, on average over three of them; more are answered 503.
   *
   * @default 1_000 to Customer.io, which takes 3 000 in 3 seconds; no limit where `upstreamUrl` names another
   */
  maxPerSecond?: number | undefined;

  /** How often a batch is sent again, after no answer, 502, 503 or 504, within its `timeoutMs`. @default 2 */
  retries?: number | undefined;

  /**
   * After how many failures in a row Customer.io counts as down: no answer, 408, 429, 502, 503, 504. Of other 5xx it takes
   * four times as many, because one event may be their cause.
   *
   * @default 5
   */
  breakAfter?: number | undefined;

  /**
   * For how long nothing is sent to what is down, in milliseconds. Then one request tries; where it fails, the pause is
   * twice as long, up to 30 seconds.
   *
   * @default 5_000
   */
  pauseMs?: number | undefined;

  /**
   * Sends batches of different browsers that come within a few milliseconds to Customer.io in one request. Each browser is answered
   * after Customer.io's answer to the request that held its events. An event that Customer.io does not take is found, and only its
   * own browser is told.
   *
   * `false`: one request for each batch. Not on Cloudflare Workers, where one request may not wait for what another has begun.
   *
   * @default { waitMs: 5 }
   */
  merge?: boolean | MergeOptions | undefined;
}

/** How batches of different browsers go to Customer.io in one request. */
export interface MergeOptions {
  /** How long a batch waits for others, in milliseconds. @default 5 */
  waitMs?: number | undefined;
}

export interface UpstreamLimits extends ConcurrencyLimits, CircuitBreakerLimits {
  readonly retries: number;
}
