import { type WireEvent, utf8 } from '../wire.ts';
import { refuse, type Refusal } from './answer.ts';
import { type BatchBytes, readBatch } from './batch-bytes.ts';
import { type Bytes, textOfBody } from './body.ts';
import { MOST_ID_CHARACTERS } from './event-bytes.ts';
import type { Span } from './event-hash.ts';
import { createEventRules, type EventRules, whereIs } from './event-rules.ts';
import { type Parcel, sealedParcel, writtenParcel } from './parcel.ts';
import { isRecord } from './record.ts';
import { strictUtf8 } from './utf8.ts';

export interface Admitted {
  readonly kind: 'admitted';
  readonly parcels: readonly Parcel[];
  readonly sentAt: string | undefined;
  /** Where it may go on so. */
  readonly came: CameWhole | undefined;
}

/** A batch in the bytes in which it came. */
export interface CameWhole {
  readonly body: Bytes;
  /** The events of it, with commas between them. */
  readonly list: Bytes;
}

export interface AdmissionLimits {
  readonly maxEvents: number;
  /** Bytes of JSON, in UTF-8. */
  readonly maxEventBytes: number;
}

/** Takes a batch apart and judges it whole: one event that may not pass refuses all, so that the sender finds it by halving. */
export function admit(bytes: Bytes, { maxEvents, maxEventBytes }: AdmissionLimits): Admitted | Refusal {
  let batch: BatchBytes | null;
  try {
    batch = readBatch(bytes, maxEvents);
  } catch {
    const text = textOfBody(bytes);
    return typeof text === 'string' ? refuse(400, 'invalid_json', 'The body is not valid JSON.') : text;
  }
  if (batch === null) return refuse(400, 'invalid_batch', 'The body must be {"batch": [events]}.');
  if (batch.count > maxEvents) {
    return refuse(413, 'too_many_events', `A batch may have at most ${maxEvents} events.`);
  }
  const rules = createEventRules();
  const parcels: Parcel[] = [];
  // Anything else at the top (a write key, a context for all events) would pass by the checks of single events.
  let isWhole = batch.isPlain;
  for (const [index, item] of batch.items.entries()) {
    const { from, to, face } = item;
    const staysAsItCame = face !== undefined && to - from <= maxEventBytes;
    const parcel = staysAsItCame
      ? (rules(face, index) ?? sealedParcel(bytes, item, face))
      : rewrite(bytes, item, index, rules, maxEventBytes);
    if ('kind' in parcel) return parcel;
    parcels.push(parcel);
    isWhole &&= staysAsItCame;
  }
  const [first, last] = [batch.items[0], batch.items.at(-1)];
  const came = isWhole && first && last && { body: bytes, list: bytes.subarray(first.from, last.to) };
  return { kind: 'admitted', parcels, sentAt: batch.sentAt, came: came || undefined };
}

/** What is no event, or has two meanings: the one that `JSON.parse` finds goes on. */
function rewrite(
  bytes: Bytes,
  span: Span,
  index: number,
  rules: EventRules,
  maxBytes: number,
): Parcel | Refusal {
  const tooDeep = refuse(400, 'invalid_event', `${whereIs(index)} is nested too deeply.`);
  const event = parse(bytes.subarray(span.from, span.to));
  if (event === undefined) return tooDeep;
  if (!isRecord(event)) return refuse(400, 'invalid_event', `${whereIs(index)} must be an object.`);
  const { type, event: name, messageId } = event;
  const isIdTooLong = typeof messageId === 'string' && messageId.length > MOST_ID_CHARACTERS;
  const names = Object.keys(event);
  const refusal = rules({ names, type: asText(type), event: asText(name), isIdTooLong }, index);
  if (refusal) return refusal;
  const text = toJson(event);
  if (text === undefined) return tooDeep;
  if (bytesOf(text, maxBytes) > maxBytes) {
    return refuse(413, 'event_too_large', `${whereIs(index)} may have at most ${maxBytes} bytes of JSON.`);
  }
  return writtenParcel(event as unknown as WireEvent, text, span);
}

function asText(value: unknown): string | null | undefined {
  return typeof value === 'string' || value === undefined ? value : null;
}

/** `undefined`: it is deeper than this engine reads. */
function parse(json: Bytes): unknown {
  try {
    return JSON.parse(strictUtf8.decode(json));
  } catch {
    return undefined;
  }
}

/** `undefined`: it is deeper than this engine writes, which may be less than it reads. */
function toJson(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function bytesOf(text: string, enough: number): number {
  // A UTF-16 unit is at most three bytes of UTF-8.
  return text.length * 3 <= enough ? text.length : utf8.encode(text).length;
}
