import type { WireEvent } from '../wire.ts';
import { admit, type AdmissionLimits, isRecord, type Parcel } from './admission.ts';
import { answerJson, comeBackLater, type Refusal } from './answer.ts';
import { readBody } from './body.ts';
import { type ClientIp, readClientIp, withClientIp } from './client-ip.ts';
import type { CredentialCheck } from './credentials.ts';
import { within } from './deadline.ts';
import { type Delivery, refusalOf } from './delivery.ts';
import type { Forward } from './forward.ts';
import type { Note } from './log.ts';

/** A batch that has passed every check. */
export interface AcceptedBatch {
  readonly batch: readonly WireEvent[];
  /** ISO 8601, as the browser sent it. */
  readonly sentAt?: string;
}

/** What a hook learns besides the event. */
export interface RequestInfo {
  readonly request: Request;
}

export type Filter = (event: WireEvent) => boolean | Promise<boolean>;
export type Transform = (event: WireEvent, info: RequestInfo) => WireEvent | Promise<WireEvent>;
export type Deliver = (batch: AcceptedBatch, info: RequestInfo & { readonly signal: AbortSignal }) => unknown;

export interface IngestNeeds extends AdmissionLimits {
  readonly checkCredentials: CredentialCheck;
  readonly maxBodyBytes: number;
  readonly clientIp?: ClientIp | undefined;
  readonly filter?: Filter | undefined;
  readonly transform?: Transform | undefined;
  readonly deliver?: Deliver | undefined;
  readonly forward: Forward;
  readonly timeoutMs: number;
}

export type Ingest = (request: Request, note: Note) => Promise<Response | Refusal>;

/** One batch, from the request to the answer: who, what, whether it may pass, and whether it has arrived. */
export function createIngest(needs: IngestNeeds): Ingest {
  const { clientIp, filter, transform } = needs;

  async function prepare(parcels: readonly Parcel[], request: Request): Promise<readonly Parcel[]> {
    const ip = clientIp && readClientIp(request.headers, clientIp);
    const prepared = await Promise.all(
      parcels.map(async ({ event, text }) => {
        let next = clientIp ? withClientIp(event, ip) : event;
        if (filter && !(await filter(next))) return null;
        if (transform) next = await transform(next, { request });
        if (!isRecord(next)) throw new TypeError('"transform" must return an event');
        // A hook may also have changed the event in place.
        return next === event && !filter && !transform
          ? { event, text }
          : { event: next, text: JSON.stringify(next) };
      }),
    );
    return prepared.filter((parcel) => parcel !== null);
  }

  async function deliver(
    parcels: readonly Parcel[],
    sentAt: string | undefined,
    request: Request,
  ): Promise<Delivery> {
    try {
      return await within(needs.timeoutMs, async (signal) => {
        if (!needs.deliver) return needs.forward(bodyOf(parcels, sentAt), signal);
        const batch = parcels.map(({ event }) => event);
        await needs.deliver(sentAt === undefined ? { batch } : { batch, sentAt }, { request, signal });
        return { kind: 'delivered' };
      });
    } catch (cause) {
      return { kind: 'unavailable', detail: describe(cause) };
    }
  }

  return async (request, note) => {
    const credentials = await needs.checkCredentials(request);
    if (credentials.kind === 'refused') return credentials;
    const body = await readBody(request, needs.maxBodyBytes);
    if (body.kind === 'refused') return body;
    note.bytes = body.bytes;
    const admitted = admit(body.text, needs);
    if (admitted.kind === 'refused') return admitted;

    let parcels: readonly Parcel[];
    try {
      parcels = await prepare(admitted.parcels, request);
    } catch (cause) {
      const message = 'A hook of the proxy failed: send the batch again.';
      return comeBackLater('hook_failed', message, { detail: describe(cause) });
    }
    // An empty batch is how a client asks whether its key is good: nothing to deliver is delivered.
    if (parcels.length > 0) {
      const delivery = await deliver(parcels, admitted.sentAt, request);
      if (delivery.status !== undefined) note.upstreamStatus = delivery.status;
      if (delivery.kind !== 'delivered') return refusalOf(delivery);
    }
    note.events = admitted.parcels.length;
    return answerJson(200, { success: true });
  };
}

function bodyOf(parcels: readonly Parcel[], sentAt: string | undefined): string {
  const batch = parcels.map(({ text }) => text).join(',');
  return `{"batch":[${batch}]${sentAt === undefined ? '' : `,"sentAt":${JSON.stringify(sentAt)}`}}`;
}

/** An error for the log: a failed fetch hides what happened (ECONNREFUSED, ENOTFOUND) in its cause. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
