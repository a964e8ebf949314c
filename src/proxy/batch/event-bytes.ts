import type { Bytes } from '../http/body.ts';
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

/** One item of a batch, and where it is. */
export interface ItemBytes {
  readonly from: number;
  readonly to: number;
  /**
   * Missing: it is no object, or two parsers may read it in two ways, or it is of one kind too many, so that it has to be parsed
   * and written anew.
   */
  readonly face: EventSummary | undefined;
}

/** What an event is judged by. */
export interface EventSummary {
  /** Of its fields. Mostly the same array for events that have the same. */
  readonly names: readonly string[];
  /** `null`: it has one that is no text. */
  readonly type: string | null | undefined;
  /** As `type`. */
  readonly event: string | null | undefined;
  /** Whether it has a `messageId`, and that is a text that is not empty. */
  readonly hasId: boolean;
  /** Whether its `messageId` is a text of more characters than an id may have. */
  readonly isIdTooLong: boolean;
  /** Whether it has a field that may be read as `previousId`. */
  readonly hasPreviousId: boolean;
}

/** Of a `messageId`, in UTF-16 units. Ours have 26, those of the wrapped SDK 59, a UUID 36. */
export const MOST_ID_CHARACTERS = 100;

/** Of brackets and braces in a field. Engines differ in how deep they can write: none reaches its end here. */
export const MOST_LEVELS = 100;

/** Of an event itself, what is inside them aside: the calls of Customer.io know fifteen. */
const MOST_FIELDS = 1_000;

/**
 * Names of fields that are read in one batch. Events of one kind have the same names, which are read once; a batch that the SDK
 * makes has some hundred of them. Beyond, an event is parsed and written anew, as far as that goes.
 */
const MOST_NAMES = 2_000;

/** A shorter value is read as quickly as it is compared. */
const LEAST_SAME = 32;

/** Reads the items of one batch after the other. */
export interface ItemReader {
  /** From now on items are read from these. */
  start(bytes: Bytes): void;
  /** @throws SyntaxError where it is not JSON, JsonLimitError where it has too many fields or levels */
  read(from: number): ItemBytes;
}

/**
 * Nothing is made for each field, nor for each batch: clearing that away would cost more than the reading.
 */
export function createItemReader(): ItemReader {
  const findings = createFindings(MOST_LEVELS);
  const shapeOf = createShapes();
  const readText = createTextCache();
  let bytes: Bytes = new Uint8Array();
  let view = new DataView(bytes.buffer);
  let namesLeft = MOST_NAMES;
  // Of the event that was read last: four numbers a field, and how many numbers. Behind them may be those of others.
  let fields: number[] = [];
  let end = 0;
  // The same numbers of the event before it.
  let before: number[] = [];
  let beforeEnd = 0;

  /**
   * The events of a batch are of one page: most have the same `context`, which is half of their bytes. What begins with the same
   * bytes as a whole object or text is that object or text. Returns 0 where it is another one.
   */
  function sameEnd(valueFrom: number): number {
    if (end >= beforeEnd) return 0;
    const from = before[end + 2] ?? 0;
    const length = (before[end + 3] ?? 0) - from;
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

  /** Bytes between the quotes; 0 where there is no text. */
  function textBytes(at: number): number {
    const from = fields[at * FIELD + 2] ?? 0;
    const to = fields[at * FIELD + 3] ?? 0;
    return at >= 0 && startsText(bytes, from) ? to - from - '""'.length : 0;
  }

  function isIdTooLong(at: number, idBytes: number): boolean {
    // No character has fewer bytes than one.
    if (idBytes <= MOST_ID_CHARACTERS) return false;
    const id = textIn(bytes, fields[at * FIELD + 2] ?? 0, fields[at * FIELD + 3] ?? 0);
    return id.length > MOST_ID_CHARACTERS;
  }

  return {
    start(next) {
      bytes = next;
      view = new DataView(next.buffer, next.byteOffset, next.length);
      [end, beforeEnd] = [0, 0];
      namesLeft = MOST_NAMES;
    },

    read(from) {
      const hadNeedlessEscape = findings.hasNeedlessEscape;
      findings.deepest = 0;
      findings.hasNeedlessEscape = false;
      if (!startsObject(bytes, from)) {
        end = 0;
        return { from, to: valueEnd(bytes, from, findings), face: undefined };
      }
      // Nothing is taken over from an event with needless escapes: they would not be found again.
      beforeEnd = hadNeedlessEscape ? 0 : end;
      [fields, before] = [before, fields];
      end = 0;
      const to = objectEnd(bytes, from, fieldEnd, findings);
      const shape = shapeOf(bytes, fields, end, mayLearn);
      if (shape === undefined || shape.isTwofold || findings.hasNeedlessEscape)
        return { from, to, face: undefined };
      const { names, typeAt, eventAt, idAt, hasPreviousId } = shape;
      const idBytes = textBytes(idAt);
      const face = {
        names,
        type: textAt(typeAt),
        event: textAt(eventAt),
        hasId: idBytes > 0,
        isIdTooLong: isIdTooLong(idAt, idBytes),
        hasPreviousId,
      };
      return { from, to, face };
    },
  };
}
