import type { Delivery, UndeliverableEvent } from './delivery.ts';
import type { AcceptedEvent } from '../batch/contract.ts';

/** Sends these on as one batch. */
export type SendEvents = (acceptedEvents: readonly AcceptedEvent[]) => Promise<Delivery>;

export interface BisectionLimits {
  readonly mostRequests?: number;
  /** Whether one more request may look for a faulty event. */
  readonly mayAsk?: () => boolean;
}

/** Two faulty events in 500 are found; a batch with more of them goes back to its sender, who halves it. */
const MOST_REQUESTS = 40;

/**
 * Sends a batch. Customer.io, in strict mode, rejects it whole and does not say for which event: so it is halved, in order,
 * until the faulty ones are alone and all others have been delivered.
 *
 * The batch counts as rejected, and its sender has to halve it, where the time would not be enough (a sender that hears 503
 * instead would send the same again, for ever), or too many requests would be needed.
 *
 * @throws what `send` throws; what had been delivered until then comes again
 */
export async function sendBisected(
  acceptedEvents: readonly AcceptedEvent[],
  send: SendEvents,
  leftMs: () => number,
  { mostRequests = MOST_REQUESTS, mayAsk = () => true }: BisectionLimits = {},
): Promise<Delivery> {
  const before = leftMs();
  const whole = await send(acceptedEvents);
  if (whole.kind !== 'rejected' || acceptedEvents.length < 2) return whole;
  const left = leftMs();
  const depth = Math.ceil(Math.log2(acceptedEvents.length));
  if ((before - left) * 2 * depth > left) return whole;

  const rejected: UndeliverableEvent[] = [];
  let requests = 1;

  /** `isFaulty`: there is one among these, so that only its halves need to be sent. */
  async function settle(group: readonly AcceptedEvent[], isFaulty: boolean): Promise<Delivery> {
    const [only] = group;
    if (!isFaulty || group.length === 1) {
      if (requests >= mostRequests || !mayAsk()) return whole;
      requests += 1;
      const delivery = await send(group);
      if (delivery.kind !== 'rejected') return delivery;
      if (group.length === 1 && only) {
        rejected.push({ id: only.id, reason: delivery.reason });
        return { kind: 'delivered', status: delivery.status };
      }
    }
    const middle = Math.ceil(group.length / 2);
    const known = rejected.length;
    const first = await settle(group.slice(0, middle), false);
    if (first.kind !== 'delivered') return first;
    return settle(group.slice(middle), rejected.length === known);
  }

  const delivery = await settle(acceptedEvents, true);
  return delivery.kind === 'delivered' ? { ...delivery, rejected } : delivery;
}
