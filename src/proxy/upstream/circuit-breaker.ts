import type { Delivery } from './delivery.ts';

/**
 * A circuit breaker for Customer.io: closed while requests succeed, open (no requests) after repeated failures. When
 * the pause is over, one request, the probe, is let through, and its result closes or opens the circuit again. There is
 * no timer: the time is compared when the next request begins.
 */
export interface CircuitBreaker {
  /** How long no request may begin, in milliseconds. 0: a request may begin now. */
  waitMs(): number;
  /** Begins a request. Returns `null` while the circuit is open. After any other result the caller has to call `end`. */
  begin(): RequestKind | null;
  /** Reports what came of a request. `kind`: the result of its `begin`. */
  end(kind: RequestKind, delivery: Delivery): void;
  /** Whether the circuit is open, or its probe is in flight. */
  isOpen(): boolean;
}

/** `probe`: the only request that is let through after a pause. */
export type RequestKind = 'probe' | 'normal';

export interface CircuitBreakerLimits {
  /** After how many failures in a row the circuit opens. */
  readonly breakAfter: number;
  /** How long the circuit stays open at first, in milliseconds. Each failed probe doubles it. */
  readonly pauseMs: number;
}

const LONGEST_PAUSE_MS = 30_000;
/**
 * The longest pause in `Retry-After`: with a longer pause, browsers would notice too late that upstream works again.
 */
const LONGEST_ASKED_MS = 60_000;
/** The wait that `waitMs` reports while the probe is in flight. */
const PROBE_MS = 1_000;
/**
 * Status codes of a server that is down or refuses all requests; `undefined`: no response. Other 5xx can be the fault
 * of one event, and count as a quarter of a failure.
 */
const DOWN: ReadonlySet<number | undefined> = new Set([undefined, 408, 429, 502, 503, 504]);

export function createCircuitBreaker(
  { breakAfter, pauseMs }: CircuitBreakerLimits,
  now: () => number = () => performance.now(),
): CircuitBreaker {
  let state: 'closed' | 'open' | 'probing' = 'closed';
  let pauseEndsAt = 0;
  let failures = 0;
  let nextPauseMs = pauseMs;

  function open(forMs: number): void {
    state = 'open';
    pauseEndsAt = now() + forMs;
    nextPauseMs = Math.min(nextPauseMs * 2, Math.max(LONGEST_PAUSE_MS, pauseMs));
  }

  function waitMs(): number {
    if (state === 'closed') return 0;
    return state === 'probing' ? PROBE_MS : Math.max(0, pauseEndsAt - now());
  }

  return {
    waitMs,
    isOpen: () => state !== 'closed',

    begin() {
      if (waitMs() > 0) return null;
      if (state === 'closed') return 'normal';
      state = 'probing';
      return 'probe';
    },

    end(kind, delivery) {
      if (delivery.kind !== 'unavailable') {
        // Every other response, also a rejection, shows that upstream works.
        state = 'closed';
        failures = 0;
        nextPauseMs = pauseMs;
        return;
      }
      // The request was sent before the circuit opened: its failure is part of the same outage.
      if (kind === 'normal' && state !== 'closed') return;
      failures += DOWN.has(delivery.status) ? 1 : 0.25;
      const askedMs = msOfRetryAfter(delivery.retryAfter);
      if (askedMs !== null) open(Math.min(askedMs, LONGEST_ASKED_MS));
      else if (kind === 'probe' || failures >= breakAfter) open(nextPauseMs);
    },
  };
}

/**
 * Returns the milliseconds until the time of a `Retry-After` header (seconds or a date, as `retryAfterOf` returns it);
 * `null` without one, or when that time is over.
 */
export function msOfRetryAfter(value: string | undefined): number | null {
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return ms > 0 ? ms : null;
}
