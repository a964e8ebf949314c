import type { RejectedEvent } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import type { AcceptedEvent } from '../batch/contract.ts';

/** What became of events on their way to where they are safe. */
export interface DeliveryResult {
  /** Those that the browser is to forget, although they will never be there. */
  readonly rejected: readonly RejectedEvent[];
  /** Why others have to come again. None: all have arrived, but those that were rejected or kept back by a hook. */
  readonly refusal?: Refusal | undefined;
}

/** Brings events there. `accept`: told of each part of them as soon as that is safe, which may be after the answer. */
export type PassOn = (acceptedEvents: readonly AcceptedEvent[], accept: Accept) => Promise<DeliveryResult>;

export type Accept = (acceptedEvents: readonly AcceptedEvent[]) => void;
