import type { RejectedEvent } from '../../protocol/wire.ts';
import { sendBisected } from '../upstream/bisect.ts';
import { msOfRetryAfter } from '../upstream/circuit-breaker.ts';
import { within } from '../lib/timeouts.ts';
import type { Delivery } from '../upstream/delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import { bodyOf } from '../upstream/dispatch.ts';
import type { QueuedMessage } from './message-queue.ts';
import { createSendBatch } from '../upstream/send-batch.ts';
import type { ForwardOutcome } from './contract.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { inGroups, MAX_BATCH_BYTES } from './message.ts';
import type { AcceptedEvent } from '../batch/accepted-event.ts';
import type { UpstreamSettings } from '../upstream/upstream-settings.ts';
import { createUpstream } from '../upstream/upstream.ts';

/** Brings messages to Customer.io, and settles each of them. Never rejects. */
export interface MessageDelivery {
  /** One message, in as many requests as it takes. */
  alone(load: QueuedMessage): Promise<void>;
  /** Several messages that fit into one request. */
  together(loads: readonly QueuedMessage[]): Promise<void>;
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

export function createMessageDelivery(settings: UpstreamSettings): MessageDelivery {
  const { timeoutMs } = settings;
  const upstream = createUpstream(createSendBatch(settings), settings.upstream);
  let deliveries = 0;

  async function ask(
    acceptedEvents: readonly AcceptedEvent[],
    sentAt: string | undefined,
    note: LogNote,
  ): Promise<Delivery> {
    const endsAt = performance.now() + timeoutMs;
    const delivery = await within(timeoutMs, (signal) =>
      upstream.send(bodyOf(acceptedEvents, sentAt), { signal, endsAt }, note),
    ).catch((cause: unknown): Delivery => ({ kind: 'unavailable', detail: describeError(cause) }));
    if (delivery.kind === 'delivered') deliveries += 1;
    return delivery;
  }

  function later(delivery: Exclude<Delivery, { kind: 'delivered' }>, attempt: number): ForwardOutcome {
    const reason = 'detail' in delivery ? delivery.detail : delivery.kind;
    const asked = delivery.kind === 'unavailable' ? msOfRetryAfter(delivery.retryAfter) : MISCONFIGURED_MS;
    const isDown = upstream.state().health !== 'up';
    return { kind: 'later', delayMs: Math.ceil(asked ?? backoffMs(attempt)), isDown, reason };
  }

  /** `before`: how many requests had been delivered when this message, or the group that it came with, began. */
  async function bring(
    { acceptedEvents: all, sentAt, report }: QueuedMessage,
    before: number,
  ): Promise<ForwardOutcome> {
    const { attempt, note, rejected } = report;
    let indigestible = 0;

    const send = async (acceptedEvents: readonly AcceptedEvent[]): Promise<Delivery> => {
      const delivery = await ask(acceptedEvents, sentAt, note);
      if (delivery.kind === 'too-large')
        return { kind: 'rejected', status: delivery.status, reason: 'too large for Customer.io' };
      if (attempt < SUSPECT_AFTER || !mayBeTheEvent(delivery)) return delivery;
      if (acceptedEvents.length === 1) indigestible += 1;
      return { kind: 'rejected', status: delivery.status ?? 500, reason: `answered ${delivery.status}` };
    };

    for (const acceptedEvents of inBodies(all)) {
      // Nobody else would halve it: there is no limit to time and requests but that of each request.
      const delivery = await sendBisected(acceptedEvents, send, () => Infinity, { mostRequests: Infinity });
      if (delivery.kind === 'delivered') {
        for (const { id, reason } of delivery.rejected ?? []) rejected.push(rejection(id, reason));
      } else if (delivery.kind === 'rejected') {
        rejected.push(rejection(acceptedEvents[0]?.id ?? null, delivery.reason));
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

  async function alone(load: QueuedMessage, before: number): Promise<void> {
    const { attempt } = load.report;
    const outcome = await bring(load, before).catch((cause: unknown): ForwardOutcome => {
      const delayMs = Math.ceil(backoffMs(attempt));
      return { kind: 'later', delayMs, isDown: false, reason: describeError(cause) };
    });
    load.settle(outcome);
  }

  async function askTogether(loads: readonly QueuedMessage[], endsAt: number): Promise<Delivery> {
    const [first] = loads;
    if (performance.now() >= endsAt || !first) return NO_TIME_LEFT;
    // Of several messages none has the time at which this request is sent.
    const sentAt = loads.length === 1 ? first.sentAt : new Date().toISOString();
    const acceptedEvents = loads.flatMap((load) => load.acceptedEvents);
    // The request is the first message's, so that the sum over all messages is right.
    const delivery = await ask(acceptedEvents, sentAt, first.report.note);
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
  async function halve(loads: readonly QueuedMessage[], hasFault: boolean, group: Group): Promise<boolean> {
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
function inBodies(acceptedEvents: readonly AcceptedEvent[]): readonly (readonly AcceptedEvent[])[] {
  const texts = acceptedEvents.map(({ json }) => String(json));
  let from = 0;
  return inGroups(texts, MAX_BATCH_BYTES - FRAME_BYTES).map(({ length }) =>
    acceptedEvents.slice(from, (from += length)),
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
