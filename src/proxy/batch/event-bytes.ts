import type { Bytes } from '../lib/bytes.ts';
import { areSameIn } from './compare-bytes.ts';
import { createShapes, FIELD } from './event-shapes.ts';
import {
  createFindings,
  JsonLimitError,
  objectEnd,
  startsObject,
  startsText,
  textIn,
  valueEnd,
} from './json-bytes.ts';
import { createTextCache } from './text-cache.ts';

/** An item of a batch: its span in the body, and a summary of its fields. */
export interface ItemBytes {
  readonly from: number;
  readonly to: number;
  /**
   * `undefined` if the bytes of the item cannot be sent to Customer.io, so that the item must be parsed and written as new JSON.
   * Reasons: the item is not an object, or two parsers may read it in two ways (a field twice, needless escapes), or the batch has
   * more than {@link MOST_NAMES} names of fields to read.
   */
  readonly summary: EventSummary | undefined;
}

/** The facts by which the rules accept or refuse an event, read without parsing its JSON. */
export interface EventSummary {
  /** The names of the event's fields. Mostly the same array for events that have the same names. */
  readonly names: readonly string[];
  /** The field `type`; `null` if its value is not a text, `undefined` if the field is missing. */
  readonly type: string | null | undefined;
  /** The field `event`; `null` and `undefined` as for `type`. */
  readonly event: string | null | undefined;
  /** Whether the event has a `messageId` that is a text and not empty. */
  readonly hasId: boolean;
  /** Whether the `messageId` is a text of more than {@link MOST_ID_CHARACTERS} characters. */
  readonly isIdTooLong: boolean;
  /** Whether the event has a field that may be read as `previousId`. */
  readonly hasPreviousId: boolean;
}

/** Most characters of a `messageId`, in UTF-16 units. Ids of this SDK have 26, those of Customer.io's SDK 59, a UUID 36. */
export const MOST_ID_CHARACTERS = 100;

/** Most levels of brackets and braces inside a field. JavaScript engines differ in how deep `JSON.stringify` goes; all of them reach 100. */
export const MOST_LEVELS = 100;

/** Most fields of an event itself, without those of the objects inside it. The calls of Customer.io have fifteen. */
const MOST_FIELDS = 1_000;

/**
 * Most names of fields that are read in one batch. Events with the same names have them read once, so a batch of the SDK has about
 * a hundred names to read. An event above this limit is parsed and written as new JSON, within the limits of that step.
 */
const MOST_NAMES = 2_000;

/** The least bytes of a value for which comparing is quicker than reading. */
const LEAST_SAME = 32;

/** Reads the items of a batch, and after them those of the next batch. */
export interface ItemReader {
  /** Begins a batch: `read` then reads from `bytes`. */
  start(bytes: Bytes): void;
  /** Reads the item that begins at `from`. @throws SyntaxError where it is not JSON, JsonLimitError where it has too many fields or levels */
  read(from: number): ItemBytes;
}

/**
 * Makes an item reader. Its arrays are reused for all fields and batches: collecting the garbage of new ones would cost more
 * than the reading itself.
 */
export function createItemReader(): ItemReader {
  const findings = createFindings(MOST_LEVELS);
  const shapeOf = createShapes();
  const readText = createTextCache();
  let bytes: Bytes = new Uint8Array();
  let view = new DataView(bytes.buffer);
  let namesLeft = MOST_NAMES;
  // The fields of the event that is being read: four numbers a field, `end` numbers in all. Behind them may be numbers of longer events.
  let fields: number[] = [];
  let end = 0;
  // The same numbers of the event before that one.
  let previousFields: number[] = [];
  let previousEnd = 0;

  /**
   * Finds the end of a value by comparing it with the same field of the event before. The events of a batch come from one page, and
   * most have the same `context`, which is half of their bytes. A value that begins with all bytes of an object or a text is that
   * object or text. Returns 0 where the bytes differ.
   */
  function sameEnd(valueFrom: number): number {
    if (end >= previousEnd) return 0;
    const from = previousFields[end + 2] ?? 0;
    const length = (previousFields[end + 3] ?? 0) - from;
    if (length < LEAST_SAME || valueFrom + length > bytes.length) return 0;
    if (!startsObject(bytes, from) && !startsText(bytes, from)) return 0;
    return areSameIn(view, from, valueFrom, length) ? valueFrom + length : 0;
  }

  function fieldEnd(from: number, to: number, valueFrom: number): number {
    if (end === MOST_FIELDS * FIELD) throw new JsonLimitError(`has more than ${MOST_FIELDS} fields`);
    const valueTo = sameEnd(valueFrom) || valueEnd(bytes, valueFrom, findings);
    fields[end] = from;
    fields[end + 1] = to;
    fields[end + 2] = valueFrom;
    fields[end + 3] = valueTo;
    end += FIELD;
    return valueTo;
  }

  function mayLearn(names: number): boolean {
    namesLeft -= names;
    return namesLeft >= 0;
  }

  function textAt(at: number): string | null | undefined {
    if (at < 0) return undefined;
    const from = fields[at * FIELD + 2] ?? 0;
    return startsText(bytes, from) ? readText(bytes, from, fields[at * FIELD + 3] ?? 0) : null;
  }

  /** The number of bytes between the quotes of a field's value; 0 if the field is missing or its value is not a text. */
  function textBytes(at: number): number {
    const from = fields[at * FIELD + 2] ?? 0;
    const to = fields[at * FIELD + 3] ?? 0;
    return at >= 0 && startsText(bytes, from) ? to - from - '""'.length : 0;
  }

  function isIdTooLong(at: number, idBytes: number): boolean {
    // Every character has at least one byte, so no text has more characters than bytes.
    if (idBytes <= MOST_ID_CHARACTERS) return false;
    const id = textIn(bytes, fields[at * FIELD + 2] ?? 0, fields[at * FIELD + 3] ?? 0);
    return id.length > MOST_ID_CHARACTERS;
  }

  return {
    start(next) {
      bytes = next;
      view = new DataView(next.buffer, next.byteOffset, next.length);
      [end, previousEnd] = [0, 0];
      namesLeft = MOST_NAMES;
    },

    read(from) {
      const hadNeedlessEscape = findings.hasNeedlessEscape;
      findings.deepest = 0;
      findings.hasNeedlessEscape = false;
      if (!startsObject(bytes, from)) {
        end = 0;
        return { from, to: valueEnd(bytes, from, findings), summary: undefined };
      }
      // An event with needless escapes is not compared with: its escapes would not be found in the next event.
      previousEnd = hadNeedlessEscape ? 0 : end;
      [fields, previousFields] = [previousFields, fields];
      end = 0;
      const to = objectEnd(bytes, from, fieldEnd, findings);
      const shape = shapeOf(bytes, fields, end, mayLearn);
      if (shape === undefined || shape.hasDuplicateName || findings.hasNeedlessEscape)
        return { from, to, summary: undefined };
      const { names, typeAt, eventAt, idAt, hasPreviousId } = shape;
      const idBytes = textBytes(idAt);
      const summary = {
        names,
        type: textAt(typeAt),
        event: textAt(eventAt),
        hasId: idBytes > 0,
        isIdTooLong: isIdTooLong(idAt, idBytes),
        hasPreviousId,
      };
      return { from, to, summary };
    },
  };
}
