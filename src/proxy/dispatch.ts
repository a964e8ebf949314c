import type { WireEvent } from '../wire.ts';
import { sendInHalves } from './bisect.ts';
import { within } from './deadline.ts';
import type { Delivery } from './delivery.ts';
import { describe } from './describe.ts';
import type { Note } from './log.ts';
import type { Parcel } from './parcel.ts';
import type { Accept } from './passage.ts';
import type { RequestInfo } from './prepare.ts';
import type { Upstream } from './upstream.ts';
import { strictUtf8 } from './utf8.ts';

/** A batch that has passed every check. */
export interface AcceptedBatch {
  readonly batch: readonly WireEvent[];
  /** ISO 8601, as the browser sent it. */
  readonly sentAt?: string;
}

export type Deliver = (batch: AcceptedBatch, info: RequestInfo & { readonly signal: AbortSignal }) => unknown;

export interface DispatchNeeds {
  readonly deliver?: Deliver | undefined;
  readonly upstream: Upstream;
}

export interface Shipment {
  readonly parcels: readonly Parcel[];
  readonly sentAt?: string | undefined;
  /** All this as it came, where nothing has been changed. */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined;
  readonly info: RequestInfo;
  /** All the time that there is, in milliseconds. */
  readonly timeoutMs: number;
  readonly accept?: Accept | undefined;
}

/** Brings what has passed every check to where it is safe. Never rejects. */
export type Dispatch = (shipment: Shipment, note: Note) => Promise<Delivery>;

export function createDispatch({ deliver, upstream }: DispatchNeeds): Dispatch {
  return async ({ parcels, sentAt, bytes, info, timeoutMs, accept }, note) => {
    const endsAt = performance.now() + timeoutMs;
    try {
      return await within(timeoutMs, async (signal) => {
        if (deliver) {
          const batch = parcels.map(({ event }) => event);
          await deliver(sentAt === undefined ? { batch } : { batch, sentAt }, { ...info, signal });
          accept?.(parcels);
          return { kind: 'delivered' };
        }
        const send = async (part: readonly Parcel[]): Promise<Delivery> => {
          const body = part === parcels && bytes ? bytes : bodyOf(part, sentAt);
          const delivery = await upstream.send(body, { signal, endsAt }, note);
          if (delivery.kind === 'delivered') accept?.(part);
          return delivery;
        };
        return sendInHalves(parcels, send, () => endsAt - performance.now());
      });
    } catch (cause) {
      return { kind: 'unavailable', detail: describe(cause) };
    }
  };
}

/** The body of a request to Customer.io. */
export function bodyOf(parcels: readonly Parcel[], sentAt: string | undefined): string {
  const batch = parcels
    .map(({ json }) => (typeof json === 'string' ? json : strictUtf8.decode(json)))
    .join(',');
  return `{"batch":[${batch}]${sentAt === undefined ? '' : `,"sentAt":${JSON.stringify(sentAt)}`}}`;
}
