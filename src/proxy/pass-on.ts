import type { RejectedEvent } from '../wire.ts';
import type { Admitted } from './admission.ts';
import { comeBackLater, type Refusal } from './answer.ts';
import { within } from './deadline.ts';
import { refusalOf } from './delivery.ts';
import { describe } from './describe.ts';
import type { Dispatch } from './dispatch.ts';
import type { Note } from './log.ts';
import type { Parcel } from './parcel.ts';
import type { PassOn } from './passage.ts';
import { type Arrived, createPrepare, type Prepared, type PrepareNeeds } from './prepare.ts';

export interface PassOnNeeds extends PrepareNeeds {
  readonly dispatch: Dispatch;
}

/** The batch that the events are of, and how long all of it may take. */
export interface Course extends Omit<Arrived, 'parcels' | 'sentAt'> {
  readonly admitted: Admitted;
  /** By `performance.now()`. */
  readonly endsAt: number;
  readonly clientKey: string;
}

/** Takes what has passed every check through the hooks, and from there to where it is safe. */
export function createPassOn(needs: PassOnNeeds): (course: Course, note: Note) => PassOn {
  const prepare = createPrepare(needs);
  const mayWait = needs.enrich !== undefined || needs.filter !== undefined || needs.transform !== undefined;

  return ({ admitted, endsAt, clientKey, receivedAtMs, headers, info }, note) => {
    const leftMs = (): number => Math.max(1, Math.round(endsAt - performance.now()));

    return async (parcels, accept) => {
      let prepared: Prepared = { parcels, sentAt: admitted.sentAt, filtered: 0, failed: [] };
      if (prepare) {
        const arrived = { parcels, sentAt: admitted.sentAt, receivedAtMs, headers, info };
        try {
          prepared = await (mayWait ? within(leftMs(), () => prepare(arrived)) : prepare(arrived));
        } catch (cause) {
          return { rejected: [], refusal: hookFailed(describe(cause)) };
        }
      }
      const { parcels: going, sentAt, filtered, failed, failure } = prepared;
      // Where a hook works for none, it is the hook's fault, and may pass; where it works for others, the event's.
      if (failed.length > 0 && going.length === 0) return { rejected: [], refusal: hookFailed(failure) };
      if (filtered > 0) note.filtered = (note.filtered ?? 0) + filtered;
      if (failure !== undefined) note.detail = failure;

      const rejected = failed.map(({ id }) => rejection(id, 'hook_failed'));
      // An empty batch is how a client asks whether its key is good: nothing to deliver is delivered.
      if (going.length === 0) return { rejected };
      const isSame = sentAt === admitted.sentAt && areSame(going, admitted.parcels);
      const came = isSame ? admitted.came : undefined;
      const delivery = await needs.dispatch(
        { parcels: going, sentAt, came, info, endsAt, clientKey, accept },
        note,
      );
      const [only] = going;
      // One that is left of a batch: its sender need not look for it.
      if (delivery.kind === 'rejected' && going.length === 1 && only && admitted.parcels.length > 1)
        return { rejected: [...rejected, rejection(only.id, 'rejected', delivery.reason)] };
      if (delivery.kind !== 'delivered') return { rejected: [], refusal: refusalOf(delivery) };
      for (const { id, reason } of delivery.rejected ?? []) rejected.push(rejection(id, 'rejected', reason));
      return { rejected };
    };
  };
}

function areSame(parcels: readonly Parcel[], before: readonly Parcel[]): boolean {
  if (parcels === before) return true;
  return parcels.length === before.length && parcels.every((parcel, index) => parcel === before[index]);
}

function hookFailed(detail = ''): Refusal {
  return comeBackLater('hook_failed', 'A hook of the proxy failed: send the batch again.', { detail });
}

function rejection(messageId: string | null, error: RejectedEvent['error'], reason = ''): RejectedEvent {
  return { messageId, error, ...(reason && { reason }) };
}
