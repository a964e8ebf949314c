import type { ReceivedBody } from '../ingest/admission.ts';
import { networkOf } from '../lib/ip-network.ts';
import type { AcceptedEvent } from '../batch/accepted-event.ts';
import type { Accept } from '../deduplicate/passage.ts';
import type { RequestInfo } from '../ingest/hooks.ts';

/** A batch that has passed every check, on its way to where it is safe. */
export interface OutgoingBatch {
  readonly acceptedEvents: readonly AcceptedEvent[];
  readonly sentAt?: string | undefined;
  /** All this as it came, where nothing has been changed. */
  readonly came?: ReceivedBody | undefined;
  readonly info: RequestInfo;
  /** When its time is over, by `performance.now()`. */
  readonly endsAt: number;
  readonly clientKey: string;
  readonly accept?: Accept | undefined;
}

/** Who has sent it, as far as that is known: where the address is not, it may be anybody. */
export function senderOf({ clientKey, info: { address } }: OutgoingBatch): string | undefined {
  return address === undefined ? undefined : `${networkOf(address)} ${clientKey}`;
}
