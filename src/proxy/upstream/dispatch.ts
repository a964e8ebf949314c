import type { WireEvent } from '../../protocol/wire.ts';
import { sendBisected } from './bisect.ts';
import { within } from '../lib/timeouts.ts';
import type { Delivery } from './delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import { createBisectionBudget } from './bisection-budget.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { createMerge } from './merge.ts';
import type { AcceptedEvent } from '../batch/accepted-event.ts';
import type { RequestInfo } from '../ingest/hooks.ts';
import { senderOf, type OutgoingBatch } from './outgoing-batch.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamLimits } from './upstream-options.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** A batch that has passed every check. */
export interface AcceptedBatch {
  readonly batch: readonly WireEvent[];
  /** ISO 8601, as the browser sent it. */
  readonly sentAt?: string;
}

export type Deliver = (batch: AcceptedBatch, info: RequestInfo & { readonly signal: AbortSignal }) => unknown;

export interface DispatchNeeds {
  readonly deliver?: Deliver | undefined;
  /** `false`: every batch goes to Customer.io by itself. */
  readonly merge: false | { readonly waitMs: number };
  /** What a batch has at most when it comes, in milliseconds. */
  readonly timeoutMs: number;
  readonly upstream: Upstream;
  readonly limits: Pick<UpstreamLimits, 'maxPerSecond'>;
}

/** Brings what has passed every check to where it is safe. Never rejects. */
export type Dispatch = (shipment: OutgoingBatch, note: LogNote) => Promise<Delivery>;

export function createDispatch({ deliver, limits, merge, timeoutMs, upstream }: DispatchNeeds): Dispatch {
  const budget = createBisectionBudget({ ...limits, isBusy: () => upstream.state().queued > 0 });
  const alone: Dispatch = async (shipment, note) => {
    const { acceptedEvents, sentAt, came, endsAt, accept } = shipment;
    const leftMs = (): number => endsAt - performance.now();
    return withinSendingTime(leftMs(), (signal) => {
      const send = async (part: readonly AcceptedEvent[]): Promise<Delivery> => {
        const body = part === acceptedEvents && came ? came.body : bodyOf(part, sentAt);
        const delivery = await upstream.send(body, { signal, endsAt }, note);
        if (delivery.kind === 'delivered') accept?.(part);
        return delivery;
      };
      return sendBisected(acceptedEvents, send, leftMs, { mayAsk: () => budget.take(senderOf(shipment)) });
    });
  };
  if (!deliver) return merge ? createMerge({ ...merge, alone, timeoutMs, upstream }) : alone;

  return async ({ acceptedEvents, sentAt, info, endsAt, accept }) =>
    withinSendingTime(endsAt - performance.now(), async (signal) => {
      const batch = acceptedEvents.map(({ event }) => event);
      // The request is made for hooks that ask for it.
      const about = {
        address: info.address,
        signal,
        get request() {
          return info.request;
        },
      };
      await deliver(sentAt === undefined ? { batch } : { batch, sentAt }, about);
      accept?.(acceptedEvents);
      return { kind: 'delivered' };
    });
}

/** What `work` answers; `unavailable` where it throws, or has no time left. */
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

/** The body of a request to Customer.io. */
export function bodyOf(acceptedEvents: readonly AcceptedEvent[], sentAt: string | undefined): string {
  const batch = acceptedEvents
    .map(({ json }) => (typeof json === 'string' ? json : strictUtf8.decode(json)))
    .join(',');
  return `{"batch":[${batch}]${sentAt === undefined ? '' : `,"sentAt":${JSON.stringify(sentAt)}`}}`;
}
