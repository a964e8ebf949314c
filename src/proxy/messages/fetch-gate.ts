import { refuse, type Refusal } from '../http/response.ts';

/** Limits how often the messages of one person are fetched from the in-app service. */
export interface FetchGate<Result extends object> {
  /**
   * Runs `work`, unless a fetch of the same person is running: then waits for that one, and returns its result. Refuses (429) where a
   * fetch of the person has begun in the last five seconds.
   *
   * @param person names the person among all persons and visitors
   */
  enter(person: string, work: () => Promise<Result>): Promise<Passage<Result> | Refusal>;
}

/** The result of a fetch. `isJoined`: the fetch was that of another request. */
export interface Passage<Result> {
  readonly kind: 'passed';
  readonly result: Result;
  readonly isJoined: boolean;
}

interface Fetch<Result> {
  readonly startedAtMs: number;
  /** `undefined` when the fetch has ended. */
  running: Promise<Result> | undefined;
}

const INTERVAL_MS = 5_000;
/** Most persons whose last fetch is remembered, which take about 2 MB. */
const MOST_PERSONS = 20_000;

export function createFetchGate<Result extends object>(): FetchGate<Result> {
  // In the order of their beginnings, the oldest first.
  const fetches = new Map<string, Fetch<Result>>();

  function forgetOld(nowMs: number): void {
    for (const [person, { running, startedAtMs }] of fetches) {
      const isOver = running === undefined && nowMs - startedAtMs >= INTERVAL_MS;
      if (!isOver && fetches.size < MOST_PERSONS) break;
      fetches.delete(person);
    }
  }

  return {
    async enter(person, work) {
      const nowMs = performance.now();
      const known = fetches.get(person);
      if (known?.running) return { kind: 'passed', result: await known.running, isJoined: true };
      const leftMs = known ? known.startedAtMs + INTERVAL_MS - nowMs : 0;
      if (leftMs > 0) return tooSoon(leftMs);
      forgetOld(nowMs);
      const entry: Fetch<Result> = { startedAtMs: nowMs, running: work() };
      fetches.delete(person);
      fetches.set(person, entry);
      try {
        return { kind: 'passed', result: await (entry.running as Promise<Result>), isJoined: false };
      } finally {
        entry.running = undefined;
      }
    },
  };
}

/** The refusal of a fetch that comes too early. @param waitMs the time after which it may come again */
export function tooSoon(waitMs: number = INTERVAL_MS): Refusal {
  const headers = { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1_000))) };
  return refuse(429, 'rate_limited', 'Too many requests: send the request again later.', { headers });
}
