import type { Clock } from '../browser.ts';
import { retryDelayMs } from '../sender/retry-timing.ts';

/** The end of one fetch. `answered`: `nextInSeconds` of the answer. `failed`: the wait that `Retry-After` asks for, if any. */
export type FetchEnd =
  | { readonly kind: 'answered'; readonly nextInSeconds?: number | undefined }
  | { readonly kind: 'failed'; readonly retryAfterMs?: number | undefined };

export interface FetchScheduleNeeds {
  readonly clock: Clock;
  /** A number from 0 to 1. */
  random(): number;
  /** Whether the page is visible and online. */
  isAwake(): boolean;
  /** Fetches the messages. A rejection counts as a failure. */
  fetch(): Promise<FetchEnd>;
}

/** When the messages are fetched: one fetch at a time, and none while the page is hidden. */
export interface FetchSchedule {
  /** Fetches at once, or as soon as the page is awake: at the start, and after a change of the person. A fetch under way counts no more. */
  restart(): void;
  /** To be called when the page has become visible, hidden, online or offline: fetches at once if a fetch is due. */
  wake(): void;
  /** The lists have come in another way, such as from another tab: the next fetch follows after `nextInSeconds`. A fetch under way counts no more. */
  answered(nextInSeconds: number | undefined): void;
  stop(): void;
}

const DEFAULT_SECONDS = 600;
const LEAST_SECONDS = 10;
const MOST_SECONDS = 3_600;
/** The shortest wait after a failure: the random backoff may be shorter. */
const LEAST_RETRY_MS = 1_000;

/** Returns the wait after an answer. */
const intervalMs = (seconds: unknown): number =>
  (typeof seconds === 'number' && seconds > 0
    ? Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, seconds))
    : DEFAULT_SECONDS) * 1_000;

export function createFetchSchedule(needs: FetchScheduleNeeds): FetchSchedule {
  const { clock } = needs;
  let stopTimer: (() => void) | undefined;
  /** When the wait has begun and ends, by the wall clock. */
  let sinceMs = 0;
  let dueMs = 0;
  let failures = 0;
  /** Increased by each `restart` and `stop`: the end of an older fetch changes nothing. */
  let epoch = 0;
  let phase: 'waiting' | 'fetching' | 'stopped' = 'stopped';

  function wait(delayMs: number): void {
    phase = 'waiting';
    sinceMs = clock.now();
    dueMs = sinceMs + delayMs;
    wake();
  }

  function wake(): void {
    if (phase !== 'waiting') return;
    stopTimer?.();
    stopTimer = undefined;
    if (!needs.isAwake()) return;
    const nowMs = clock.now();
    // The clock was set back since: the time might never be reached.
    if (nowMs >= dueMs || nowMs < sinceMs) void begin();
    else stopTimer = clock.after(dueMs - nowMs, () => (needs.isAwake() ? void begin() : undefined));
  }

  async function begin(): Promise<void> {
    stopTimer = undefined;
    phase = 'fetching';
    const own = epoch;
    let end: FetchEnd = { kind: 'failed' };
    try {
      end = await needs.fetch();
    } catch {
      // The next fetch follows as after every failure.
    }
    if (own !== epoch) return;
    if (end.kind === 'answered') {
      failures = 0;
      return wait(intervalMs(end.nextInSeconds));
    }
    const backoffMs = retryDelayMs(++failures, needs.random());
    return wait(Math.max(LEAST_RETRY_MS, end.retryAfterMs ?? backoffMs));
  }

  return {
    restart() {
      epoch++;
      failures = 0;
      wait(0);
    },
    wake,
    answered(nextInSeconds) {
      epoch++;
      failures = 0;
      wait(intervalMs(nextInSeconds));
    },
    stop() {
      epoch++;
      phase = 'stopped';
      stopTimer?.();
      stopTimer = undefined;
    },
  };
}
