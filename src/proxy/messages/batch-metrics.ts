import type { RejectedEvent } from '../../protocol/wire.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import { withEvent } from '../batch/accepted-event.ts';
import { isRefusal, type Refusal } from '../http/response.ts';
import { addCounts } from '../ingest/rejection-counts.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AuthorizedEvents } from '../tokens/authorize-events.ts';
import type { TokenCheck } from '../tokens/contract.ts';
import { createHandles } from './handle.ts';
import { handleSecretOf, type HandleSecretNeeds } from './handle-secret.ts';
import { createMetricReader } from './metric-reader.ts';

export interface BatchMetricsNeeds extends HandleSecretNeeds {
  readonly checkToken: TokenCheck;
}

/**
 * Replaces the metrics of a batch by the events that Customer.io counts. A metric whose handle is not valid, or is of another person
 * than the token, joins the rejected events. A refusal: the handles cannot be verified now, and the sender must send the batch again.
 *
 * @param metrics the metrics of the batch
 * @param token of the request; `null` where the request has only a client key
 */
export type ReplaceMetrics = (
  authorized: AuthorizedEvents,
  metrics: readonly AcceptedEvent[],
  token: string | null,
  note: LogNote,
) => Promise<AuthorizedEvents | Refusal>;

export function createBatchMetrics(needs: BatchMetricsNeeds): ReplaceMetrics {
  const eventFor = createMetricReader(createHandles(handleSecretOf(needs)));

  return async ({ passed, rejected }, metrics, token, note) => {
    const verdict = token === null ? null : await needs.checkToken(token);
    // In the mode `report` a token that is not valid counts as none. The handle alone says whose metric it is.
    const subject = verdict?.kind === 'verified' ? verdict.subject : null;
    const found = new Set(metrics);
    const outcomes = await Promise.all(
      passed.map(async (acceptedEvent) => {
        if (!found.has(acceptedEvent)) return acceptedEvent;
        const { id, event: fields } = acceptedEvent;
        const event = await eventFor({ ...fields }, subject);
        // The id and the span of the received bytes stay: deduplication recognises the metric by them.
        return isRefusal(event) ? { ...event, id } : withEvent(acceptedEvent, event);
      }),
    );
    const events: AcceptedEvent[] = [];
    const refused: RejectedEvent[] = [];
    for (const outcome of outcomes) {
      if (!isRefusal(outcome)) events.push(outcome);
      else if (outcome.status >= 500) return outcome;
      else refused.push(rejectionOf(outcome, outcome.id));
    }
    if (refused.length > 0) note.rejected = addCounts(refused, note.rejected);
    return { passed: events, rejected: [...rejected, ...refused] };
  };
}

function rejectionOf({ code, message }: Refusal, messageId: string | null): RejectedEvent {
  return code === 'subject_mismatch'
    ? { messageId, error: code }
    : { messageId, error: 'rejected', reason: message };
}
