import type { RejectedEvent } from '../wire.ts';
import { sendInHalves } from './bisect.ts';
import { retryAfterMs } from './breaker.ts';
import { within } from './deadline.ts';
import type { Delivery } from './delivery.ts';
import { describe } from './describe.ts';
import { bodyOf } from './dispatch.ts';
import type { Load } from './forward-queue.ts';
import { createForward } from './forward.ts';
import type { ForwardOutcome } from './forwarder.ts';
import type { Note } from './log.ts';
import { inGroups, MAX_BATCH_BYTES } from './message.ts';
import type { Parcel } from './parcel.ts';
import type { UpstreamSettings } from './upstream-settings.ts';
import { createUpstream } from './upstream.ts';

/** Brings messages to Customer.io, and settles each of them. Never rejects. */
export interface Carrier {
  /** One message, in as many requests as it takes. */
  alone(load: Load): Promise<void>;
  /** Several messages that fit into one request. */
  together(loads: readonly Load[]): Promise<void>;
}

/** From this attempt on, an event is looked for to which Customer.io answers 500. */
const SUSPECT_AFTER = 5;
const MISCONFIGURED_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** `{"batch":[],"sentAt":"…"}` around the events. */
const FRAME_BYTES = 100;
/** The longest that messages are halved to find one at fault, in units of `timeoutMs`. */
const MOST_TIMEOUTS = 2;
/** Messages that went in one request at first. */
interface Group {
  /** How many requests had been delivered when it began. */
  readonly before: number;
  /** By `performance.now()`. */
  readonly endsAt: number;
}

const NO_TIME_LEFT: Delivery = {
  kind: 'unavailable',
  detail: 'There was no time left to find the message that Customer.io does not take.',
};

export function createCarrier(settings: UpstreamSettings): Carrier {
  const { timeoutMs } = settings;
  const upstream = createUpstream(createForward(settings), settings.upstream);
  let deliveries = 0;

  async function ask(parcels: readonly Parcel[], sentAt: string | undefined, note: Note): Promise<Delivery> {
    const endsAt = performance.now() + timeoutMs;
    const delivery = await within(timeoutMs, (signal) =>
      upstream.send(bodyOf(parcels, sentAt), { signal, endsAt }, note),
    ).catch((cause: unknown): Delivery => ({ kind: 'unavailable', detail: describe(cause) }));
    if (delivery.kind === 'delivered') deliveries += 1;
    return delivery;
  }

  function later(delivery: Exclude<Delivery, { kind: 'delivered' }>, attempt: number): ForwardOutcome {
    const reason = 'detail' in delivery ? delivery.detail : delivery.kind;
    const asked = delivery.kind === 'unavailable' ? retryAfterMs(delivery.retryAfter) : MISCONFIGURED_MS;
    const isDown = upstream.state().health !== 'up';
    return { kind: 'later', delayMs: Math.ceil(asked ?? backoffMs(attempt)), isDown, reason };
  }

  /** `before`: how many requests had been delivered when this message, or the group that it came with, began. */
  async function bring({ parcels: all, sentAt, report }: Load, before: number): Promise<ForwardOutcome> {
    const { attempt, note, rejected } = report;
    let indigestible = 0;

    const send = async (parcels: readonly Parcel[]): Promise<Delivery> => {
      const delivery = await ask(parcels, sentAt, note);
      if (delivery.kind === 'too-large')
        return { kind: 'rejected', status: delivery.status, reason: 'too large for Customer.io' };
      if (attempt < SUSPECT_AFTER || !mayBeTheEvent(delivery)) return delivery;
      if (parcels.length === 1) indigestible += 1;
      return { kind: 'rejected', status: delivery.status ?? 500, reason: `answered ${delivery.status}` };
    };

    for (const parcels of inBodies(all)) {
      // Nobody else would halve it: there is no limit to time and requests but that of each request.
      const delivery = await sendInHalves(parcels, send, () => Infinity, { mostRequests: Infinity });
      if (delivery.kind === 'delivered') {
        for (const { id, reason } of delivery.rejected ?? []) rejected.push(rejection(id, reason));
      } else if (delivery.kind === 'rejected') {
        rejected.push(rejection(parcels[0]?.id ?? null, delivery.reason));
      } else {
        return later(delivery, attempt);
      }
    }
    if (indigestible === 0) return { kind: 'done', rejected };
    const reason = `Customer.io fails, again and again, over ${indigestible} of ${all.length} events.`;
    // Where it takes nothing else, it is Customer.io.
    if (deliveries === before) return later({ kind: 'unavailable', detail: reason }, attempt);
    return { kind: 'never', reason };
  }

  async function alone(load: Load, before: number): Promise<void> {
    const { attempt } = load.report;
    const outcome = await bring(load, before).catch((cause: unknown): ForwardOutcome => {
      const delayMs = Math.ceil(backoffMs(attempt));
      return { kind: 'later', delayMs, isDown: false, reason: describe(cause) };
    });
    load.settle(outcome);
  }

  async function askTogether(loads: readonly Load[], endsAt: number): Promise<Delivery> {
    const [first] = loads;
    if (performance.now() >= endsAt || !first) return NO_TIME_LEFT;
    // Of several messages none has the time at which this request is sent.
    const sentAt = loads.length === 1 ? first.sentAt : new Date().toISOString();
    const parcels = loads.flatMap((load) => load.parcels);
    // The request is the first message's, so that the sum over all messages is right.
    const delivery = await ask(parcels, sentAt, first.report.note);
    for (const { report } of loads) {
      report.merged = Math.max(report.merged, loads.length);
      if (delivery.status !== undefined) report.note.upstreamStatus = delivery.status;
    }
    return delivery;
  }

  /**
   * Customer.io rejects a request whole. It is then halved, in order, until each message at fault is alone. That one goes its
   * own way, so that it holds up the others for these halvings only. `hasFault`: one of these messages is known to be at fault,
   * so that only its halves need to be sent. Answers whether one was.
   */
  async function halve(loads: readonly Load[], hasFault: boolean, group: Group): Promise<boolean> {
    if (!hasFault) {
      const delivery = await askTogether(loads, group.endsAt);
      if (!mayBeOneMessage(delivery)) {
        for (const { report, settle } of loads) {
          const { attempt, rejected } = report;
          settle(delivery.kind === 'delivered' ? { kind: 'done', rejected } : later(delivery, attempt));
        }
        return false;
      }
    }
    const [only] = loads;
    if (only && loads.length === 1) {
      void alone(only, group.before);
      return true;
    }
    const middle = Math.ceil(loads.length / 2);
    const inFirst = await halve(loads.slice(0, middle), false, group);
    const inSecond = await halve(loads.slice(middle), !inFirst, group);
    return inFirst || inSecond;
  }

  return {
    alone: (load) => alone(load, deliveries),
    async together(loads) {
      const [only] = loads;
      const group = { before: deliveries, endsAt: performance.now() + MOST_TIMEOUTS * timeoutMs };
      if (only && loads.length === 1) await alone(only, group.before);
      else await halve(loads, false, group);
    },
  };
}

/** A batch, as one or more requests. */
function inBodies(parcels: readonly Parcel[]): readonly (readonly Parcel[])[] {
  const texts = parcels.map(({ json }) => String(json));
  let from = 0;
  return inGroups(texts, MAX_BATCH_BYTES - FRAME_BYTES).map(({ length }) =>
    parcels.slice(from, (from += length)),
  );
}

/** Whether the answer to several messages may be the fault of one of them. */
function mayBeOneMessage(delivery: Delivery): boolean {
  return delivery.kind === 'rejected' || delivery.kind === 'too-large' || mayBeTheEvent(delivery);
}

/** Its own fault, more likely than that of a server that is down or wants to be left alone. */
function mayBeTheEvent(delivery: Delivery): boolean {
  const { kind, status = 0 } = delivery;
  return kind === 'unavailable' && delivery.retryAfter === undefined && (status === 500 || status > 504);
}

function rejection(messageId: string | null, reason: string): RejectedEvent {
  return { messageId, error: 'rejected', ...(reason && { reason }) };
}

function backoffMs(attempt: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}
