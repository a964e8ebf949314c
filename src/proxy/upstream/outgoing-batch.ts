import type { ReceivedBody } from '../ingest/admission.ts';
import { networkOf } from '../lib/ip-network.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import type { Accept } from '../deduplicate/passage.ts';
import type { RequestInfo } from '../ingest/hooks.ts';

/** A batch that has passed every check, on its way to Customer.io or to the function `deliver`. */
export interface OutgoingBatch {
  readonly acceptedEvents: readonly AcceptedEvent[];
  /** ISO 8601, as the browser sent it. */
  readonly sentAt?: string | undefined;
  /** The body as the browser sent it. Set only where no event was changed or left out: it is then sent on as it is. */
  readonly receivedBody?: ReceivedBody | undefined;
  readonly info: RequestInfo;
  /** When the time for the delivery ends, by `performance.now()`. */
  readonly endsAt: number;
  /** The client key of the request. */
  readonly clientKey: string;
  /** Called with the events that are delivered. */
  readonly accept?: Accept | undefined;
}

/** Names the sender by its network and client key. `undefined` without an IP address: the sender could be any browser. */
export function senderOf({ clientKey, info: { address } }: OutgoingBatch): string | undefined {
  return address === undefined ? undefined : `${networkOf(address)} ${clientKey}`;
}
