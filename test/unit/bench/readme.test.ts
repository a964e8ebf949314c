// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { intoReadme, markdown } from '../../../bench/readme.ts';
import { ROWS } from '../../../bench/rows.ts';
import type { Line } from '../../../bench/table.ts';

const linesWith = (ours: number): readonly Line[] =>
  ROWS.map((row) => ({ row, values: { ours, standard: 1_000, batching: 500, amplitude: 250 }, lost: {} }));

const README = 'Before\n\n<!-- begin: npm run bench -->\n\nold\n\n<!-- end: npm run bench -->\n\nAfter\n';

describe('the README', () => {
  test('gets the table between its marks, and nothing else changes', () => {
    const next = intoReadme(README, linesWith(20));
    expect(next).toMatch(/^Before\n\n<!-- begin: npm run bench -->\n\n\| +\| ours/);
    expect(next).toMatch(/\|\n\n<!-- end: npm run bench -->\n\nAfter\n$/);
    expect(next).not.toContain('old');
    expect(intoReadme(next, linesWith(20))).toBe(next);
  });

  test('is unchanged without the marks', () => {
    expect(intoReadme('Before\n', linesWith(20))).toBe('Before\n');
  });

  test('says of every row whether its target is met, also if not', () => {
    const table = markdown(linesWith(77)).replaceAll('\u00A0', ' ');
    expect(table).toContain(
      '| one event each 50 ms: bytes on the wire per event | 77 B | 1 000 B | 500 B | 250 B | ≤ 90 B: met |',
    );
    expect(table).toContain(
      '| longest task from then until all are delivered | 77 ms | 1 000 ms | 500 ms | 250 ms | ≤ 50 ms: missed by 54 % |',
    );
    expect(table).toContain('≤ 0.03 × standard: missed by 157 %; ≤ 2 × amplitude: met');
  });

  test('shows only rows that exist', () => {
    const rows = markdown(linesWith(20)).split('\n').slice(2);
    expect(rows).toHaveLength(15);
    expect(markdown([]).split('\n')).toHaveLength(2);
  });
});
