import type { WireEvent } from '../../protocol/wire.ts';
import { sendBisected } from './bisect.ts';
import { within } from '../lib/timeouts.ts';
import type { Delivery } from './delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import { createBisectionBudget } from './bisection-budget.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { createMerge } from './merge.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import type { RequestInfo } from '../ingest/hooks.ts';
import { senderOf, type OutgoingBatch } from './outgoing-batch.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamLimits } from './upstream-options.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** A batch that has passed every check of the proxy, as `deliver` receives it. */
export interface AcceptedBatch {
  /** The events, in the order in which the browser sent them. */
  readonly batch: readonly WireEvent[];
  /** The time by the clock of the browser at which it sent the batch, in ISO 8601. Missing where the browser sent none. */
  readonly sentAt?: string;
}

/**
 * Delivers a batch instead of the proxy, for example into a queue. The browser deletes its events when the returned
 * promise resolves, and sends them again when it rejects (503). `info.signal` aborts when the time for the delivery
 * (`timeoutMs`) is over.
 */
export type Deliver = (batch: AcceptedBatch, info: RequestInfo & { readonly signal: AbortSignal }) => unknown;

export interface DispatchNeeds {
  /** Delivers batches in place of Customer.io. */
  readonly deliver?: Deliver | undefined;
  /** `false`: every batch has a request of its own. */
  readonly merge: false | { readonly waitMs: number };
  /** The time for a delivery when the batch arrives, in milliseconds. */
  readonly timeoutMs: number;
  readonly upstream: Upstream;
  readonly limits: Pick<UpstreamLimits, 'maxPerSecond'>;
}

/** Delivers a batch. Never rejects: a failure is a `Delivery` too. */
export type Dispatch = (outgoing: OutgoingBatch, note: LogNote) => Promise<Delivery>;

export function createDispatch({ deliver, limits, merge, timeoutMs, upstream }: DispatchNeeds): Dispatch {
  const budget = createBisectionBudget({ ...limits, isBusy: () => upstream.state().queued > 0 });
  const alone: Dispatch = async (outgoing, note) => {
    const { acceptedEvents, sentAt, receivedBody: received, endsAt, accept } = outgoing;
    const leftMs = (): number => endsAt - performance.now();
    return withinSendingTime(leftMs(), (signal) => {
      const send = async (part: readonly AcceptedEvent[]): Promise<Delivery> => {
        const body = part === acceptedEvents && received ? received.body : bodyOf(part, sentAt);
        const delivery = await upstream.send(body, { signal, endsAt }, note);
        if (delivery.kind === 'delivered') accept?.(part);
        return delivery;
      };
      return sendBisected(acceptedEvents, send, leftMs, { mayAsk: () => budget.take(senderOf(outgoing)) });
    });
  };
  if (!deliver) return merge ? createMerge({ ...merge, alone, timeoutMs, upstream }) : alone;

  return async ({ acceptedEvents, sentAt, info, endsAt, accept }) =>
    withinSendingTime(endsAt - performance.now(), async (signal) => {
      const batch = acceptedEvents.map(({ event }) => event);
      // The `Request` object is created only when `deliver` reads it.
      const deliverInfo = {
        address: info.address,
        signal,
        get request() {
          return info.request;
        },
      };
      await deliver(sentAt === undefined ? { batch } : { batch, sentAt }, deliverInfo);
      accept?.(acceptedEvents);
      return { kind: 'delivered' };
    });
}

/** Returns the result of `work`, or `unavailable` where `work` throws or is not done in time. */
export async function withinSendingTime(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Delivery>,
): Promise<Delivery> {
  try {
    return await within(Math.max(1, Math.round(timeoutMs)), work);
  } catch (cause) {
    return { kind: 'unavailable', detail: describeError(cause) };
  }
}

/** Joins the events to the body of a request to Customer.io. */
export function bodyOf(acceptedEvents: readonly AcceptedEvent[], sentAt: string | undefined): string {
  const batch = acceptedEvents
    .map(({ json }) => (typeof json === 'string' ? json : strictUtf8.decode(json)))
    .join(',');
  return `{"batch":[${batch}]${sentAt === undefined ? '' : `,"sentAt":${JSON.stringify(sentAt)}`}}`;
}
