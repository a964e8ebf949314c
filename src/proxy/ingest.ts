import type { BatchAnswer, RejectedEvent } from '../wire.ts';
import { admit, type AdmissionLimits } from './admission.ts';
import { type Answer, answerJson, comeBackLater, type Refusal } from './answer.ts';
import { type BodyLimits, readBody } from './body.ts';
import type { CredentialCheck } from './credentials.ts';
import { within } from './deadline.ts';
import { refusalOf } from './delivery.ts';
import { describe } from './describe.ts';
import type { Dispatch } from './dispatch.ts';
import type { Incoming } from './incoming.ts';
import type { Note } from './log.ts';
import type { Parcel } from './parcel.ts';
import type { FindJudge } from './persons.ts';
import { createPrepare, type Prepared, type PrepareNeeds, type RequestInfo } from './prepare.ts';
import type { Seen } from './seen.ts';

export interface IngestNeeds extends AdmissionLimits, BodyLimits, PrepareNeeds {
  readonly checkCredentials: CredentialCheck;
  /** For hooks and delivery together. */
  readonly timeoutMs: number;
  readonly findJudge: FindJudge;
  readonly seen?: Seen | undefined;
  readonly dispatch: Dispatch;
}

export type Ingest = (incoming: Incoming, info: RequestInfo, note: Note) => Promise<Answer | Refusal>;

/** One batch, from the request to the answer: who, what, whether it may pass, and whether it has arrived. */
export function createIngest(needs: IngestNeeds): Ingest {
  const { seen, timeoutMs } = needs;
  const prepare = createPrepare(needs);
  const mayWait = needs.enrich !== undefined || needs.filter !== undefined || needs.transform !== undefined;

  /** Without those that were accepted before, and in this batch: to their sender they are delivered. */
  function unseen(parcels: readonly Parcel[], note: Note): readonly Parcel[] {
    if (!seen) return parcels;
    const ids = new Set<string>();
    const fresh = parcels.filter(({ id }) => {
      if (id === null) return true;
      const isNew = !ids.has(id) && !seen.has(id);
      ids.add(id);
      return isNew;
    });
    if (fresh.length < parcels.length) note.duplicates = parcels.length - fresh.length;
    return fresh;
  }

  return async (incoming, info, note) => {
    const receivedAtMs = Date.now();
    const credentials = await needs.checkCredentials(incoming);
    if (credentials.kind === 'refused') return credentials;
    const judge = await needs.findJudge(credentials.token);
    if (typeof judge !== 'function') return judge;
    const body = await readBody(incoming, needs);
    if (body.kind === 'refused') return body;
    note.bytes = body.length;
    const admitted = admit(body.bytes, needs);
    if (admitted.kind === 'refused') return admitted;

    const { passed, rejected } = judge(admitted.parcels, note);
    const endsAt = performance.now() + timeoutMs;
    const { headers } = incoming;
    const arrived = { parcels: unseen(passed, note), sentAt: admitted.sentAt, receivedAtMs, headers, info };
    let prepared: Prepared;
    try {
      prepared = await (mayWait ? within(timeoutMs, () => prepare(arrived)) : prepare(arrived));
    } catch (cause) {
      return hookFailed(describe(cause));
    }
    const { parcels, sentAt, filtered, failed, failure } = prepared;
    // Where a hook works for none, it is the hook's fault, and may pass; where it works for others, the event's.
    if (failed.length > 0 && parcels.length === 0) return hookFailed(failure);
    if (filtered > 0) note.filtered = filtered;
    if (failure !== undefined) note.detail = failure;

    const refused = [...rejected, ...failed.map(({ id }) => refusal(id, 'hook_failed'))];
    // An empty batch is how a client asks whether its key is good: nothing to deliver is delivered.
    if (parcels.length > 0) {
      const leftMs = Math.max(1, Math.round(endsAt - performance.now()));
      const isSame = sentAt === admitted.sentAt && areSame(parcels, admitted.parcels);
      const bytes = isSame ? admitted.bytes : undefined;
      const delivery = await needs.dispatch({ parcels, sentAt, bytes, info, timeoutMs: leftMs }, note);
      if (delivery.kind !== 'delivered') return refusalOf(delivery);
      for (const { id, reason } of delivery.rejected ?? []) refused.push(refusal(id, 'rejected', reason));
    }
    const news = refused.slice(rejected.length);
    if (news.length > 0) note.rejected = counted(news, note.rejected);
    note.events = passed.length - news.length;
    const answer: BatchAnswer = { success: true, ...(refused.length > 0 && { rejected: refused }) };
    return answerJson(200, answer);
  };
}

function areSame(parcels: readonly Parcel[], before: readonly Parcel[]): boolean {
  return parcels.length === before.length && parcels.every((parcel, index) => parcel === before[index]);
}

function hookFailed(detail = ''): Refusal {
  return comeBackLater('hook_failed', 'A hook of the proxy failed: send the batch again.', { detail });
}

function refusal(messageId: string | null, error: RejectedEvent['error'], reason = ''): RejectedEvent {
  return { messageId, error, ...(reason && { reason }) };
}

function counted(
  events: readonly RejectedEvent[],
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { ...before };
  for (const { error } of events) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
