// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Row } from '../../../bench/rows.ts';
import { cells, grouped, type Line, plainTable } from '../../../bench/table.ts';

const row: Row = {
  key: 'task',
  measure: 'track',
  title: 'one call',
  unit: 'µs',
  digits: 1,
  targets: [
    { kind: 'times', limit: 0.03, other: 'standard' },
    { kind: 'times', limit: 2, other: 'amplitude' },
  ],
};
const line: Line = { row, values: { ours: 20, standard: 1_000, amplitude: 8 }, lost: {} };

/** Replaces the no-break spaces that the table has in its numbers. */
const readable = (lines: readonly Line[]): readonly (readonly string[])[] =>
  cells(lines).map((each) => each.map((cell) => cell.replaceAll('\u00A0', ' ')));

describe('a row', () => {
  test('has every number, every ratio and every verdict', () => {
    expect(readable([line])[1]).toEqual([
      'one call',
      '20.0 µs',
      '1 000 µs',
      '',
      '8.0 µs',
      '0.02 ×, 2.5 ×',
      '≤ 0.03 × standard, ≤ 2 × amplitude',
      'met, missed by 25 %',
    ]);
  });

  test('says how many events were lost, beside the number that they were lost for', () => {
    expect(readable([{ ...line, lost: { standard: 1_200, ours: 0 } }])[1]?.slice(1, 3)).toEqual([
      '20.0 µs',
      '1 000 µs (1 200 lost!)',
    ]);
  });

  test('with a limit of its own is compared with what is wrapped', () => {
    const limited: Row = { ...row, unit: '', digits: 0, targets: [{ kind: 'at most', limit: 110 }] };
    expect(readable([{ ...line, row: limited, values: { ours: 100, standard: 10_000 } }])[1]).toEqual([
      'one call',
      '100',
      '10 000',
      '',
      '',
      '0.01 ×',
      '≤ 110',
      'met',
    ]);
  });
});

test('numbers are grouped by thousands, and zero has no sign', () => {
  const spaced = (value: number, digits: number): string => grouped(value, digits).replaceAll('\u00A0', ' ');
  expect(spaced(1_234_567, 0)).toBe('1 234 567');
  expect(spaced(1_234.567, 2)).toBe('1 234.57');
  expect(spaced(-0.25, 2)).toBe('-0.25');
  expect(spaced(-0.001, 2)).toBe('0.00');
});

test('the columns of the printed table stand below each other', () => {
  const [heading = '', , body = ''] = plainTable([line]).split('\n');
  const endOf = (text: string, part: string): number => text.indexOf(part) + part.length;
  expect(endOf(body, '20.0\u00A0µs')).toBe(endOf(heading, 'ours'));
  expect(body.indexOf('met')).toBe(heading.indexOf('verdict'));
});
