import type { RejectedEvent } from '../../protocol/wire.ts';
import type { ForwardOutcome } from './contract.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/contract.ts';

/** A message that waits to be sent to Customer.io. */
export interface QueuedMessage {
  /** The events of the message. */
  readonly acceptedEvents: readonly AcceptedEvent[];
  /** The time at which the browser sent the batch, in ISO 8601. */
  readonly sentAt: string | undefined;
  /** The approximate size of the events as JSON. */
  readonly bytes: number;
  /** Filled while the message is sent. */
  readonly report: ReportOutcome;
  /** Called once, with the outcome. */
  settle(outcome: ForwardOutcome): void;
}

/** The facts of a message for its log entry. */
export interface ReportOutcome {
  /** How often the message queue has delivered the message, counted from 1. */
  readonly attempt: number;
  /** The requests to Customer.io. */
  readonly note: LogNote;
  /** Events that Customer.io never accepts. */
  readonly rejected: RejectedEvent[];
  /** The number of messages in the request, this one included. */
  merged: number;
}

/** Adds a message to the group for the next request. Messages stay in their order. */
export type MessageQueue = (message: QueuedMessage) => void;

/** Customer.io accepts 500 events and 500 000 bytes in one request. */
const [MOST_MESSAGES, MOST_EVENTS, MOST_BYTES] = [100, 500, 475_000];

/**
 * Creates a queue that groups messages, so that each group fits into one request. A group is sent when it is full, or
 * after `waitMs`. While no request is in flight, a group is sent in the next turn of the event loop: a caller that
 * forwards one message after the other never waits.
 */
export function createMessageQueue(
  waitMs: number,
  send: (group: readonly QueuedMessage[]) => Promise<unknown>,
): MessageQueue {
  let group: QueuedMessage[] = [];
  let [events, bytes, inFlight] = [0, 0, 0];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function sendGroup(): void {
    clearTimeout(timer);
    const sending = group;
    [group, events, bytes, timer] = [[], 0, 0, undefined];
    inFlight += 1;
    void send(sending).finally(() => (inFlight -= 1));
  }

  return (message) => {
    const isOverflow =
      events + message.acceptedEvents.length > MOST_EVENTS || bytes + message.bytes > MOST_BYTES;
    if (isOverflow && group.length > 0) sendGroup();
    group.push(message);
    events += message.acceptedEvents.length;
    bytes += message.bytes;
    if (group.length >= MOST_MESSAGES || events >= MOST_EVENTS || bytes >= MOST_BYTES) sendGroup();
    else timer ??= setTimeout(sendGroup, inFlight === 0 ? 0 : waitMs);
  };
}
