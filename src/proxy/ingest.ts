import type { BatchAnswer, WireEvent } from '../wire.ts';
import { admit, type AdmissionLimits, isRecord, type Parcel } from './admission.ts';
import { answerJson, comeBackLater, type Refusal } from './answer.ts';
import { readBody } from './body.ts';
import { type ClientIp, readClientIp, withClientIp } from './client-ip.ts';
import type { CredentialCheck } from './credentials.ts';
import { refusalOf } from './delivery.ts';
import { describe } from './describe.ts';
import type { Dispatch } from './dispatch.ts';
import type { Note } from './log.ts';
import type { FindJudge } from './persons.ts';

/** What a hook learns besides the event. */
export interface RequestInfo {
  readonly request: Request;
}

export type Filter = (event: WireEvent) => boolean | Promise<boolean>;
export type Transform = (event: WireEvent, info: RequestInfo) => WireEvent | Promise<WireEvent>;

export interface IngestNeeds extends AdmissionLimits {
  readonly checkCredentials: CredentialCheck;
  readonly maxBodyBytes: number;
  readonly clientIp?: ClientIp | undefined;
  readonly filter?: Filter | undefined;
  readonly transform?: Transform | undefined;
  readonly findJudge: FindJudge;
  readonly dispatch: Dispatch;
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

  return async (request, note) => {
    const credentials = await needs.checkCredentials(request);
    if (credentials.kind === 'refused') return credentials;
    const judge = await needs.findJudge(credentials.token);
    if (typeof judge !== 'function') return judge;
    const body = await readBody(request, needs.maxBodyBytes);
    if (body.kind === 'refused') return body;
    note.bytes = body.bytes;
    const admitted = admit(body.text, needs);
    if (admitted.kind === 'refused') return admitted;

    const { passed, rejected } = judge(admitted.parcels, note);

    let parcels: readonly Parcel[];
    try {
      parcels = await prepare(passed, request);
    } catch (cause) {
      const message = 'A hook of the proxy failed: send the batch again.';
      return comeBackLater('hook_failed', message, { detail: describe(cause) });
    }
    // An empty batch is how a client asks whether its key is good: nothing to deliver is delivered.
    if (parcels.length > 0) {
      const delivery = await needs.dispatch(parcels, admitted.sentAt, request);
      if (delivery.status !== undefined) note.upstreamStatus = delivery.status;
      if (delivery.kind !== 'delivered') return refusalOf(delivery);
    }
    note.events = passed.length;
    const answer: BatchAnswer = { success: true, ...(rejected.length > 0 && { rejected }) };
    return answerJson(200, answer);
  };
}
