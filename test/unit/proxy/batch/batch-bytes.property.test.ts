// @vitest-environment node
import { expect, test } from 'vitest';
import { readBatch } from '../../../../src/proxy/batch/batch-bytes.ts';
import { type Fields, space, writeObject } from '../../../fakes/json.ts';
import { seeded } from '../../../fakes/random.ts';

/**
 * Random JSON texts, which are read by a parser that uses the first of two equal fields, and by one that uses
 * the last.
 */
const SEEDS = Array.from({ length: 4_000 }, (_, i) => i + 1);

function firstWins(fields: Fields): Map<string, unknown> {
  const read = new Map<string, unknown>();
  for (const [name, value] of fields) if (!read.has(name)) read.set(name, value);
  return read;
}

const lastWins = (fields: Fields): Map<string, unknown> => new Map(fields);
const sorted = (map: Map<string, unknown>): readonly unknown[] =>
  [...map].sort(([left], [right]) => (left < right ? -1 : 1));

function faceOf(fields: Fields): object {
  const values = lastWins(fields);
  const textOf = (name: string): unknown => {
    const value = values.get(name);
    return typeof value === 'string' || value === undefined ? value : null;
  };
  const names = fields.map(([name]) => name);
  const id = textOf('messageId');
  return {
    names,
    type: textOf('type'),
    event: textOf('event'),
    hasId: typeof id === 'string' && id !== '',
    isIdTooLong: typeof id === 'string' && id.length > 100,
    hasPreviousId: names.some((name) => /^previousid$/i.test(name)),
  };
}

test('both parsers read the same from every text that keeps its bytes, and most such texts keep them', () => {
  const counts = { kept: 0, anew: 0, plain: 0 };
  for (const seed of SEEDS) {
    const random = seeded(seed);
    const events = Array.from({ length: random.below(4) }, () => writeObject(random, 4));
    const list = `"batch":[${events.map(({ text }) => text).join(`,${space(random)}`)}]`;
    const top = random.pick([
      [list],
      [list],
      [list, '"sentAt":"now"'],
      ['"sentAt":"now"', list],
      ['"batch":[]', list],
      [list, '"x":[{}]'],
      ['"sentAt":{"a":[{}]}', list],
    ]);
    const text = `{${top.join(',')}}`;
    const body = JSON.parse(text) as Record<string, unknown> & { batch: readonly unknown[] };
    const bytes = new TextEncoder().encode(text);
    const batch = readBatch(bytes, 10);
    if (batch === null || 'problem' in batch) throw new Error(`This is no batch: ${text}`);
    const { items, isPlain } = batch;
    expect(items).toHaveLength(body.batch.length);

    for (const [i, { from, to, summary }] of items.entries()) {
      const { text: each = '', fields = [] } = events[i] ?? {};
      expect(new TextDecoder().decode(bytes.subarray(from, to)), text).toBe(each);
      const isSame = new Set(fields.map(([name]) => name)).size === fields.length;
      if (!summary) {
        counts.anew += 1;
        expect(!isSame || /\\u00[2-7]/.test(each), text).toBe(true);
        continue;
      }
      counts.kept += 1;
      expect(sorted(firstWins(fields)), text).toEqual(sorted(lastWins(fields)));
      expect(summary, text).toEqual(faceOf(fields));
    }
    if (!isPlain) continue;
    counts.plain += 1;
    expect(
      top.filter((part) => part.startsWith('"batch"')),
      text,
    ).toHaveLength(1);
    expect(
      Object.keys(body).filter((name) => name !== 'batch' && name !== 'sentAt'),
      text,
    ).toEqual([]);
  }
  expect(Math.min(counts.kept, counts.anew, counts.plain)).toBeGreaterThan(500);
});
