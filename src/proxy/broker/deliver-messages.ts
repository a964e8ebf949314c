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
import type { AcceptedEvent } from '../batch/contract.ts';
import type { UpstreamSettings } from '../upstream/upstream-settings.ts';
import { createUpstream } from '../upstream/upstream.ts';

/** Sends messages to Customer.io, and settles each of them. Never rejects. */
export interface MessageDelivery {
  /** Sends one message by itself, in as many requests as it needs. */
  alone(message: QueuedMessage): Promise<void>;
  /** Sends several messages that fit into one request. */
  together(messages: readonly QueuedMessage[]): Promise<void>;
}

/** From this attempt on, the forwarder searches for an event to which Customer.io responds 500. */
const SUSPECT_AFTER = 5;
/** The delay before the next attempt while only the operator can correct the cause. */
const MISCONFIGURED_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** The size of the frame around the events: `{"batch":[],"sentAt":"…"}`. */
const FRAME_BYTES = 100;
/** The most time for bisecting a group of messages, in units of `timeoutMs`. */
const MOST_TIMEOUTS = 2;

/** Messages that were sent in one request at first. */
interface Group {
  /** The number of requests that had succeeded when the group began. */
  readonly before: number;
  /** The end of the time for bisecting, by `performance.now()`. */
  readonly endsAt: number;
}

const NO_TIME_LEFT: Delivery = {
  kind: 'unavailable',
  detail: 'There was no time left to find the message that Customer.io refuses.',
};

export function createMessageDelivery(settings: UpstreamSettings): MessageDelivery {
  const { timeoutMs } = settings;
  const upstream = createUpstream(createSendBatch(settings), settings.upstream);
  let deliveries = 0;

  async function sendEvents(
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

  /**
   * Sends a message by itself. `before`: the number of requests that had succeeded when this message, or its group,
   * began.
   */
  async function sendMessage(
    { acceptedEvents: all, sentAt, report }: QueuedMessage,
    before: number,
  ): Promise<ForwardOutcome> {
    const { attempt, note, rejected } = report;
    let failing = 0;

    const send = async (acceptedEvents: readonly AcceptedEvent[]): Promise<Delivery> => {
      const delivery = await sendEvents(acceptedEvents, sentAt, note);
      if (delivery.kind === 'too-large')
        return { kind: 'rejected', status: delivery.status, reason: 'too large for Customer.io' };
      if (attempt < SUSPECT_AFTER || !mayBeTheEvent(delivery)) return delivery;
      if (acceptedEvents.length === 1) failing += 1;
      return { kind: 'rejected', status: delivery.status ?? 500, reason: `answered ${delivery.status}` };
    };

    for (const acceptedEvents of inBodies(all)) {
      // A message queue cannot bisect a message: bisecting has no limit but the time of each request.
      const delivery = await sendBisected(acceptedEvents, send, () => Infinity, { mostRequests: Infinity });
      if (delivery.kind === 'delivered') {
        for (const { id, reason } of delivery.rejected ?? []) rejected.push(rejection(id, reason));
      } else if (delivery.kind === 'rejected') {
        rejected.push(rejection(acceptedEvents[0]?.id ?? null, delivery.reason));
      } else {
        return later(delivery, attempt);
      }
    }
    if (failing === 0) return { kind: 'done', rejected };
    const reason = `Customer.io fails repeatedly for ${failing} of ${all.length} events.`;
    // If no other request has succeeded since, Customer.io is at fault and not the event.
    if (deliveries === before) return later({ kind: 'unavailable', detail: reason }, attempt);
    return { kind: 'never', reason };
  }

  async function alone(message: QueuedMessage, before: number): Promise<void> {
    const { attempt } = message.report;
    const outcome = await sendMessage(message, before).catch((cause: unknown): ForwardOutcome => {
      const delayMs = Math.ceil(backoffMs(attempt));
      return { kind: 'later', delayMs, isDown: false, reason: describeError(cause) };
    });
    message.settle(outcome);
  }

  async function sendTogether(messages: readonly QueuedMessage[], endsAt: number): Promise<Delivery> {
    const [first] = messages;
    if (performance.now() >= endsAt || !first) return NO_TIME_LEFT;
    // A merged request has its own time: no message has the one at which it is sent.
    const sentAt = messages.length === 1 ? first.sentAt : new Date().toISOString();
    const acceptedEvents = messages.flatMap((message) => message.acceptedEvents);
    // The request is counted for the first message only, so that the sum over all messages is right.
    const delivery = await sendEvents(acceptedEvents, sentAt, first.report.note);
    for (const { report } of messages) {
      report.merged = Math.max(report.merged, messages.length);
      if (delivery.status !== undefined) report.note.upstreamStatus = delivery.status;
    }
    return delivery;
  }

  /**
   * Bisects messages whose request Customer.io rejects whole, in their order, until each message at fault is alone.
   * Such a message is then sent by itself, so that it delays the others only while the group is bisected. `hasFault`:
   * one of these messages is known to be at fault, so that only their halves are sent. Returns whether one of them was
   * at fault.
   */
  async function bisect(
    messages: readonly QueuedMessage[],
    hasFault: boolean,
    group: Group,
  ): Promise<boolean> {
    if (!hasFault) {
      const delivery = await sendTogether(messages, group.endsAt);
      if (!mayBeOneMessage(delivery)) {
        for (const { report, settle } of messages) {
          const { attempt, rejected } = report;
          settle(delivery.kind === 'delivered' ? { kind: 'done', rejected } : later(delivery, attempt));
        }
        return false;
      }
    }
    const [only] = messages;
    if (only && messages.length === 1) {
      void alone(only, group.before);
      return true;
    }
    const middle = Math.ceil(messages.length / 2);
    const inFirst = await bisect(messages.slice(0, middle), false, group);
    const inSecond = await bisect(messages.slice(middle), !inFirst, group);
    return inFirst || inSecond;
  }

  return {
    alone: (message) => alone(message, deliveries),
    async together(messages) {
      const [only] = messages;
      const group = { before: deliveries, endsAt: performance.now() + MOST_TIMEOUTS * timeoutMs };
      if (only && messages.length === 1) await alone(only, group.before);
      else await bisect(messages, false, group);
    },
  };
}

/** Splits a batch into the events of one or more requests. */
function inBodies(acceptedEvents: readonly AcceptedEvent[]): readonly (readonly AcceptedEvent[])[] {
  const texts = acceptedEvents.map(({ json }) => String(json));
  let from = 0;
  return inGroups(texts, MAX_BATCH_BYTES - FRAME_BYTES).map(({ length }) =>
    acceptedEvents.slice(from, (from += length)),
  );
}

/** Whether the response to several messages can be the fault of one of them. */
function mayBeOneMessage(delivery: Delivery): boolean {
  return delivery.kind === 'rejected' || delivery.kind === 'too-large' || mayBeTheEvent(delivery);
}

/** Whether the response is more likely the fault of an event than of a server that is down or wants no requests. */
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
