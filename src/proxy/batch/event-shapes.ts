import { areSameBytes, hashOfBytes } from './compare-bytes.ts';
import { textIn } from './json-bytes.ts';
import { namesPreviousId } from './previous-id.ts';

/** What the names of an event's fields say. */
export interface Shape {
  /** Always the same array for events that have the same names. */
  readonly names: readonly string[];
  /** Two fields have one name. */
  readonly isTwofold: boolean;
  /** Which of the fields; -1: none. */
  readonly typeAt: number;
  readonly eventAt: number;
  readonly idAt: number;
  readonly hasPreviousId: boolean;
}

/** Numbers of a field: where its name begins and ends, and where its value does. */
export const FIELD = 4;

/**
 * Finds the shape of an event whose fields are in `fields`, four numbers each, up to `end`. `mayLearn`: asked for how many names are to
 * be read where it is a new shape; `undefined` where they may not.
 */
export type FindShape = (
  bytes: Uint8Array,
  fields: readonly number[],
  end: number,
  mayLearn: (names: number) => boolean,
) => Shape | undefined;

interface Known {
  /** The names in their quotes, one behind the other. */
  readonly bytes: Uint8Array;
  /** Where each of them ends. */
  readonly ends: readonly number[];
  readonly shape: Shape;
}

/** Calls of a site have a dozen: with a name or without, of somebody known or not. */
const MOST_SHAPES = 200;
/** A shape with longer names is not remembered: so all of them take a megabyte at most. */
const MOST_BYTES = 2_000;

/** Events look alike: what one before said in the same bytes is not read again, also if it came in another batch. */
export function createShapes(): FindShape {
  const known = new Map<number, Known>();
  let last: Known | undefined;

  return (bytes, fields, end, mayLearn) => {
    if (last && fits(last, bytes, fields, end)) return last.shape;
    let hash = end;
    for (let i = 0; i < end; i += FIELD) hash = hashOfBytes(hash, bytes, fields[i] ?? 0, fields[i + 1] ?? 0);
    const found = known.get(hash);
    if (found && fits(found, bytes, fields, end)) {
      last = found;
      return found.shape;
    }
    if (!mayLearn(end / FIELD)) return undefined;
    last = learn(bytes, fields, end);
    if (last.bytes.length <= MOST_BYTES) {
      // Whoever sends new ones all the time only makes the memory shorter.
      if (known.size >= MOST_SHAPES) known.clear();
      known.set(hash, last);
    }
    return last.shape;
  };
}

function fits(known: Known, bytes: Uint8Array, fields: readonly number[], end: number): boolean {
  const { ends } = known;
  if (end !== ends.length * FIELD) return false;
  let at = 0;
  for (let nth = 0; nth < ends.length; nth += 1) {
    const from = fields[nth * FIELD] ?? 0;
    const length = (ends[nth] ?? 0) - at;
    if ((fields[nth * FIELD + 1] ?? 0) - from !== length) return false;
    if (!areSameBytes(bytes, from, known.bytes, at, length)) return false;
    at += length;
  }
  return true;
}

function learn(bytes: Uint8Array, fields: readonly number[], end: number): Known {
  const names: string[] = [];
  const parts: Uint8Array[] = [];
  const ends: number[] = [];
  let length = 0;
  for (let i = 0; i < end; i += FIELD) {
    const from = fields[i] ?? 0;
    const to = fields[i + 1] ?? 0;
    names.push(textIn(bytes, from, to));
    parts.push(bytes.subarray(from, to));
    length += to - from;
    ends.push(length);
  }
  const all = new Uint8Array(length);
  parts.forEach((part, i) => all.set(part, i === 0 ? 0 : ends[i - 1]));
  const shape = {
    names,
    isTwofold: new Set(names).size < names.length,
    typeAt: names.indexOf('type'),
    eventAt: names.indexOf('event'),
    idAt: names.indexOf('messageId'),
    hasPreviousId: namesPreviousId(names),
  };
  return { bytes: all, ends, shape };
}
