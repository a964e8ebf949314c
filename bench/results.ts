import { cpus, loadavg, totalmem } from 'node:os';
import { CANDIDATE_KEYS, type CandidateKey } from './candidate.ts';
import { ROWS } from './rows.ts';
import type { Outcome } from './runner.ts';
import { median } from './statistics.ts';
import type { Line } from './table.ts';
import { ratioOf, verdictOf } from './verdict.ts';

/** The rows that were measured, with the medians of their samples. */
export const linesOf = (outcomes: readonly Outcome[]): readonly Line[] =>
  ROWS.flatMap((row): readonly Line[] => {
    const outcome = outcomes.find(({ measure }) => measure.key === row.measure);
    if (!outcome) return [];
    const values: Partial<Record<CandidateKey, number>> = {};
    const lost: Partial<Record<CandidateKey, number>> = {};
    for (const key of CANDIDATE_KEYS) {
      const samples = samplesOf(outcome, key, row.key);
      if (samples.length) values[key] = median(samples);
      lost[key] = outcome.samples[key].reduce((sum, each) => sum + each.lost, 0);
    }
    return [{ row, values, lost }];
  });

/** Nobody reads more of it. */
const rounded = (value: number): number => Number(value.toFixed(3));

const samplesOf = (outcome: Outcome, key: CandidateKey, row: string): readonly number[] =>
  outcome.samples[key].flatMap(({ values }) => values[row] ?? []).map(rounded);

export interface Circumstances {
  readonly date: string;
  readonly chromium: string;
  readonly runs: number;
  readonly tookMs: number;
  /** Processes that wanted to run, on average over the minute before it began. */
  readonly loadBefore: number;
}

/** Everything, for whoever wants to reckon with it. */
export function resultsJson(outcomes: readonly Outcome[], circumstances: Circumstances): object {
  return {
    ...circumstances,
    node: process.version,
    machine: {
      processors: cpus().length,
      model: cpus()[0]?.model.trim(),
      memoryGB: Math.round(totalmem() / 1e9),
      loadAfter: loadavg()[0],
    },
    rows: linesOf(outcomes).map(({ row, values, lost }) => {
      const outcome = outcomes.find(({ measure }) => measure.key === row.measure);
      return {
        key: row.key,
        title: row.title,
        unit: row.unit,
        median: values,
        lost,
        targets: row.targets.map((target) => {
          const ratio = ratioOf(target, values);
          return Object.assign({}, target, {
            ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
            verdict: verdictOf(target, values),
          });
        }),
        samples: Object.fromEntries(
          CANDIDATE_KEYS.map((key) => [key, outcome ? samplesOf(outcome, key, row.key) : []]),
        ),
      };
    }),
  };
}
