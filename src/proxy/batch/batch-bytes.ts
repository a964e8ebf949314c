import type { Bytes } from '../http/body.ts';
import { createItemReader, type ItemBytes, MOST_LEVELS } from './event-bytes.ts';
import {
  arrayEnd,
  createFindings,
  JsonLimitError,
  objectEnd,
  spaceEnd,
  startsArray,
  startsObject,
  startsText,
  textIn,
  valueEnd,
} from './json-bytes.ts';
import { createTextCache } from './text-cache.ts';

/** A batch as its bytes have it. */
export interface BatchBytes {
  readonly items: readonly ItemBytes[];
  /** How many there were, kept or not. */
  readonly count: number;
  readonly sentAt: string | undefined;
  /** Whether it has nothing but events and a time, each once, so that every parser finds the same events in it. */
  readonly isPlain: boolean;
}

/** Where a batch goes beyond what is read. */
export interface BeyondLimits {
  /** Which item; `undefined`: what is around them. */
  readonly index: number | undefined;
  /** As in `has more than 1000 fields`. */
  readonly problem: string;
}

/** One for all batches, because what it knows of events holds for the next batch too; each is read in one go. */
const readName = /*#__PURE__*/ createTextCache();
const ITEMS = /*#__PURE__*/ createItemReader();
const NO_BYTES = /*#__PURE__*/ new Uint8Array();

/** Of the body itself: the SDK sends two, others four or five. */
const MOST_FIELDS = 50;

/**
 * Reads a batch without making its objects, which would cost more than all the rest of passing it on.
 *
 * @param bytes without a byte order mark
 * @param mostItems more are counted, and not kept
 * @returns `null`: JSON, but no `{"batch":[…]}`
 * @throws SyntaxError where it is not JSON in UTF-8
 */
export function readBatch(bytes: Bytes, mostItems: number): BatchBytes | BeyondLimits | null {
  ITEMS.start(bytes);
  const found = { batch: false, sentAt: false };
  const findings = createFindings(MOST_LEVELS);
  let fieldCount = 0;
  /** The item that is read now. */
  let index: number | undefined;
  let isPlain = true;
  let batch: Pick<BatchBytes, 'items' | 'count'> | null = null;
  let sentAt: string | null | undefined;

  function itemsEnd(from: number): number {
    const items: ItemBytes[] = [];
    let count = 0;
    const to = arrayEnd(bytes, from, (at) => {
      count += 1;
      if (count > mostItems) return valueEnd(bytes, at, findings);
      index = count - 1;
      const item = ITEMS.read(at);
      items.push(item);
      return item.to;
    });
    index = undefined;
    batch = { items, count };
    return to;
  }

  // Of two fields with one name the last one counts, as for JSON.parse.
  function fieldEnd(from: number, to: number, valueFrom: number): number {
    fieldCount += 1;
    if (fieldCount > MOST_FIELDS) throw new JsonLimitError(`has more than ${MOST_FIELDS} fields`);
    const name = readName(bytes, from, to);
    const isKnown = name === 'batch' || name === 'sentAt';
    // Longer than itself and its quotes: written in escapes.
    isPlain &&= isKnown && !found[name] && to - from === name.length + 2;
    if (isKnown) found[name] = true;
    if (name === 'batch' && startsArray(bytes, valueFrom)) return itemsEnd(valueFrom);
    const valueTo = valueEnd(bytes, valueFrom, findings);
    if (name === 'batch') batch = null;
    if (name === 'sentAt') sentAt = startsText(bytes, valueFrom) ? textIn(bytes, valueFrom, valueTo) : null;
    return valueTo;
  }

  const start = spaceEnd(bytes, 0);
  let end: number;
  try {
    end = startsObject(bytes, start)
      ? objectEnd(bytes, start, fieldEnd, findings)
      : valueEnd(bytes, start, findings);
  } catch (cause) {
    if (cause instanceof JsonLimitError) return { index, problem: cause.message };
    throw cause;
  } finally {
    // Otherwise a body would stay in memory until the next one comes.
    ITEMS.start(NO_BYTES);
  }
  if (spaceEnd(bytes, end) < bytes.length) throw new SyntaxError('Something stands behind the JSON.');
  const read = batch as Pick<BatchBytes, 'items' | 'count'> | null;
  if (read === null) return null;
  const { items, count } = read;
  return { items, count, sentAt: sentAt ?? undefined, isPlain: isPlain && sentAt !== null };
}
