import type { RejectedEvent } from '../../protocol/wire.ts';
import type { Admitted } from './admission.ts';
import { comeBackLater, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { refusalOf } from '../upstream/delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import type { Dispatch } from '../upstream/dispatch.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import type { PassOn } from '../deduplicate/passage.ts';
import { createHooks, type HooksNeeds, type PreparedBatch, type ReceivedBatch } from './hooks.ts';

export interface PassOnNeeds extends HooksNeeds {
  readonly dispatch: Dispatch;
}

/** The batch to which the events belong, and the time by which it must be delivered. */
export interface DeliveryContext extends Omit<ReceivedBatch, 'acceptedEvents' | 'sentAt'> {
  readonly admitted: Omit<Admitted, 'metrics'>;
  /** The time by which hooks and delivery must be done, by `performance.now()`. */
  readonly endsAt: number;
  readonly clientKey: string;
}

/** Makes, for each batch, the function that passes its events through the hooks and delivers them. */
export function createPassOn(needs: PassOnNeeds): (context: DeliveryContext, note: LogNote) => PassOn {
  const prepare = createHooks(needs);
  const mayWait = needs.enrich !== undefined || needs.filter !== undefined || needs.transform !== undefined;

  return ({ admitted, endsAt, clientKey, receivedAtMs, headers, info }, note) => {
    const leftMs = (): number => Math.max(1, Math.round(endsAt - performance.now()));

    return async (acceptedEvents, accept) => {
      let prepared: PreparedBatch = { acceptedEvents, sentAt: admitted.sentAt, filtered: 0, failed: [] };
      if (prepare) {
        const received = { acceptedEvents, sentAt: admitted.sentAt, receivedAtMs, headers, info };
        try {
          prepared = await (mayWait ? within(leftMs(), () => prepare(received)) : prepare(received));
        } catch (cause) {
          return { rejected: [], refusal: hookFailed(describeError(cause)) };
        }
      }
      const { acceptedEvents: outgoing, sentAt, filtered, failed, failure } = prepared;
      // A hook that fails for all events is at fault itself, and may work later: 503. Where it works for other events of the batch,
      // the event is at fault, and is rejected.
      if (failed.length > 0 && outgoing.length === 0) return { rejected: [], refusal: hookFailed(failure) };
      if (filtered > 0) note.filtered = (note.filtered ?? 0) + filtered;
      if (failure !== undefined) note.detail = failure;

      const rejected = failed.map(({ id }) => rejection(id, 'hook_failed'));
      // An empty batch, with which a client checks its key, or a batch of which every event was filtered: there is no event to
      // deliver.
      if (outgoing.length === 0) return { rejected };
      const isSame = sentAt === admitted.sentAt && areSame(outgoing, admitted.acceptedEvents);
      const receivedBody = isSame ? admitted.receivedBody : undefined;
      const delivery = await needs.dispatch(
        { acceptedEvents: outgoing, sentAt, receivedBody, info, endsAt, clientKey, accept },
        note,
      );
      const [only] = outgoing;
      // Only one event of a batch was sent, and Customer.io refused it: the response names it, so that the browser need not search
      // for it by sending halves of the batch.
      if (delivery.kind === 'rejected' && outgoing.length === 1 && only && admitted.acceptedEvents.length > 1)
        return { rejected: [...rejected, rejection(only.id, 'rejected', delivery.reason)] };
      if (delivery.kind !== 'delivered') return { rejected: [], refusal: refusalOf(delivery) };
      for (const { id, reason } of delivery.rejected ?? []) rejected.push(rejection(id, 'rejected', reason));
      return { rejected };
    };
  };
}

function areSame(acceptedEvents: readonly AcceptedEvent[], received: readonly AcceptedEvent[]): boolean {
  if (acceptedEvents === received) return true;
  return (
    acceptedEvents.length === received.length &&
    acceptedEvents.every((acceptedEvent, index) => acceptedEvent === received[index])
  );
}

function hookFailed(detail = ''): Refusal {
  return comeBackLater('hook_failed', 'A hook of the proxy failed: send the batch again.', { detail });
}

function rejection(messageId: string | null, error: RejectedEvent['error'], reason = ''): RejectedEvent {
  return { messageId, error, ...(reason && { reason }) };
}
