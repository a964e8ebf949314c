import type { Browser } from 'playwright';
import { CANDIDATE_KEYS, type Candidate, type CandidateKey } from './candidate.ts';
import type { Measure, Sample } from './measure.ts';

/** What became of a measure: the samples of every candidate, in the order of the runs. */
export interface Outcome {
  readonly measure: Measure;
  readonly samples: Readonly<Record<CandidateKey, readonly Sample[]>>;
  /** Why some could not be made. */
  readonly failures: readonly string[];
}

/** Runs it A B C D A B C D …, so that what slows the machine for a while slows all of them. */
export async function runMeasure(
  measure: Measure,
  browser: Browser,
  candidates: readonly Candidate[],
  runs: number,
): Promise<Outcome> {
  const samples = Object.fromEntries(CANDIDATE_KEYS.map((key) => [key, [] as Sample[]])) as Record<
    CandidateKey,
    Sample[]
  >;
  const failures: string[] = [];

  async function once(candidate: Candidate): Promise<void> {
    try {
      samples[candidate.key].push(await measure.run(browser, candidate));
    } catch (cause) {
      failures.push(`${measure.key}, ${candidate.title}: ${String(cause)}`);
    }
  }

  for (let run = 0; ; run++) {
    const taking = candidates.filter((candidate) => run < measure.runs(candidate, runs));
    if (!taking.length) break;
    if (measure.together) await Promise.all(taking.map(once));
    else for (const candidate of taking) await once(candidate);
  }
  return { measure, samples, failures };
}
