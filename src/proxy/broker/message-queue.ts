import type { RejectedEvent } from '../../protocol/wire.ts';
import type { ForwardOutcome } from './contract.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/accepted-event.ts';

/** A message on its way to Customer.io. */
export interface QueuedMessage {
  readonly acceptedEvents: readonly AcceptedEvent[];
  readonly sentAt: string | undefined;
  /** About those of its events, as JSON. */
  readonly bytes: number;
  readonly report: ReportOutcome;
  settle(outcome: ForwardOutcome): void;
}

/** What is told of a message when it is known what becomes of it. */
export interface ReportOutcome {
  /** How often the broker has given it. */
  readonly attempt: number;
  readonly note: LogNote;
  readonly rejected: RejectedEvent[];
  /** How many messages were in one request with it, itself among them. */
  merged: number;
}

/** Gathers messages into groups, each of which fits into one request, in the order in which they come. */
export type MessageQueue = (load: QueuedMessage) => void;

/** Customer.io takes 500 events and 500 000 bytes in one request. */
const [MOST_MESSAGES, MOST_EVENTS, MOST_BYTES] = [100, 500, 475_000];

/**
 * A group leaves when it is full, or after `waitMs`. Where nothing is under way it leaves with what has come in the same turn
 * of the event loop: who brings one message after the other waits for nothing.
 */
export function createMessageQueue(
  waitMs: number,
  send: (group: readonly QueuedMessage[]) => Promise<unknown>,
): MessageQueue {
  let group: QueuedMessage[] = [];
  let [events, bytes, underWay] = [0, 0, 0];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function leave(): void {
    clearTimeout(timer);
    const leaving = group;
    [group, events, bytes, timer] = [[], 0, 0, undefined];
    underWay += 1;
    void send(leaving).finally(() => (underWay -= 1));
  }

  return (load) => {
    const isTooMuch = events + load.acceptedEvents.length > MOST_EVENTS || bytes + load.bytes > MOST_BYTES;
    if (isTooMuch && group.length > 0) leave();
    group.push(load);
    events += load.acceptedEvents.length;
    bytes += load.bytes;
    if (group.length >= MOST_MESSAGES || events >= MOST_EVENTS || bytes >= MOST_BYTES) leave();
    else timer ??= setTimeout(leave, underWay === 0 ? 0 : waitMs);
  };
}
