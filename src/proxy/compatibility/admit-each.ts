import { type RejectedEvent, utf8 } from '../../protocol/wire.ts';
import { isRefusal, refuse, type Refusal } from '../http/response.ts';
import type { admit, Admitted, AdmissionLimits } from '../ingest/admission.ts';
import type { Bytes } from '../lib/bytes.ts';
import { DEVICE_EVENTS, type JudgeDeviceEvent } from './device-events.ts';
import { batchOf, messageIdIn } from './sdk-body.ts';

/** The events of a batch that have passed the rules, and those that have not. */
export interface AdmittedEach {
  readonly batch: Admitted;
  /** The batch as bytes, with the spans of its events. */
  readonly bytes: Bytes;
  readonly rejected: readonly RejectedEvent[];
  /** Why the first of them was refused. */
  readonly refusal: Refusal | undefined;
}

export interface AdmitEachNeeds extends AdmissionLimits {
  readonly admit: typeof admit;
}

interface Part {
  /** The events as JSON. */
  readonly events: readonly Uint8Array[];
  /** The index of the first event in the batch that was received. */
  readonly from: number;
  readonly sentAt: string | undefined;
  readonly judgeDevice: JudgeDeviceEvent;
}

/**
 * Makes the check of a batch of which every event is judged alone. Other SDKs do not search for a faulty event by sending the halves
 * of a batch: after 400 they drop all of its events, and after other errors some of them repeat the batch without end.
 */
export function createAdmitEach(needs: AdmitEachNeeds): (part: Part) => Promise<AdmittedEach | Refusal> {
  return async ({ events, from, sentAt, judgeDevice }) => {
    const bytes = batchOf(events, sentAt);
    const batch = needs.admit(bytes, needs);
    // The usual case: no event breaks a rule.
    if (batch.kind === 'admitted') return { batch, bytes, rejected: [], refusal: undefined };

    const kept: Uint8Array[] = [];
    const rejected: RejectedEvent[] = [];
    let first: Refusal | undefined;
    for (const [index, json] of events.entries()) {
      const alone = batchOf([json], undefined);
      const admitted = needs.admit(alone, needs);
      const device = isRefusal(admitted) ? needs.admit(alone, needs, DEVICE_EVENTS) : admitted;
      const [acceptedEvent] = isRefusal(device) ? [] : device.acceptedEvents;
      if (isRefusal(admitted) && acceptedEvent) {
        const error = await judgeDevice(acceptedEvent);
        if (error !== null && isRefused(error)) return error;
        if (error !== null) {
          first ??= deviceRefusal(error);
          rejected.push({ messageId: acceptedEvent.id, error });
          continue;
        }
      } else if (isRefusal(admitted)) {
        const refusal = {
          ...admitted,
          message: admitted.message.replace('batch[0]', `batch[${from + index}]`),
        };
        first ??= refusal;
        const reason = `${refusal.code}: ${refusal.message}`;
        rejected.push({ messageId: messageIdIn(json), error: 'rejected', reason });
        continue;
      }
      // An event that is sent on in other bytes is written here: a batch may have few events that are rewritten, and these SDKs
      // cannot send the others in another batch.
      const rewritten = acceptedEvent?.json;
      kept.push(typeof rewritten === 'string' ? utf8.encode(rewritten) : json);
    }
    const keptBytes = batchOf(kept, sentAt);
    // Every event about a device that is still there was judged above.
    const rest = needs.admit(keptBytes, needs, DEVICE_EVENTS);
    return isRefusal(rest) ? rest : { batch: rest, bytes: keptBytes, rejected, refusal: first };
  };
}

const isRefused = (error: RejectedEvent['error'] | Refusal): error is Refusal => typeof error !== 'string';

function deviceRefusal(error: RejectedEvent['error']): Refusal {
  return error === 'subject_mismatch'
    ? refuse(
        403,
        'subject_mismatch',
        'The customer token names another person than the event about a device.',
      )
    : refuse(
        400,
        'privileged_event',
        'An event about a device needs a customer token of the person in its "userId".',
      );
}
