import { MAX_EVENT_BYTES, type WireEvent, utf8 } from '../../protocol/wire.ts';
import { refuse, type Refusal } from '../http/response.ts';
import { type BatchBytes, type BeyondLimits, readBatch } from '../batch/batch-bytes.ts';
import { type Bytes, textOfBody } from '../http/body.ts';
import { type ItemBytes, MOST_ID_CHARACTERS } from '../batch/event-bytes.ts';
import type { Span } from '../batch/event-hash.ts';
import { createEventRules, whereIs } from './event-rules.ts';
import { startsObject } from '../batch/json-bytes.ts';
import { type AcceptedEvent, acceptedFromBytes, acceptedFromJson } from '../batch/accepted-event.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

export interface Admitted {
  readonly kind: 'admitted';
  readonly acceptedEvents: readonly AcceptedEvent[];
  readonly sentAt: string | undefined;
  /** Where it may go on so. */
  readonly came: ReceivedBody | undefined;
}

/** A batch in the bytes in which it came. */
export interface ReceivedBody {
  readonly body: Bytes;
  /** The events of it, with commas between them. */
  readonly list: Bytes;
}

export interface AdmissionLimits {
  readonly maxEvents: number;
  /** Bytes of JSON, in UTF-8. */
  readonly maxEventBytes: number;
}

const RULES = /*#__PURE__*/ createEventRules();

/** Takes a batch apart and judges it whole: one event that may not pass refuses all, so that the sender finds it by halving. */
export function admit(bytes: Bytes, { maxEvents, maxEventBytes }: AdmissionLimits): Admitted | Refusal {
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
  const staysAsItCame = ({ from, to, face }: ItemBytes): boolean =>
    face !== undefined && to - from <= maxEventBytes;
  const anew = batch.items.filter((item) => !staysAsItCame(item));
  const tooMuch = refuseAnew(anew, maxEventBytes);
  if (tooMuch) return tooMuch;
  const acceptedEvents: AcceptedEvent[] = [];
  // Anything else at the top (a write key, a context for all events) would pass by the checks of single events.
  const isWhole = batch.isPlain && anew.length === 0;
  for (const [index, item] of batch.items.entries()) {
    const { face } = item;
    const acceptedEvent =
      face !== undefined && staysAsItCame(item)
        ? (RULES(face, index) ?? acceptedFromBytes(bytes, item, face))
        : rewrite(bytes, item, index, maxEventBytes);
    if ('kind' in acceptedEvent) return acceptedEvent;
    acceptedEvents.push(acceptedEvent);
  }
  const [first, last] = [batch.items[0], batch.items.at(-1)];
  const came = isWhole && first && last && { body: bytes, list: bytes.subarray(first.from, last.to) };
  return { kind: 'admitted', acceptedEvents, sentAt: batch.sentAt, came: came || undefined };
}

/** How much longer than the event that is written an event may come: with spaces, and with escapes for every character. */
const MOST_LONGER = 3;
/** The bytes of all events of a batch that are written anew: two of the largest that Customer.io takes, or more where one may be larger. */
const MOST_ANEW_BYTES = 2 * MAX_EVENT_BYTES;

/**
 * Why what has to be parsed and written anew is not: that costs ten times as much as to look at it. Foreign senders alone make such
 * events; whoever has many of them sends them in several batches.
 */
function refuseAnew(anew: readonly ItemBytes[], maxBytes: number): Refusal | null {
  const mostBytes = Math.max(MOST_ANEW_BYTES, maxBytes);
  const bytes = anew.reduce((sum, { from, to }) => sum + to - from, 0);
  if (anew.length < 2 || bytes <= mostBytes) return null;
  const message = `Events that have to be written anew may have at most ${mostBytes} bytes in a batch.`;
  return refuse(413, 'too_many_events', message);
}

/** What has two meanings, or is of one kind too many: what `JSON.parse` finds goes on. */
function rewrite(bytes: Bytes, span: Span, index: number, maxBytes: number): AcceptedEvent | Refusal {
  const { from, to } = span;
  if (!startsObject(bytes, from)) return refuse(400, 'invalid_event', `${whereIs(index)} must be an object.`);
  const tooLarge = `${whereIs(index)} may have at most ${maxBytes} bytes of JSON.`;
  if (to - from > maxBytes * MOST_LONGER) return refuse(413, 'event_too_large', tooLarge);
  const event = JSON.parse(strictUtf8.decode(bytes.subarray(from, to))) as Record<string, unknown>;
  const { type, event: name, messageId } = event;
  const isIdTooLong = typeof messageId === 'string' && messageId.length > MOST_ID_CHARACTERS;
  const names = Object.keys(event);
  const refusal = RULES({ names, type: asText(type), event: asText(name), isIdTooLong }, index);
  if (refusal) return refusal;
  const text = JSON.stringify(event);
  if (bytesOf(text, maxBytes) > maxBytes) return refuse(413, 'event_too_large', tooLarge);
  return acceptedFromJson(event as unknown as WireEvent, text, span);
}

function asText(value: unknown): string | null | undefined {
  return typeof value === 'string' || value === undefined ? value : null;
}

function bytesOf(text: string, enough: number): number {
  // A UTF-16 unit is at most three bytes of UTF-8.
  return text.length * 3 <= enough ? text.length : utf8.encode(text).length;
}
