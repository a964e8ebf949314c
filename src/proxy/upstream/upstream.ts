import type { BatchBody } from './contract.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { pause, unlessAborted } from '../lib/timeouts.ts';
import type { Delivery } from './delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import type { SendBatch } from './send-batch.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { UpstreamLimits } from './upstream-options.ts';

/** Customer.io, treated with care: so many requests at a time, some of them repeated, and none while it is down. */
export interface Upstream {
  /** Brings one batch there. @throws the reason of `signal`, when its time is over */
  send(body: BatchBody, time: SendingTime, note: LogNote): Promise<Delivery>;
  state(): UpstreamState;
  /** What a batch would be told that was sent now; `undefined`: that is not known before. */
  refusal(): Delivery | undefined;
}

export interface SendingTime {
  readonly signal: AbortSignal;
  /** By `performance.now()`. */
  readonly endsAt: number;
}

export interface UpstreamState {
  /** `misconfigured`: it has refused the last batch for a reason that only the operator can mend. */
  readonly health: 'up' | 'down' | 'misconfigured';
  readonly inFlight: number;
  readonly queued: number;
}

/** What may be gone at the next try. A batch that has arrived twice is told by its messageIds. */
const PASSING: ReadonlySet<number | undefined> = new Set([undefined, 502, 503, 504]);
const FIRST_RETRY_MS = 100;
/** What takes no longer has never been answered. */
const LEAST_MS = 5;
/** So that not everybody comes back in the moment in which the pause is over. */
const SPREAD_SECONDS = 5;

export function createUpstream(forward: SendBatch, limits: UpstreamLimits): Upstream {
  const gate = createConcurrencyLimit(limits);
  const breaker = createCircuitBreaker(limits);
  let misconfigured = false;

  async function attempt(body: BatchBody, { signal, endsAt }: SendingTime, note: LogNote): Promise<Delivery> {
    if (breaker.waitMs() > 0) return resting(breaker);
    if (!(await gate.enter(signal))) return busy();
    try {
      // Who had the place before may have given it up for want of time, and whoever waited with them has no more of it.
      if (isLate(endsAt)) return busy();
      // It may have gone down while this one waited.
      const given = breaker.begin();
      if (given === null) return resting(breaker);
      note.upstreamRequests = (note.upstreamRequests ?? 0) + 1;
      const delivery = await unlessAborted(forward(body, signal), signal).catch(
        (cause: unknown): Delivery => ({ kind: 'unavailable', detail: describeError(cause) }),
      );
      breaker.end(given, delivery);
      misconfigured = delivery.kind === 'misconfigured';
      if (delivery.status !== undefined) note.upstreamStatus = delivery.status;
      return delivery;
    } finally {
      gate.leave();
    }
  }

  return {
    async send(body, time, note) {
      const { signal, endsAt } = time;
      for (let retry = 0; ; retry += 1) {
        const delivery = await attempt(body, time, note);
        const delayMs = FIRST_RETRY_MS * 2 ** retry * (0.5 + Math.random());
        const isPassing =
          delivery.kind === 'unavailable' &&
          delivery.retryAfter === undefined &&
          PASSING.has(delivery.status) &&
          !signal.aborted;
        if (!isPassing || retry >= limits.retries || isLate(endsAt - delayMs)) return delivery;
        await pause(delayMs, signal);
        // What this one said tells more than that there is no time for another, or no use in it.
        if (breaker.waitMs() > 0 || isLate(endsAt)) return delivery;
      }
    },
    refusal() {
      if (breaker.waitMs() > 0) return resting(breaker);
      return gate.counts().queued >= limits.maxQueued && limits.maxQueued > 0 ? busy() : undefined;
    },
    state: () => ({
      health: breaker.isOpen() ? 'down' : misconfigured ? 'misconfigured' : 'up',
      ...gate.counts(),
    }),
  };
}

/** Whether nothing that begins now could be answered in time. */
function isLate(endsAt: number): boolean {
  return performance.now() + LEAST_MS > endsAt;
}

function resting(breaker: CircuitBreaker): Delivery {
  return later('Upstream is down, and left alone for a while.', Math.ceil(breaker.waitMs() / 1_000));
}

function busy(): Delivery {
  return later('Too many deliveries are under way.', 1);
}

function later(detail: string, seconds: number): Delivery {
  const retryAfter = String(Math.max(1, seconds) + Math.floor(Math.random() * SPREAD_SECONDS));
  return { kind: 'unavailable', retryAfter, detail };
}
