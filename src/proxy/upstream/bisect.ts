import type { Delivery, UndeliverableEvent } from './delivery.ts';
import type { AcceptedEvent } from '../batch/contract.ts';

/** Sends these events to Customer.io in one request. */
export type SendEvents = (acceptedEvents: readonly AcceptedEvent[]) => Promise<Delivery>;

export interface BisectionLimits {
  /** The largest number of requests for one batch, the first one among them. @default 40 */
  readonly mostRequests?: number;
  /** Returns whether the shared budget allows one more request that searches for a faulty event. @default always */
  readonly mayAsk?: () => boolean;
}

/** Enough to find two faulty events in 500. A batch with more of them is rejected whole, and its browser bisects it. */
const MOST_REQUESTS = 40;

/**
 * Sends a batch. In strict mode Customer.io rejects a whole batch for one faulty event, and does not say which event it
 * is. The batch is therefore bisected, in its order, until each faulty event is alone and all others have been
 * delivered.
 *
 * Returns `rejected` for the whole batch if the remaining time is too short for that, or if more than `mostRequests`
 * would be needed. The browser then bisects the batch itself. With 503 instead, the browser would send the same batch
 * again without end.
 *
 * @throws the error of `send`; the browser sends the whole batch again then, also the events that were delivered before
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

  /**
   * Delivers a part of the batch. `isFaulty`: the part is known to contain a faulty event, so that only its halves are
   * sent.
   */
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
