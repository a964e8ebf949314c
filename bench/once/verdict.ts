import type { Arrival, Repeated } from './upstream.ts';

/** What happened meanwhile. All times in milliseconds since 1970. */
export interface History {
  readonly kills: readonly Arrival[];
  readonly redisKills: readonly number[];
  /** When a copy has left Redis alone, because it had not answered it in time. */
  readonly rests: readonly Rest[];
}

export interface Rest {
  readonly copy: number;
  readonly from: number;
  readonly to: number;
}

/** How many events came again, by the reason. An event that came three times counts twice. */
export interface Reasons {
  /** The copy by which they had come was killed before it could remember that. */
  killed: number;
  /** Redis was killed after it had learnt of them, and forgot. */
  redisKilled: number;
  /** One of the two copies had left Redis alone. */
  alone: number;
  /** Nothing of that. */
  none: number;
}

/**
 * From when an event arrives until its copy has remembered it: an answer of at most 100 ms, and a round trip to Redis, on a
 * machine that has other things to do. Nobody can look into a process that was killed, so this is what counts as before.
 */
const REMEMBERING_MS = 1_000;

/** Why an event came again. */
export function reasonOf(
  before: Arrival,
  again: Arrival,
  { kills, redisKills, rests }: History,
): keyof Reasons {
  if (redisKills.some((at) => at >= before.at - REMEMBERING_MS && at <= again.at)) return 'redisKilled';
  const isResting = ({ at, copy }: Arrival): boolean =>
    rests.some((rest) => rest.copy === copy && at >= rest.from && at <= rest.to);
  if (isResting(before) || isResting(again)) return 'alone';
  const isKilled = kills.some(
    ({ at, copy }) => copy === before.copy && at >= before.at && at <= before.at + REMEMBERING_MS,
  );
  return isKilled ? 'killed' : 'none';
}

export function reasonsOf(repeated: readonly Repeated[], history: History): Reasons {
  const reasons: Reasons = { killed: 0, redisKilled: 0, alone: 0, none: 0 };
  for (const { arrivals } of repeated)
    arrivals.slice(1).forEach((again, i) => {
      const before = arrivals[i];
      if (before) reasons[reasonOf(before, again, history)] += 1;
    });
  return reasons;
}
