import { CANDIDATE_KEYS, type CandidateKey } from './candidate.ts';
import type { Row } from './rows.ts';
import { ratioOf, type Target, type Values, verdictOf } from './verdict.ts';

/** A row with its numbers. */
export interface Line {
  readonly row: Row;
  /** Medians. */
  readonly values: Values;
  readonly lost: Values;
}

const HEADINGS: Readonly<Record<CandidateKey, string>> = {
  ours: 'ours',
  standard: 'wrapped, standard',
  batching: 'wrapped, batching',
  amplitude: 'Amplitude',
};

/** `1 234.5`, with a space that does not break. */
export const grouped = (value: number, digits: number): string => {
  const [whole = '', part] = Math.abs(value).toFixed(digits).split('.');
  const isNegative = value < 0 && Number(value.toFixed(digits)) !== 0;
  const number = [whole.replaceAll(/\B(?=(\d{3})+$)/g, '\u00A0'), ...(part ? [part] : [])].join('.');
  return isNegative ? `-${number}` : number;
};

export function withUnit(value: number, { unit, digits }: Row): string {
  // What needs three figures does not need a tenth.
  const shown = grouped(value, Math.abs(value) >= 100 ? 0 : digits);
  return unit ? `${shown}\u00A0${unit}` : shown;
}

function cell({ row, values, lost }: Line, key: CandidateKey): string {
  const value = values[key];
  if (value === undefined) return '';
  const missing = lost[key] ?? 0;
  return withUnit(value, row) + (missing ? ` (${grouped(missing, 0)} lost!)` : '');
}

export function targetText(target: Target, row: Row): string {
  if (target.kind === 'times') return `≤ ${target.limit} × ${target.other}`;
  return target.limit ? `≤ ${withUnit(target.limit, { ...row, digits: 0 })}` : 'none';
}

/** Against those that the targets name, or else against what is wrapped. */
function ratioText({ row: { targets }, values }: Line): string {
  const named = targets.flatMap((target) => ratioOf(target, values) ?? []);
  const { ours, standard } = values;
  const ratios = named.length || !ours || !standard ? named : [ours / standard];
  return ratios.map((ratio) => `${Number(ratio.toPrecision(2))} ×`).join(', ');
}

/** Heading first; every row has as many cells. */
export function cells(lines: readonly Line[]): readonly (readonly string[])[] {
  return [
    ['measure', ...CANDIDATE_KEYS.map((key) => HEADINGS[key]), 'ratio', 'target', 'verdict'],
    ...lines.map((line) => {
      const { row, values } = line;
      const { targets } = row;
      return [
        row.title,
        ...CANDIDATE_KEYS.map((key) => cell(line, key)),
        ratioText(line),
        targets.map((target) => targetText(target, row)).join(', '),
        targets.map((target) => verdictOf(target, values)).join(', '),
      ];
    }),
  ];
}

/** For a terminal: numbers to the right. */
export function plainTable(lines: readonly Line[]): string {
  const rows = cells(lines);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column >= 1 && column <= CANDIDATE_KEYS.length;
  const text = rows.map((row) =>
    row
      .map((each, column) => {
        const width = widths[column] ?? 0;
        return isNumber(column) ? each.padStart(width) : each.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const [heading = '', ...body] = text;
  return [heading, '─'.repeat(Math.max(...text.map(({ length }) => length))), ...body].join('\n');
}
