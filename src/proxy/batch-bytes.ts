import type { Bytes } from './body.ts';
import { createItemReader, type ItemBytes } from './event-bytes.ts';
import {
  arrayEnd,
  createFindings,
  objectEnd,
  spaceEnd,
  startsArray,
  startsObject,
  startsText,
  textIn,
  valueEnd,
} from './json-bytes.ts';

/** A batch as its bytes have it. */
export interface BatchBytes {
  readonly items: readonly ItemBytes[];
  /** How many there were, kept or not. */
  readonly count: number;
  readonly sentAt: string | undefined;
  /** Whether it has nothing but events and a time, each once, so that every parser finds the same events in it. */
  readonly isPlain: boolean;
}

/**
 * Reads a batch without making its objects, which would cost more than all the rest of passing it on.
 *
 * @param bytes without a byte order mark
 * @param mostItems more are counted, and not kept
 * @returns `null`: JSON, but no `{"batch":[…]}`
 * @throws SyntaxError where it is not JSON in UTF-8
 */
export function readBatch(bytes: Bytes, mostItems: number): BatchBytes | null {
  const readItem = createItemReader(bytes);
  const names = new Set<string>();
  const findings = createFindings();
  let isPlain = true;
  let batch: Pick<BatchBytes, 'items' | 'count'> | null = null;
  let sentAt: string | null | undefined;

  function itemsEnd(from: number): number {
    const items: ItemBytes[] = [];
    let count = 0;
    const to = arrayEnd(bytes, from, (at) => {
      count += 1;
      if (count > mostItems) return valueEnd(bytes, at, findings);
      const item = readItem(at);
      items.push(item);
      return item.to;
    });
    batch = { items, count };
    return to;
  }

  // Of two fields with one name the last one counts, as for JSON.parse.
  function fieldEnd(from: number, to: number, valueFrom: number): number {
    const name = textIn(bytes, from, to);
    const isKnown = name === 'batch' || name === 'sentAt';
    // Longer than itself and its quotes: written in escapes.
    isPlain &&= isKnown && !names.has(name) && to - from === name.length + 2;
    names.add(name);
    if (name === 'batch' && startsArray(bytes, valueFrom)) return itemsEnd(valueFrom);
    const valueTo = valueEnd(bytes, valueFrom, findings);
    if (name === 'batch') batch = null;
    if (name === 'sentAt') sentAt = startsText(bytes, valueFrom) ? textIn(bytes, valueFrom, valueTo) : null;
    return valueTo;
  }

  const start = spaceEnd(bytes, 0);
  const end = startsObject(bytes, start)
    ? objectEnd(bytes, start, fieldEnd, findings)
    : valueEnd(bytes, start, findings);
  if (spaceEnd(bytes, end) < bytes.length) throw new SyntaxError('Something stands behind the JSON.');
  const found = batch as Pick<BatchBytes, 'items' | 'count'> | null;
  return found && { ...found, sentAt: sentAt ?? undefined, isPlain: isPlain && sentAt !== null };
}
