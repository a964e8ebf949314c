// @vitest-environment node
import { expect, test } from 'vitest';
import { findVerbatim } from '../../../src/proxy/verbatim.ts';
import { type Random, seeded } from '../../fakes/random.ts';

/** Texts of JSON that a seed makes up, read by a parser that takes the first of two fields and by one that takes the last. */
const SEEDS = Array.from({ length: 4_000 }, (_, i) => i + 1);
const NAMES = ['type', 'event', 'userId', 'context', 'a"b', 'a\\', ':', '{"x":', 'ü🦊', '__proto__'] as const;

/** An object as it is read: its fields in order, twins and all. */
type Fields = readonly (readonly [name: string, value: unknown])[];

interface Written {
  readonly text: string;
  readonly fields: Fields;
}

function writeText(random: Random, text: string): string {
  const escapes = random.chance(0.1);
  const chars = Array.from(text, (char) =>
    escapes && /[ -~]/.test(char) && random.chance(0.5)
      ? `\\u00${char.charCodeAt(0).toString(16)}`
      : JSON.stringify(char).slice(1, -1),
  );
  return `"${chars.join('')}"`;
}

const space = (random: Random): string => (random.chance(0.1) ? random.pick([' ', '\n', '\t ']) : '');

function writeValue(random: Random, levels: number): string {
  if (levels === 0 || random.chance(0.6)) {
    const scalar = random.pick([1.5, -0, 1e21, true, null, '', ...NAMES, '\u0007', '\ud83d']);
    return typeof scalar === 'string' ? writeText(random, scalar) : JSON.stringify(scalar);
  }
  if (random.chance(0.5)) return writeObject(random, levels - 1).text;
  const items = Array.from({ length: random.below(4) }, () => writeValue(random, levels - 1));
  return `[${items.join(`${space(random)},`)}]`;
}

function writeObject(random: Random, levels: number): Written {
  const names = random.chance(0.3)
    ? Array.from({ length: random.below(6) }, () => random.pick(NAMES))
    : NAMES.filter(() => random.chance(0.5));
  const parts = names.map((name) => [name, writeText(random, name), writeValue(random, levels)] as const);
  return {
    text: `{${parts.map(([, name, value]) => `${space(random)}${name}${space(random)}:${value}`).join(',')}}`,
    fields: parts.map(([name, , value]) => [name, JSON.parse(value)]),
  };
}

function firstWins(fields: Fields): Map<string, unknown> {
  const read = new Map<string, unknown>();
  for (const [name, value] of fields) if (!read.has(name)) read.set(name, value);
  return read;
}

const lastWins = (fields: Fields): Map<string, unknown> => new Map(fields);
const sorted = (map: Map<string, unknown>): readonly unknown[] =>
  [...map].sort(([left], [right]) => (left < right ? -1 : 1));

test('whatever passes in its own bytes is the same to both, and what is the same to both mostly passes', () => {
  const counts = { kept: 0, anew: 0, whole: 0 };
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
    const { spans, isWhole } = findVerbatim(bytes, body, body.batch, 10_000);

    for (const [i, { text: each, fields }] of events.entries()) {
      const span = spans[i];
      const isSame = new Set(fields.map(([name]) => name)).size === fields.length;
      if (!span) {
        counts.anew += 1;
        const isOddTop = top.length > 1 && !top.includes('"sentAt":"now"');
        expect(!isSame || isOddTop || /\\u00[2-7]/.test(each), text).toBe(true);
        continue;
      }
      counts.kept += 1;
      expect(new TextDecoder().decode(bytes.subarray(span.from, span.to)), text).toBe(each);
      expect(sorted(firstWins(fields)), text).toEqual(sorted(lastWins(fields)));
      expect(new Map(Object.entries(body.batch[i] ?? {})), text).toEqual(lastWins(fields));
    }
    if (!isWhole) continue;
    counts.whole += 1;
    expect(
      spans.every((span) => span !== undefined),
      text,
    ).toBe(true);
    expect(
      top.filter((part) => part.startsWith('"batch"')),
      text,
    ).toHaveLength(1);
    expect(
      Object.keys(body).filter((name) => name !== 'batch' && name !== 'sentAt'),
      text,
    ).toEqual([]);
  }
  expect(Math.min(counts.kept, counts.anew, counts.whole)).toBeGreaterThan(500);
});
