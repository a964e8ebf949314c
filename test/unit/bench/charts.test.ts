import { describe, expect, test } from 'vitest';
import { barChart, timesText } from '../../../bench/bar-chart.ts';
import { chartsOf } from '../../../bench/charts.ts';
import { ROWS } from '../../../bench/rows.ts';
import type { Line } from '../../../bench/table.ts';

const lines: readonly Line[] = ROWS.map((row) => ({
  row,
  values: { ours: 20, standard: 1_000, batching: 500, amplitude: 250 },
  lost: {},
}));

const drawing = (svg: string | undefined): Document =>
  new DOMParser().parseFromString(svg ?? '', 'image/svg+xml');
const textsOf = (svg: string | undefined): readonly string[] =>
  [...drawing(svg).querySelectorAll('text')].map(({ textContent }) =>
    (textContent ?? '').replaceAll('\u00A0', ' ').replaceAll(/\s+/g, ' ').trim(),
  );
const barsOf = (svg: string | undefined): readonly Element[] => [
  ...drawing(svg).querySelectorAll('rect.bar'),
];
const widthOf = (bar: Element | undefined): number => Number(bar?.getAttribute('width'));

describe('the charts of the README', () => {
  const charts = chartsOf(lines);

  test('are four, each with a title, the unit at every bar, and a text alternative', () => {
    expect(Object.keys(charts)).toEqual([
      'cost-of-a-call',
      'bytes-per-event',
      'bytes-to-load',
      'time-to-deliver',
    ]);
    for (const svg of Object.values(charts)) {
      expect(drawing(svg).querySelector('parsererror')).toBeNull();
      expect(drawing(svg).querySelector('desc')?.textContent).toContain('cio-first-party: ');
      expect(textsOf(svg)).toContain('cio-first-party');
    }
    expect(textsOf(charts['bytes-per-event'])).toEqual(
      expect.arrayContaining(['20 B', '1 000 B 50 × ours', '500 B 25 × ours', '250 B 13 × ours']),
    );
  });

  test('have the bar of this package in the accent colour, and no other', () => {
    for (const svg of Object.values(charts))
      expect(barsOf(svg).map((bar) => bar.classList.contains('ours'))).toEqual(
        barsOf(svg).map((_, index) => index === 0),
      );
  });

  test('show the single file of the wrapped SDK once', () => {
    expect(textsOf(charts['bytes-to-load'])).toContain('Customer.io');
    expect(barsOf(charts['bytes-to-load'])).toHaveLength(3);
  });

  test('omit what was not measured', () => {
    expect(chartsOf(lines.filter(({ row }) => row.key === 'bytes'))).toHaveProperty(['bytes-to-load']);
    expect(chartsOf([])).toEqual({});
  });
});

describe('a bar', () => {
  const chart = (scale: 'linear' | 'log', values: readonly number[]): string =>
    barChart({
      title: 'A & B',
      subtitle: '"<tag>"',
      scale,
      bars: values.map((value, index) => ({
        label: `${index}`,
        value,
        text: `${value}`,
        isOurs: index === 0,
      })),
      tick: (value) => `${value} µs`,
    });

  test('has a length in proportion to its value', () => {
    const [first, second] = barsOf(chart('linear', [10, 40]));
    expect(widthOf(second) / widthOf(first)).toBeCloseTo(4, 1);
  });

  test('grows by the same length for each factor of ten on a logarithmic scale', () => {
    const svg = chart('log', [10, 100, 1_000]);
    const [ten = NaN, hundred = NaN, thousand = NaN] = barsOf(svg).map(widthOf);
    expect(hundred - ten).toBeCloseTo(thousand - hundred, 0);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['1 µs', '10 µs', '100 µs', '1000 µs']));
  });

  test('is never invisible', () => {
    expect(widthOf(barsOf(chart('linear', [0.001, 1_000]))[0])).toBeGreaterThan(0);
    expect(widthOf(barsOf(chart('log', [10, 10]))[0])).toBeGreaterThan(0);
  });

  test('leaves room for the number behind it, when it is the longest', () => {
    const [, longest] = barsOf(chart('linear', [10, 40]));
    expect(Number(longest?.getAttribute('x')) + widthOf(longest)).toBe(760 - 24 - 150);
  });

  test('and its labels are escaped as text', () => {
    expect(textsOf(chart('linear', [1, 2]))).toEqual(expect.arrayContaining(['A & B', '"<tag>"']));
  });
});

test('small factors have one decimal, large ones none', () => {
  expect([timesText(0.44), timesText(3.26), timesText(33.9)]).toEqual([
    '0.4\u00A0×',
    '3.3\u00A0×',
    '34\u00A0×',
  ]);
});
