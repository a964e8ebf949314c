import type { Clock } from '../browser.ts';
import type { ServerTimeSample } from './contract.ts';

/** The wall clock and the monotonic clock, read at the same moment. Neither clock alone is reliable: see `sinceMs`. */
export interface ClockReading {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Measures time that has passed, and estimates the clock of the proxy from its responses. */
export interface ServerClock {
  /** Reads both clocks of the browser. */
  stamp(): ClockReading;
  /**
   * Milliseconds since `stamp`: the larger of the differences of the two clocks, because a monotonic clock may stand still while
   * the machine sleeps, and a wall clock may be set back. A wall clock that is set forward makes the result too large.
   */
  sinceMs(stamp: ClockReading): number;
  /** Whether the wall clock was set back since `stamp`, by more than `stepMs`. */
  wasSetBack(stamp: ClockReading): boolean;
  /** The estimated time of the server, or the browser's wall clock with `isKnown: false`. */
  server(): ServerTime;
  /**
   * Takes the time in a response of the proxy. The sample with the shorter round trip is kept, unless the two samples contradict
   * each other or the wall clock was set between them: then the new sample is kept.
   */
  learn(sample: ServerTimeSample): void;
  /** Discards the sample: the server's time is not known until the proxy's next response. */
  forget(): void;
}

export interface ServerTime {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /**
   * Whether a response of the proxy confirms the time; otherwise the time is that of the browser's wall clock, which may be wrong.
   */
  readonly isKnown: boolean;
}

export interface ServerClockNeeds {
  readonly clock: Clock;
  /** Milliseconds since any moment; never decreases. */
  monotonicMs(): number;
  /** The wall clock counts as set when it differs from the monotonic clock by more than this, in milliseconds. */
  readonly stepMs: number;
}

/** The last sample that was taken. */
interface ClockOffset {
  /** Server's time minus browser's wall clock. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
  readonly takenAt: ClockReading;
}

// The header `Date` has whole seconds: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
const DATE_PRECISION_MS = 1_000;

export function createServerClock({ clock, monotonicMs, stepMs }: ServerClockNeeds): ServerClock {
  let sample: ClockOffset | undefined;
  const stamp = (): ClockReading => ({ wallMs: clock.now(), monotonicMs: monotonicMs() });

  /** Milliseconds by which the wall clock has advanced more than the monotonic clock since a reading. */
  function gainMs(since: ClockReading): number {
    const now = stamp();
    return now.wallMs - since.wallMs - (now.monotonicMs - since.monotonicMs);
  }

  return {
    stamp,
    sinceMs(since) {
      const now = stamp();
      return Math.max(0, now.wallMs - since.wallMs, now.monotonicMs - since.monotonicMs);
    },
    wasSetBack: (since) => gainMs(since) < -stepMs,
    server() {
      const nowMs = clock.now();
      const gain = sample ? gainMs(sample.takenAt) : 0;
      // A gain means that the machine slept or that the wall clock was set forward. The two cases cannot be distinguished, and in
      // the second case the offset is wrong by the gain.
      if (!sample || gain > stepMs) return { nowMs, isKnown: false };
      return { nowMs: nowMs + sample.offsetMs - (gain < -stepMs ? gain : 0), isKnown: true };
    },
    learn({ serverMs, sentMs, receivedMs }) {
      const roundTripMs = receivedMs - sentMs;
      // A negative round trip: the wall clock was set back between request and response. NaN: the response has no valid time.
      if (!Number.isFinite(serverMs) || !(roundTripMs >= 0)) return;
      const offsetMs = serverMs - (sentMs + receivedMs) / 2;
      const isBetter =
        !sample ||
        roundTripMs <= sample.roundTripMs ||
        Math.abs(gainMs(sample.takenAt)) > stepMs ||
        Math.abs(offsetMs - sample.offsetMs) > (roundTripMs + sample.roundTripMs) / 2 + 2 * DATE_PRECISION_MS;
      if (isBetter) sample = { offsetMs, roundTripMs, takenAt: stamp() };
    },
    forget: () => void (sample = undefined),
  };
}
