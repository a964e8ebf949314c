import type { RejectedEvent } from '../../protocol/wire.ts';
import { isRefusal, type Refusal, refuse } from '../http/response.ts';
import type { SdkCall } from '../http/routes.ts';
import type { Admitted } from '../ingest/admission.ts';
import type { AcceptBatch, ArrivedBatch } from '../ingest/ingest.ts';
import { addCounts } from '../ingest/rejection-counts.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { TokenCheck } from '../tokens/contract.ts';
import { type AdmitEachNeeds, createAdmitEach } from './admit-each.ts';
import { createDeviceCheck, DEVICE_EVENTS } from './device-events.ts';
import { createFaultyEvents } from './faulty-events.ts';
import { notSearched } from './refusal-for-sdk.ts';
import { batchOf, type SdkBody } from './sdk-body.ts';

export interface AcceptPartsNeeds extends AdmitEachNeeds {
  readonly acceptBatch: AcceptBatch;
  readonly checkToken: TokenCheck;
}

type Sender = Omit<ArrivedBatch, 'admitted' | 'bytes'>;

/** Most requests that a batch gets in addition, for events that are sent alone. */
const MOST_ALONE = 3;

/**
 * Makes the function that passes on the events of a request, in parts of `maxEvents`. It returns the events that were refused alone.
 */
export function createAcceptParts(
  needs: AcceptPartsNeeds,
): (
  call: SdkCall | undefined,
  body: SdkBody,
  sender: Sender,
  note: LogNote,
) => Promise<readonly RejectedEvent[] | Refusal> {
  const { acceptBatch, maxEvents } = needs;
  const admitEach = createAdmitEach(needs);
  const faulty = createFaultyEvents();

  async function accept(
    admitted: Admitted,
    bytes: ArrivedBatch['bytes'],
    sender: Sender,
    note: LogNote,
  ): Promise<readonly RejectedEvent[] | Refusal> {
    const outcome = await acceptBatch({ ...sender, admitted, bytes }, note);
    if (!isRefusal(outcome)) faulty.add(sender.credentials.key, admitted.acceptedEvents, outcome);
    return outcome;
  }

  /**
   * Sends some events of a batch alone, after the search for a faulty event has reached its limit. Events that were delivered before
   * need no request. The faulty ones are remembered, so that the batch has fewer of them each time that it is sent again. Returns the
   * number of requests to Customer.io.
   */
  async function acceptSomeAlone({ acceptedEvents, sentAt }: Admitted, sender: Sender): Promise<number> {
    // A log note of its own: the request is refused, and its events are counted when it is sent again.
    const note: LogNote = {};
    const requests = (): number => note.upstreamRequests ?? 0;
    for (const acceptedEvent of acceptedEvents) {
      if (requests() >= MOST_ALONE) break;
      const { id, json } = acceptedEvent;
      const bytes = typeof json === 'string' ? null : batchOf([json], sentAt);
      const alone = bytes && needs.admit(bytes, needs, DEVICE_EVENTS);
      if (!bytes || !alone || isRefusal(alone)) continue;
      const outcome = await accept(alone, bytes, sender, note);
      if (!isRefusal(outcome)) continue;
      if (outcome.code !== 'rejected') break;
      faulty.add(sender.credentials.key, [acceptedEvent], [{ messageId: id, error: 'rejected' }]);
    }
    return requests();
  }

  return async (call, { events, sentAt }, sender, note) => {
    const clientKey = sender.credentials.key;
    const rejected: RejectedEvent[] = [];
    let refusal: Refusal | undefined;
    const judgeDevice = createDeviceCheck(needs.checkToken, sender.credentials.token);
    // A request without events is one part, with which a client tests its key.
    for (let from = 0; from === 0 || from < events.length; from += maxEvents) {
      const part = faulty.split(clientKey, events.slice(from, from + maxEvents));
      if (part.rejected.length > 0)
        refusal ??= refuse(400, 'rejected', 'Customer.io rejected the batch before.');
      const admitted = await admitEach({ events: part.events, from, judgeDevice, sentAt });
      if (isRefusal(admitted)) return admitted;
      refusal ??= admitted.refusal;
      rejected.push(...part.rejected, ...admitted.rejected);
      const { batch, bytes } = admitted;
      if (batch.acceptedEvents.length === 0 && events.length > 0) continue;
      const outcome = await accept(batch, bytes, sender, note);
      if (isRefusal(outcome)) {
        const later = batch.acceptedEvents.length > 1 ? notSearched(call, outcome) : outcome;
        if (later !== outcome)
          note.upstreamRequests = (note.upstreamRequests ?? 0) + (await acceptSomeAlone(batch, sender));
        return later;
      }
      rejected.push(...outcome);
    }
    // All parts together: each part has written its own count.
    if (rejected.length > 0) note.rejected = addCounts(rejected);
    // With no good event the whole request is refused, and its sender sees why.
    return refusal && note.events === undefined ? refusal : rejected;
  };
}
