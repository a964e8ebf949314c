import type { WireEvent } from '../wire.ts';
import type { Parcel } from './admission.ts';
import { within } from './deadline.ts';
import type { Delivery } from './delivery.ts';
import { describe } from './describe.ts';
import type { Forward } from './forward.ts';
import type { RequestInfo } from './ingest.ts';

/** A batch that has passed every check. */
export interface AcceptedBatch {
  readonly batch: readonly WireEvent[];
  /** ISO 8601, as the browser sent it. */
  readonly sentAt?: string;
}

export type Deliver = (batch: AcceptedBatch, info: RequestInfo & { readonly signal: AbortSignal }) => unknown;

export interface DispatchNeeds {
  readonly deliver?: Deliver | undefined;
  readonly forward: Forward;
  readonly timeoutMs: number;
}

/** Brings what has passed every check to where it is safe. Never rejects. */
export type Dispatch = (
  parcels: readonly Parcel[],
  sentAt: string | undefined,
  request: Request,
) => Promise<Delivery>;

export function createDispatch({ deliver, forward, timeoutMs }: DispatchNeeds): Dispatch {
  return async (parcels, sentAt, request) => {
    try {
      return await within(timeoutMs, async (signal) => {
        if (!deliver) return forward(bodyOf(parcels, sentAt), signal);
        const batch = parcels.map(({ event }) => event);
        await deliver(sentAt === undefined ? { batch } : { batch, sentAt }, { request, signal });
        return { kind: 'delivered' };
      });
    } catch (cause) {
      return { kind: 'unavailable', detail: describe(cause) };
    }
  };
}

function bodyOf(parcels: readonly Parcel[], sentAt: string | undefined): string {
  const batch = parcels.map(({ text }) => text).join(',');
  return `{"batch":[${batch}]${sentAt === undefined ? '' : `,"sentAt":${JSON.stringify(sentAt)}`}}`;
}
