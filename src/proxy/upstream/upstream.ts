import type { BatchBody } from './contract.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { pause, unlessAborted } from '../lib/timeouts.ts';
import type { Delivery } from './delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import type { SendBatch } from './send-batch.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { UpstreamLimits } from './upstream-options.ts';

/** Sends batches to Customer.io: with a limit to the requests in flight, with retries, and with a circuit breaker. */
export interface Upstream {
  /** Sends one batch. @throws the reason of `signal`, when the time for the delivery is over */
  send(body: BatchBody, time: SendingTime, note: LogNote): Promise<Delivery>;
  /** Sends one batch once. Until the next response, a failure counts as `down`, also where the circuit breaker is closed. */
  check(body: BatchBody, time: SendingTime, note: LogNote): Promise<Delivery>;
  /** Whether earlier requests already show the state of Customer.io: its last response was good, or the circuit breaker is open. */
  isProven(): boolean;
  /** The state for health checks and metrics. */
  state(): UpstreamState;
  /** The refusal that a batch would get now; `undefined` when a batch would be sent. */
  refusal(): Delivery | undefined;
}

/** The time that a delivery has. */
export interface SendingTime {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** The end of the time, by `performance.now()`. */
  readonly endsAt: number;
}

/** The state of Customer.io, from the requests of this replica of the proxy. */
export interface UpstreamState {
  /**
   * `misconfigured`: Customer.io has refused the last batch for a reason that only the operator of the proxy can
   * correct.
   */
  readonly health: 'up' | 'down' | 'misconfigured';
  /** The number of requests in flight. */
  readonly inFlight: number;
  /** The number of requests that wait in the queue. */
  readonly queued: number;
}

/**
 * Status codes of failures that a retry can cure; `undefined`: no response. A batch that Customer.io receives twice is recognised
 * by its messageIds.
 */
const TEMPORARY: ReadonlySet<number | undefined> = new Set([undefined, 502, 503, 504]);
const FIRST_RETRY_MS = 100;
/** A request with less time than this is not begun: a response is never that fast. */
const LEAST_MS = 5;
/** Spreads the retries of browsers, so that they do not all arrive at the moment at which the pause ends. */
const SPREAD_SECONDS = 5;

export function createUpstream(forward: SendBatch, limits: UpstreamLimits): Upstream {
  const concurrency = createConcurrencyLimit(limits);
  const breaker = createCircuitBreaker(limits);
  let misconfigured = false;
  let isReached = false;
  let hasFailedCheck = false;

  async function sendOnce(
    body: BatchBody,
    { signal, endsAt }: SendingTime,
    note: LogNote,
  ): Promise<Delivery> {
    if (breaker.waitMs() > 0) return resting(breaker);
    if (!(await concurrency.enter(signal))) return busy();
    try {
      // The slot may become free because the request before ran out of time; a batch that waited with it has no time
      // left either.
      if (isLate(endsAt)) return busy();
      // The circuit breaker may have opened while this batch waited in the queue.
      const kind = breaker.begin();
      if (kind === null) return resting(breaker);
      note.upstreamRequests = (note.upstreamRequests ?? 0) + 1;
      const delivery = await unlessAborted(forward(body, signal), signal).catch(
        (cause: unknown): Delivery => ({ kind: 'unavailable', detail: describeError(cause) }),
      );
      breaker.end(kind, delivery);
      misconfigured = delivery.kind === 'misconfigured';
      isReached = delivery.kind !== 'unavailable';
      hasFailedCheck &&= !isReached;
      if (delivery.status !== undefined) note.upstreamStatus = delivery.status;
      return delivery;
    } finally {
      concurrency.leave();
    }
  }

  return {
    async send(body, time, note) {
      const { signal, endsAt } = time;
      for (let retry = 0; ; retry += 1) {
        const delivery = await sendOnce(body, time, note);
        const delayMs = FIRST_RETRY_MS * 2 ** retry * (0.5 + Math.random());
        const isTemporary =
          delivery.kind === 'unavailable' &&
          delivery.retryAfter === undefined &&
          TEMPORARY.has(delivery.status) &&
          !signal.aborted;
        if (!isTemporary || retry >= limits.retries || isLate(endsAt - delayMs)) return delivery;
        await pause(delayMs, signal);
        // The delivery is returned as it is: it explains the failure better than a refusal for lack of time, or by the
        // circuit breaker.
        if (breaker.waitMs() > 0 || isLate(endsAt)) return delivery;
      }
    },
    async check(body, time, note) {
      const delivery = await sendOnce(body, time, note).catch((cause: unknown): Delivery => ({
        kind: 'unavailable',
        detail: describeError(cause),
      }));
      hasFailedCheck = delivery.kind === 'unavailable';
      return delivery;
    },
    isProven: () => breaker.isOpen() || (isReached && !misconfigured),
    refusal() {
      if (breaker.waitMs() > 0) return resting(breaker);
      return concurrency.counts().queued >= limits.maxQueued && limits.maxQueued > 0 ? busy() : undefined;
    },
    state: () => ({
      health: breaker.isOpen() || hasFailedCheck ? 'down' : misconfigured ? 'misconfigured' : 'up',
      ...concurrency.counts(),
    }),
  };
}

/** Whether the time left is too short for another request. */
function isLate(endsAt: number): boolean {
  return performance.now() + LEAST_MS > endsAt;
}

/** The refusal while the circuit breaker is open. */
function resting(breaker: CircuitBreaker): Delivery {
  return later(
    'Customer.io is down: the proxy sends it nothing for some seconds.',
    Math.ceil(breaker.waitMs() / 1_000),
  );
}

/** The refusal when the queue is full, or the rate limit is reached. */
function busy(): Delivery {
  return later('Too many requests to Customer.io are in flight: see "upstream.maxConcurrent".', 1);
}

/** A temporary failure whose `Retry-After` varies by some seconds. */
function later(detail: string, seconds: number): Delivery {
  const retryAfter = String(Math.max(1, seconds) + Math.floor(Math.random() * SPREAD_SECONDS));
  return { kind: 'unavailable', retryAfter, detail };
}
