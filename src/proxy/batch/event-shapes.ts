import { areSameBytes, hashOfBytes } from './compare-bytes.ts';
import { textIn } from './json-bytes.ts';
import { namesPreviousId } from './previous-id.ts';

/** The names of an event's fields, and the indexes of the fields that the rules need. */
export interface Shape {
  /** The same array for all events that have the same names. */
  readonly names: readonly string[];
  /** Whether two fields have the same name. */
  readonly hasDuplicateName: boolean;
  /** The index of the field `type`, as `eventAt` of `event` and `idAt` of `messageId`; -1: there is no such field. */
  readonly typeAt: number;
  readonly eventAt: number;
  readonly idAt: number;
  readonly hasPreviousId: boolean;
}

/** The numbers that are kept of a field: begin and end of its name, begin and end of its value. */
export const FIELD = 4;

/**
 * Finds the shape of an event whose fields are in `fields`, four numbers each, up to `end`. For a new shape it calls `mayLearn`
 * with the number of names to read, and returns `undefined` where that returns false.
 */
export type FindShape = (
  bytes: Uint8Array,
  fields: readonly number[],
  end: number,
  mayLearn: (names: number) => boolean,
) => Shape | undefined;

interface KnownShape {
  /** The names in their quotes, one behind the other. */
  readonly bytes: Uint8Array;
  /** For each name, the index in `bytes` at which it ends. */
  readonly ends: readonly number[];
  readonly shape: Shape;
}

/** Most shapes that are stored. The events of a site have about a dozen: with or without a name, with or without a user id. */
const MOST_SHAPES = 200;
/** Most bytes of the names of a shape that is stored, so that all shapes together take a megabyte at most. */
const MOST_BYTES = 2_000;

/** Remembers shapes over all batches: names that were read before in the same bytes are not read again. */
export function createShapes(): FindShape {
  const known = new Map<number, KnownShape>();
  let last: KnownShape | undefined;

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
      // A sender of ever new shapes can only clear this memory, not fill it.
      if (known.size >= MOST_SHAPES) known.clear();
      known.set(hash, last);
    }
    return last.shape;
  };
}

function fits(known: KnownShape, bytes: Uint8Array, fields: readonly number[], end: number): boolean {
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

function learn(bytes: Uint8Array, fields: readonly number[], end: number): KnownShape {
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
    hasDuplicateName: new Set(names).size < names.length,
    typeAt: names.indexOf('type'),
    eventAt: names.indexOf('event'),
    idAt: names.indexOf('messageId'),
    hasPreviousId: namesPreviousId(names),
  };
  return { bytes: all, ends, shape };
}
