import type { Bytes } from './body.ts';
import {
  createFindings,
  JsonLimitError,
  objectEnd,
  startsObject,
  startsText,
  textIn,
  valueEnd,
} from './json-bytes.ts';
import { namesPreviousId } from './previous-id.ts';

/** One item of a batch, and where it is. */
export interface ItemBytes {
  readonly from: number;
  readonly to: number;
  /**
   * Missing: it is no object, or two parsers may read it in two ways, or it is of one kind too many, so that it has to be parsed
   * and written anew.
   */
  readonly face: Face | undefined;
}

/** What an event is judged by. */
export interface Face {
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

/**
 * Events of a batch look alike: what one before said in the same bytes is not read again. Nor is anything made for each
 * field: clearing that away would cost more than the reading.
 *
 * What is answered throws SyntaxError where it is not JSON, and JsonLimitError where it has too many fields or levels.
 */
export function createItemReader(bytes: Bytes): (from: number) => ItemBytes {
  const findings = createFindings(MOST_LEVELS);
  const typeIn = createTextMemory(bytes);
  const eventIn = createTextMemory(bytes);
  const shapes = new Map<number, Shape>();
  let last: Shape | undefined;
  let namesLeft = MOST_NAMES;
  // Of the event that was read last: four numbers a field, and how many numbers. Behind them may be those of others.
  const fields: number[] = [];
  let end = 0;

  function fieldEnd(from: number, to: number, valueFrom: number): number {
    if (end === MOST_FIELDS * FIELD) throw new JsonLimitError(`has more than ${MOST_FIELDS} fields`);
    const valueTo = valueEnd(bytes, valueFrom, findings);
    fields[end] = from;
    fields[end + 1] = to;
    fields[end + 2] = valueFrom;
    fields[end + 3] = valueTo;
    end += FIELD;
    return valueTo;
  }

  function fits({ fields: other }: Shape): boolean {
    if (end !== other.length) return false;
    for (let i = 0; i < end; i += FIELD)
      if (!areSame(bytes, fields[i] ?? 0, fields[i + 1] ?? 0, other[i] ?? 0, other[i + 1] ?? 0)) return false;
    return true;
  }

  /** `undefined`: there were too many kinds of events. */
  function shapeOf(): Shape | undefined {
    if (last && fits(last)) return last;
    const hash = hashOfNames();
    const known = shapes.get(hash);
    last = known && fits(known) ? known : learn();
    if (last && last !== known) shapes.set(hash, last);
    return last;
  }

  function hashOfNames(): number {
    let hash = end;
    for (let i = 0; i < end; i += FIELD) {
      const to = fields[i + 1] ?? 0;
      for (let at = fields[i] ?? 0; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    }
    return hash;
  }

  function learn(): Shape | undefined {
    namesLeft -= end / FIELD;
    if (namesLeft < 0) return undefined;
    const names: string[] = [];
    for (let i = 0; i < end; i += FIELD) names.push(textIn(bytes, fields[i] ?? 0, fields[i + 1] ?? 0));
    const isTwofold = new Set(names).size < names.length;
    return {
      fields: fields.slice(0, end),
      names,
      isTwofold,
      typeAt: names.indexOf('type'),
      eventAt: names.indexOf('event'),
      idAt: names.indexOf('messageId'),
      hasPreviousId: namesPreviousId(names),
    };
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

  return (from) => {
    findings.deepest = 0;
    findings.hasNeedlessEscape = false;
    if (!startsObject(bytes, from)) return { from, to: valueEnd(bytes, from, findings), face: undefined };
    end = 0;
    const to = objectEnd(bytes, from, fieldEnd, findings);
    const shape = shapeOf();
    if (shape === undefined || shape.isTwofold || findings.hasNeedlessEscape)
      return { from, to, face: undefined };
    const { names, typeAt, eventAt, idAt, hasPreviousId } = shape;
    const [type, event] = [typeIn(fields, typeAt), eventIn(fields, eventAt)];
    const idBytes = textBytes(idAt);
    const face = {
      names,
      type,
      event,
      hasId: idBytes > 0,
      isIdTooLong: isIdTooLong(idAt, idBytes),
      hasPreviousId,
    };
    return { from, to, face };
  };
}

/** Four numbers a field: where its name begins and ends, and where its value does. */
const FIELD = 4;

/** What the names of an event's fields say. */
interface Shape {
  readonly fields: readonly number[];
  readonly names: readonly string[];
  readonly isTwofold: boolean;
  /** Which of the fields. */
  readonly typeAt: number;
  readonly eventAt: number;
  readonly idAt: number;
  readonly hasPreviousId: boolean;
}

function createTextMemory(
  bytes: Bytes,
): (fields: readonly number[], at: number) => string | null | undefined {
  let [lastFrom, lastTo, text] = [0, 0, ''];

  return (fields, at) => {
    if (at < 0) return undefined;
    const from = fields[at * FIELD + 2] ?? 0;
    const to = fields[at * FIELD + 3] ?? 0;
    if (!startsText(bytes, from)) return null;
    if (!areSame(bytes, from, to, lastFrom, lastTo))
      [lastFrom, lastTo, text] = [from, to, textIn(bytes, from, to)];
    return text;
  };
}

function areSame(bytes: Bytes, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  if (to - from !== otherTo - otherFrom) return false;
  for (let i = to - from - 1; i >= 0; i -= 1) if (bytes[from + i] !== bytes[otherFrom + i]) return false;
  return true;
}
