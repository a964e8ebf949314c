import type { EventType } from '../../protocol/wire.ts';
import { MOST_LEVELS } from '../batch/event-bytes.ts';
import { caseless } from '../batch/field-names.ts';
import {
  arrayEnd,
  createFindings,
  type Findings,
  JsonLimitError,
  objectEnd,
  spaceEnd,
  startsArray,
  startsObject,
  startsText,
  textIn,
  valueEnd,
} from '../batch/json-bytes.ts';
import { createTextCache } from '../batch/text-cache.ts';
import type { SdkCall } from '../http/routes.ts';
import { refuse, type Refusal } from '../http/response.ts';
import type { Bytes } from '../lib/bytes.ts';
import { concatBytes } from '../lib/concat-bytes.ts';
import { isRecord } from '../lib/is-record.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';
import { utf8 } from '../../protocol/wire.ts';

/** The events of a request of another SDK, and the fields that such an SDK sends beside or inside them. */
export interface SdkBody {
  readonly kind: 'read';
  /** The JSON of each event, without `writeKey` and `sentAt`, and with the type of a single call. */
  readonly events: readonly Uint8Array[];
  readonly sentAt: string | undefined;
  /** The key that the SDK was set up with: a client key. */
  readonly writeKey: string | undefined;
}

/** The values that are taken out of a body. Those of the body itself come before those of its events. */
interface Extracted {
  writeKey?: string;
  sentAt?: string;
}

const readName = /*#__PURE__*/ createTextCache();
const [OPEN, CLOSE, COMMA] = ['{', '}', ','].map((text) => utf8.encode(text));

/**
 * Reads the body of another SDK: a batch, or one event whose type is in the path. All other fields of an event keep the bytes in
 * which they were received, so numbers and texts reach Customer.io unchanged. Without `sentAt`, which the web SDK writes anew into
 * an event at each attempt, a repeated event has the same bytes as before, and deduplication recognises it.
 */
export function readSdkBody(bytes: Bytes, call: SdkCall): SdkBody | Refusal {
  const findings = createFindings(MOST_LEVELS);
  const start = spaceEnd(bytes, 0);
  try {
    if (!startsObject(bytes, start)) {
      const isJson = spaceEnd(bytes, valueEnd(bytes, start, findings)) === bytes.length;
      if (!isJson) throw new SyntaxError('Something stands behind the JSON.');
      return refuse(400, 'invalid_batch', 'The body must be a JSON object.');
    }
    const read =
      call === 'batch' ? readEvents(bytes, start, findings) : readSingle(bytes, start, call, findings);
    if (spaceEnd(bytes, read.end) < bytes.length) throw new SyntaxError('Something stands behind the JSON.');
    if (read.events === null) return refuse(400, 'invalid_batch', 'The body must be {"batch": [events]}.');
    const { writeKey, sentAt } = read.extracted;
    return { kind: 'read', events: read.events, writeKey, sentAt };
  } catch (cause) {
    return cause instanceof JsonLimitError
      ? refuse(400, 'invalid_batch', `The body ${cause.message}.`)
      : refuse(400, 'invalid_json', 'The body is not valid JSON, in UTF-8.');
  }
}

interface Read {
  readonly end: number;
  readonly events: readonly Uint8Array[] | null;
  readonly extracted: Extracted;
}

function readSingle(bytes: Bytes, from: number, type: EventType, findings: Findings): Read {
  const { end, json, extracted } = readEvent(bytes, from, findings, type);
  return { end, events: [json], extracted };
}

function readEvents(bytes: Bytes, from: number, findings: Findings): Read {
  let events: Uint8Array[] | null = null;
  let ofEvents: Extracted = {};
  const own: Extracted = {};
  const end = objectEnd(
    bytes,
    from,
    (nameFrom, nameTo, valueFrom) => {
      const name = readName(bytes, nameFrom, nameTo);
      if (name === 'batch') [events, ofEvents] = [null, {}];
      if (name === 'batch' && startsArray(bytes, valueFrom)) {
        const found: Uint8Array[] = [];
        const to = arrayEnd(bytes, valueFrom, (at) => {
          const event = readEvent(bytes, at, findings);
          found.push(event.json);
          ofEvents = { ...event.extracted, ...ofEvents };
          return event.end;
        });
        events = found;
        return to;
      }
      const valueTo = valueEnd(bytes, valueFrom, findings);
      extract(own, caseless(name), bytes, valueFrom, valueTo);
      return valueTo;
    },
    findings,
  );
  return { end, events, extracted: { ...ofEvents, ...own } };
}

interface ReadEvent {
  readonly end: number;
  readonly json: Uint8Array;
  readonly extracted: Extracted;
}

/** Reads one item of a batch. An item that is not an object keeps its bytes, and is refused by the rules for events. */
function readEvent(bytes: Bytes, from: number, findings: Findings, type?: EventType): ReadEvent {
  const extracted: Extracted = {};
  if (!startsObject(bytes, from)) {
    const end = valueEnd(bytes, from, findings);
    return { end, json: bytes.subarray(from, end), extracted };
  }
  const kept: Uint8Array[] = type === undefined ? [] : [utf8.encode(`"type":"${type}"`)];
  let isWhole = type === undefined;
  const end = objectEnd(
    bytes,
    from,
    (nameFrom, nameTo, valueFrom) => {
      const valueTo = valueEnd(bytes, valueFrom, findings);
      const name = readName(bytes, nameFrom, nameTo);
      // The path names the type of a single call.
      const isLeftOut = name === 'type' && type !== undefined;
      if (isLeftOut || extract(extracted, caseless(name), bytes, valueFrom, valueTo)) isWhole = false;
      else kept.push(bytes.subarray(nameFrom, valueTo));
      return valueTo;
    },
    findings,
  );
  return { end, json: isWhole ? bytes.subarray(from, end) : joined(kept, OPEN, CLOSE), extracted };
}

/** Takes the value of a field that is not passed on. Returns whether the field, named in small letters, is such a field. */
function extract(into: Extracted, name: string, bytes: Bytes, from: number, to: number): boolean {
  const field = name === 'writekey' ? 'writeKey' : name === 'sentat' ? 'sentAt' : null;
  if (field === null) return false;
  if (startsText(bytes, from)) into[field] = textIn(bytes, from, to);
  return true;
}

/** Joins pieces of JSON with commas between them. */
function joined(pieces: readonly Uint8Array[], open?: Uint8Array, close?: Uint8Array): Bytes {
  const all = [open, ...pieces.flatMap((piece, index) => (index === 0 ? [piece] : [COMMA, piece])), close];
  const present = all.filter((piece) => piece !== undefined);
  return concatBytes(
    present,
    present.reduce((sum, { length }) => sum + length, 0),
  );
}

/** The `messageId` of an event in JSON; `null` where it has none. */
export function messageIdIn(json: Uint8Array): string | null {
  const event: unknown = JSON.parse(strictUtf8.decode(json));
  const id = isRecord(event) ? event['messageId'] : undefined;
  return typeof id === 'string' && id !== '' ? id : null;
}

/** Writes events as a batch of this SDK. */
export function batchOf(events: readonly Uint8Array[], sentAt: string | undefined): Bytes {
  const end = sentAt === undefined ? ']}' : `],"sentAt":${JSON.stringify(sentAt)}}`;
  return joined(events, utf8.encode('{"batch":['), utf8.encode(end));
}
