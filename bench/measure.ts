import type { Browser } from 'playwright';
import type { Candidate } from './candidate.ts';

/** Something that is done with one SDK, once a run, and the numbers that come of it. */
export interface Measure {
  readonly key: string;
  /** How often a candidate takes part when so many runs are asked for; 0: never. */
  runs(candidate: Candidate, asked: number): number;
  /** All candidates at the same time: only for what time on the processor does not change. */
  readonly together?: boolean;
  run(browser: Browser, candidate: Candidate): Promise<Sample>;
}

export interface Sample {
  /** By the key of the row that shows it. */
  readonly values: Readonly<Record<string, number>>;
  /** Events that were tracked and never arrived. */
  readonly lost: number;
}

export const isOurs = ({ key }: Candidate): boolean => key === 'ours';

/** For what takes the others a minute. */
export const fewerOfOthers =
  (most: number) =>
  (candidate: Candidate, asked: number): number =>
    isOurs(candidate) ? asked : Math.min(asked, most);

export const onlyOurs =
  (most = Infinity) =>
  (candidate: Candidate, asked: number): number =>
    isOurs(candidate) ? Math.min(asked, most) : 0;
