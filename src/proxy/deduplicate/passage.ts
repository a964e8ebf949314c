import type { RejectedEvent } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import type { AcceptedEvent } from '../batch/contract.ts';

/** The result of passing on events to Customer.io, or to `deliver`. */
export interface DeliveryResult {
  /** Events that will never be delivered, and that the browser deletes. */
  readonly rejected: readonly RejectedEvent[];
  /**
   * Why the browser has to send the events again. Missing when all events were delivered, but those that were rejected
   * or left out by a hook.
   */
  readonly refusal?: Refusal | undefined;
}

/**
 * Passes on events. `accept` is called with each part of them as soon as it is delivered, which may be after the
 * promise has resolved.
 */
export type PassOn = (acceptedEvents: readonly AcceptedEvent[], accept: Accept) => Promise<DeliveryResult>;

/** Marks events as accepted. */
export type Accept = (acceptedEvents: readonly AcceptedEvent[]) => void;
