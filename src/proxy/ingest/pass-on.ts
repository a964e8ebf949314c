import type { RejectedEvent } from '../../protocol/wire.ts';
import type { Admitted } from './admission.ts';
import { comeBackLater, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { refusalOf } from '../upstream/delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import type { Dispatch } from '../upstream/dispatch.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/accepted-event.ts';
import type { PassOn } from '../deduplicate/passage.ts';
import { type Arrived, createHooks, type Prepared, type HooksNeeds } from './hooks.ts';

export interface PassOnNeeds extends HooksNeeds {
  readonly dispatch: Dispatch;
}

/** The batch that the events are of, and how long all of it may take. */
export interface DeliveryContext extends Omit<Arrived, 'acceptedEvents' | 'sentAt'> {
  readonly admitted: Admitted;
  /** By `performance.now()`. */
  readonly endsAt: number;
  readonly clientKey: string;
}

/** Takes what has passed every check through the hooks, and from there to where it is safe. */
export function createPassOn(needs: PassOnNeeds): (course: DeliveryContext, note: LogNote) => PassOn {
  const prepare = createHooks(needs);
  const mayWait = needs.enrich !== undefined || needs.filter !== undefined || needs.transform !== undefined;

  return ({ admitted, endsAt, clientKey, receivedAtMs, headers, info }, note) => {
    const leftMs = (): number => Math.max(1, Math.round(endsAt - performance.now()));

    return async (acceptedEvents, accept) => {
      let prepared: Prepared = { acceptedEvents, sentAt: admitted.sentAt, filtered: 0, failed: [] };
      if (prepare) {
        const arrived = { acceptedEvents, sentAt: admitted.sentAt, receivedAtMs, headers, info };
        try {
          prepared = await (mayWait ? within(leftMs(), () => prepare(arrived)) : prepare(arrived));
        } catch (cause) {
          return { rejected: [], refusal: hookFailed(describeError(cause)) };
        }
      }
      const { acceptedEvents: going, sentAt, filtered, failed, failure } = prepared;
      // Where a hook works for none, it is the hook's fault, and may pass; where it works for others, the event's.
      if (failed.length > 0 && going.length === 0) return { rejected: [], refusal: hookFailed(failure) };
      if (filtered > 0) note.filtered = (note.filtered ?? 0) + filtered;
      if (failure !== undefined) note.detail = failure;

      const rejected = failed.map(({ id }) => rejection(id, 'hook_failed'));
      // An empty batch is how a client asks whether its key is good: nothing to deliver is delivered.
      if (going.length === 0) return { rejected };
      const isSame = sentAt === admitted.sentAt && areSame(going, admitted.acceptedEvents);
      const came = isSame ? admitted.came : undefined;
      const delivery = await needs.dispatch(
        { acceptedEvents: going, sentAt, came, info, endsAt, clientKey, accept },
        note,
      );
      const [only] = going;
      // One that is left of a batch: its sender need not look for it.
      if (delivery.kind === 'rejected' && going.length === 1 && only && admitted.acceptedEvents.length > 1)
        return { rejected: [...rejected, rejection(only.id, 'rejected', delivery.reason)] };
      if (delivery.kind !== 'delivered') return { rejected: [], refusal: refusalOf(delivery) };
      for (const { id, reason } of delivery.rejected ?? []) rejected.push(rejection(id, 'rejected', reason));
      return { rejected };
    };
  };
}

function areSame(acceptedEvents: readonly AcceptedEvent[], before: readonly AcceptedEvent[]): boolean {
  if (acceptedEvents === before) return true;
  return (
    acceptedEvents.length === before.length &&
    acceptedEvents.every((acceptedEvent, index) => acceptedEvent === before[index])
  );
}

function hookFailed(detail = ''): Refusal {
  return comeBackLater('hook_failed', 'A hook of the proxy failed: send the batch again.', { detail });
}

function rejection(messageId: string | null, error: RejectedEvent['error'], reason = ''): RejectedEvent {
  return { messageId, error, ...(reason && { reason }) };
}
