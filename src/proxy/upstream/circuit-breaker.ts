import type { Delivery } from './delivery.ts';

/**
 * Knows whether upstream is up. While it is not, nobody asks it; after a pause one request tries, and what becomes of it
 * decides. Has no timer: the pause is over when somebody asks.
 */
export interface CircuitBreaker {
  /** For how long nobody may ask, in milliseconds; 0: now. */
  waitMs(): number;
  /** `null`: not now. Whoever gets a try has to `end` it. */
  begin(): CircuitState | null;
  end(given: CircuitState, delivery: Delivery): void;
  isOpen(): boolean;
}

/** `probe`: all that is asked of upstream for now. */
export type CircuitState = 'probe' | 'normal';

export interface CircuitBreakerLimits {
  readonly breakAfter: number;
  readonly pauseMs: number;
}

const LONGEST_PAUSE_MS = 30_000;
/** Upstream may ask for more than its pause would be, and not for so much that nobody would see it come back. */
const LONGEST_ASKED_MS = 60_000;
/** What those are told who come while one is trying. */
const PROBE_MS = 1_000;
/** Signs of a server that is down or wants to be left alone. Another 5xx may be the fault of one event. */
const DOWN: ReadonlySet<number | undefined> = new Set([undefined, 408, 429, 502, 503, 504]);

export function createCircuitBreaker(
  { breakAfter, pauseMs }: CircuitBreakerLimits,
  now: () => number = () => performance.now(),
): CircuitBreaker {
  let state: 'closed' | 'open' | 'probing' = 'closed';
  let opensAt = 0;
  let faults = 0;
  let nextPauseMs = pauseMs;

  function open(forMs: number): void {
    state = 'open';
    opensAt = now() + forMs;
    nextPauseMs = Math.min(nextPauseMs * 2, Math.max(LONGEST_PAUSE_MS, pauseMs));
  }

  function waitMs(): number {
    if (state === 'closed') return 0;
    return state === 'probing' ? PROBE_MS : Math.max(0, opensAt - now());
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

    end(given, delivery) {
      if (delivery.kind !== 'unavailable') {
        // Whatever it said, it is there.
        state = 'closed';
        faults = 0;
        nextPauseMs = pauseMs;
        return;
      }
      // One that had been sent before all stopped says nothing new.
      if (given === 'normal' && state !== 'closed') return;
      faults += DOWN.has(delivery.status) ? 1 : 0.25;
      const askedMs = msOfRetryAfter(delivery.retryAfter);
      if (askedMs !== null) open(Math.min(askedMs, LONGEST_ASKED_MS));
      else if (given === 'probe' || faults >= breakAfter) open(nextPauseMs);
    },
  };
}

/** `value`: seconds or a date, as `retryAfterOf` lets through. */
export function msOfRetryAfter(value: string | undefined): number | null {
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return ms > 0 ? ms : null;
}
