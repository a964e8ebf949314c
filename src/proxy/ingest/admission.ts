import { METRIC_TYPE } from '../../protocol/messages.ts';
import { MAX_EVENT_BYTES, type WireEvent, utf8 } from '../../protocol/wire.ts';
import { refuse, type Refusal } from '../http/response.ts';
import { type BatchBytes, type BeyondLimits, readBatch } from '../batch/batch-bytes.ts';
import type { Bytes } from '../lib/bytes.ts';
import { textOfBody } from '../http/body.ts';
import { type ItemBytes, MOST_ID_CHARACTERS } from '../batch/event-bytes.ts';
import { createEventRules, whereIs } from './event-rules.ts';
import { startsObject } from '../batch/json-bytes.ts';
import type { AcceptedEvent, Span } from '../batch/contract.ts';
import { acceptedFromBytes, acceptedFromJson } from '../batch/accepted-event.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** A batch whose events have all passed the rules. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly acceptedEvents: readonly AcceptedEvent[];
  /** The metrics among the events: each of them is replaced by the event that Customer.io counts, and is never sent on itself. */
  readonly metrics: readonly AcceptedEvent[];
  readonly sentAt: string | undefined;
  /** The received bytes, where the whole batch can be sent on in them. */
  readonly receivedBody: ReceivedBody | undefined;
}

/** The bytes of a batch as they were received. */
export interface ReceivedBody {
  readonly body: Bytes;
  /** The part of `body` with the events, and the commas between them. */
  readonly list: Bytes;
}

export interface AdmissionLimits {
  readonly maxEvents: number;
  /** Most bytes of an event's JSON, in UTF-8. */
  readonly maxEventBytes: number;
}

const checkEvent = /*#__PURE__*/ createEventRules();

/**
 * Reads the events of a batch, and checks each of them. One event that breaks a rule refuses the whole batch; the sender finds that
 * event by sending the halves of the batch.
 *
 * @param allowed the privileged events that the sender has the right to send; by default none
 */
export function admit(
  bytes: Bytes,
  { maxEvents, maxEventBytes }: AdmissionLimits,
  allowed?: ReadonlySet<string>,
): Admitted | Refusal {
  let batch: BatchBytes | BeyondLimits | null;
  try {
    batch = readBatch(bytes, maxEvents);
  } catch {
    const text = textOfBody(bytes);
    return typeof text === 'string' ? refuse(400, 'invalid_json', 'The body is not valid JSON.') : text;
  }
  if (batch === null) return refuse(400, 'invalid_batch', 'The body must be {"batch": [events]}.');
  if ('problem' in batch) {
    const { index, problem } = batch;
    return index === undefined
      ? refuse(400, 'invalid_batch', `The body ${problem}.`)
      : refuse(400, 'invalid_event', `${whereIs(index)} ${problem}.`);
  }
  if (batch.count > maxEvents) {
    return refuse(413, 'too_many_events', `A batch may have at most ${maxEvents} events.`);
  }
  const keepsBytes = ({ from, to, summary }: ItemBytes): boolean =>
    summary !== undefined && to - from <= maxEventBytes;
  const rewritten = batch.items.filter((item) => !keepsBytes(item));
  const tooMuch = refuseRewriting(rewritten, maxEventBytes);
  if (tooMuch) return tooMuch;
  const acceptedEvents: AcceptedEvent[] = [];
  const metrics: AcceptedEvent[] = [];
  // The body itself is sent on only where it has no field but `batch` and `sentAt`: others (a write key, a context for all events)
  // are not checked.
  const keepsBody = batch.isPlain && rewritten.length === 0;
  for (const [index, item] of batch.items.entries()) {
    const { summary } = item;
    const acceptedEvent =
      summary !== undefined && keepsBytes(item)
        ? (checkEvent(summary, index, allowed) ?? acceptedFromBytes(bytes, item, summary))
        : rewrite(bytes, item, index, maxEventBytes, allowed);
    if ('kind' in acceptedEvent) return acceptedEvent;
    acceptedEvents.push(acceptedEvent);
    // An event without a summary has been parsed already: `event` costs nothing here.
    const type: string | null | undefined = summary ? summary.type : acceptedEvent.event.type;
    if (type === METRIC_TYPE) metrics.push(acceptedEvent);
  }
  const [first, last] = [batch.items[0], batch.items.at(-1)];
  const receivedBody =
    keepsBody && metrics.length === 0 && first && last
      ? { body: bytes, list: bytes.subarray(first.from, last.to) }
      : undefined;
  return { kind: 'admitted', acceptedEvents, metrics, sentAt: batch.sentAt, receivedBody };
}

/** How many times longer than its rewritten JSON a received event may be: it may have spaces, and escapes for every character. */
const MOST_LONGER = 3;
/** Most bytes of all events of a batch that are rewritten: two of the largest events that Customer.io takes. At least one event may always be rewritten. */
const MOST_REWRITTEN_BYTES = 2 * MAX_EVENT_BYTES;

/**
 * Refuses a batch with too many bytes to parse and write as new JSON, which costs ten times as much as reading the bytes of an
 * event. The SDK makes no such events; another sender that has many of them must send them in several batches.
 */
function refuseRewriting(rewritten: readonly ItemBytes[], maxBytes: number): Refusal | null {
  const mostBytes = Math.max(MOST_REWRITTEN_BYTES, maxBytes);
  const bytes = rewritten.reduce((sum, { from, to }) => sum + to - from, 0);
  if (rewritten.length < 2 || bytes <= mostBytes) return null;
  const message = `Events that the proxy must rewrite may have at most ${mostBytes} bytes in a batch.`;
  return refuse(413, 'too_many_events', message);
}

/** Parses an event that cannot be sent on in its bytes ({@link ItemBytes}), and writes what `JSON.parse` has found. */
function rewrite(
  bytes: Bytes,
  span: Span,
  index: number,
  maxBytes: number,
  allowed?: ReadonlySet<string>,
): AcceptedEvent | Refusal {
  const { from, to } = span;
  if (!startsObject(bytes, from)) return refuse(400, 'invalid_event', `${whereIs(index)} must be an object.`);
  const tooLarge = `${whereIs(index)} may have at most ${maxBytes} bytes of JSON.`;
  if (to - from > maxBytes * MOST_LONGER) return refuse(413, 'event_too_large', tooLarge);
  const event = JSON.parse(strictUtf8.decode(bytes.subarray(from, to))) as Record<string, unknown>;
  const { type, event: name, messageId } = event;
  const isIdTooLong = typeof messageId === 'string' && messageId.length > MOST_ID_CHARACTERS;
  const names = Object.keys(event);
  const summary = { names, type: asText(type), event: asText(name), isIdTooLong };
  const refusal = checkEvent(summary, index, allowed);
  if (refusal) return refusal;
  const text = JSON.stringify(event);
  if (bytesOf(text, maxBytes) > maxBytes) return refuse(413, 'event_too_large', tooLarge);
  return acceptedFromJson(event as unknown as WireEvent, text, span);
}

function asText(value: unknown): string | null | undefined {
  return typeof value === 'string' || value === undefined ? value : null;
}

/** The bytes of a text in UTF-8; its characters where their number shows already that the bytes are not more than `enough`. */
function bytesOf(text: string, enough: number): number {
  // A UTF-16 unit is at most three bytes of UTF-8.
  return text.length * 3 <= enough ? text.length : utf8.encode(text).length;
}
