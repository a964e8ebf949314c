import type { Clock } from '../browser.ts';
import type { ServerTimeSample } from './contract.ts';

/** Two clocks, read at once: neither alone can be trusted. */
export interface ClockReading {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface ServerClock {
  stamp(): ClockReading;
  /** A monotonic clock may stand still while the machine sleeps, and a wall clock may be set back: the longer of the two. */
  sinceMs(stamp: ClockReading): number;
  wasSetBack(stamp: ClockReading): boolean;
  /** The server's clock; not known: no more than the browser's. */
  server(): ServerTime;
  /** What the proxy has told: the shorter the way of its answer, the better it is known. */
  learn(sample: ServerTimeSample): void;
  /** It may have been set since: nothing is known until the proxy tells it again. */
  doubt(): void;
}

export interface ServerTime {
  readonly nowMs: number;
  readonly isKnown: boolean;
}

export interface ServerClockNeeds {
  readonly clock: Clock;
  /** Milliseconds from any start; never goes back. */
  monotonicMs(): number;
  /** A wall clock that differs by more has been set. */
  readonly stepMs: number;
}

interface Known {
  readonly offsetMs: number;
  readonly roundTripMs: number;
  readonly at: ClockReading;
}

// The header `Date` tells whole seconds.
const DATE_PRECISION_MS = 1_000;

export function createServerClock({ clock, monotonicMs, stepMs }: ServerClockNeeds): ServerClock {
  let known: Known | undefined;
  const stamp = (): ClockReading => ({ wallMs: clock.now(), monotonicMs: monotonicMs() });

  /** How much further the wall clock has gone since than the other. */
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
      const gain = known ? gainMs(known.at) : 0;
      // Slept, or set forward? Nobody can tell, and what was known of it may be wrong by as much.
      if (!known || gain > stepMs) return { nowMs, isKnown: false };
      return { nowMs: nowMs + known.offsetMs - (gain < -stepMs ? gain : 0), isKnown: true };
    },
    learn({ serverMs, sentMs, receivedMs }) {
      const roundTripMs = receivedMs - sentMs;
      // The clock was set while the answer was on its way, or it is no answer.
      if (!Number.isFinite(serverMs) || !(roundTripMs >= 0)) return;
      const offsetMs = serverMs - (sentMs + receivedMs) / 2;
      const isBetter =
        !known ||
        roundTripMs <= known.roundTripMs ||
        Math.abs(gainMs(known.at)) > stepMs ||
        Math.abs(offsetMs - known.offsetMs) > (roundTripMs + known.roundTripMs) / 2 + 2 * DATE_PRECISION_MS;
      if (isBetter) known = { offsetMs, roundTripMs, at: stamp() };
    },
    doubt: () => void (known = undefined),
  };
}
