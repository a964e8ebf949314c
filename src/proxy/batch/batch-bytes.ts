import type { Bytes } from '../lib/bytes.ts';
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

/** A batch that was read from its bytes, without parsing the events in it. */
export interface BatchBytes {
  readonly items: readonly ItemBytes[];
  /** The number of items in the body, also of those above the limit, which are counted but not kept in `items`. */
  readonly count: number;
  readonly sentAt: string | undefined;
  /** Whether the body has no field but `batch` and `sentAt`, each once, so that every parser finds the same events in it. */
  readonly isPlain: boolean;
}

/** The place in a batch at which reading has stopped, because a limit of fields or levels is exceeded. */
export interface BeyondLimits {
  /** The index of the item that exceeds the limit; `undefined`: the body around the items does. */
  readonly index: number | undefined;
  /** The rest of a sentence about the item or the body, such as `has more than 1000 fields`. */
  readonly problem: string;
}

/**
 * The text cache and the item reader are shared by all batches: the names and shapes that they store occur in the next batch too.
 * Sharing is safe because `readBatch` is synchronous: no second batch begins before it returns.
 */
const readName = /*#__PURE__*/ createTextCache();
const ITEMS = /*#__PURE__*/ createItemReader();
const NO_BYTES = /*#__PURE__*/ new Uint8Array();

/** Most fields of the body itself, without those of the events. The SDK sends two, other senders four or five. */
const MOST_FIELDS = 50;

/**
 * Reads a batch without making objects of its JSON: that would cost more than everything else the proxy does with a batch.
 *
 * @param bytes without a byte order mark
 * @param mostItems items above this number are counted, but not kept
 * @returns `null` where the bytes are JSON, but not `{"batch":[…]}`
 * @throws SyntaxError where the bytes are not JSON in UTF-8
 */
export function readBatch(bytes: Bytes, mostItems: number): BatchBytes | BeyondLimits | null {
  ITEMS.start(bytes);
  const found = { batch: false, sentAt: false };
  const findings = createFindings(MOST_LEVELS);
  let fieldCount = 0;
  /** The index of the item that is being read; `undefined` outside the items. */
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

  // Where two fields have the same name, the last one counts, as with JSON.parse.
  function fieldEnd(from: number, to: number, valueFrom: number): number {
    fieldCount += 1;
    if (fieldCount > MOST_FIELDS) throw new JsonLimitError(`has more than ${MOST_FIELDS} fields`);
    const name = readName(bytes, from, to);
    const isKnown = name === 'batch' || name === 'sentAt';
    // A name that takes more bytes than its letters and two quotes is written with escapes.
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
    // Releases the body: the shared reader would keep it in memory until the next batch.
    ITEMS.start(NO_BYTES);
  }
  if (spaceEnd(bytes, end) < bytes.length) throw new SyntaxError('Something stands behind the JSON.');
  const read = batch as Pick<BatchBytes, 'items' | 'count'> | null;
  if (read === null) return null;
  const { items, count } = read;
  return { items, count, sentAt: sentAt ?? undefined, isPlain: isPlain && sentAt !== null };
}
