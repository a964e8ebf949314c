import type { SentEvent } from './candidate.ts';

/** Which of the numbered events have come. */
export interface Arrivals {
  /** To be called when the request that brought them is answered. */
  take(events: readonly SentEvent[]): void;
  /** Resolves when every number of the range has come, or when nothing new has come for so long that nothing will. */
  all(from: number, count: number): Promise<Arrived>;
}

export interface Arrived {
  readonly lost: number;
  readonly repeated: number;
  /** When the last one came, in milliseconds since the epoch. */
  readonly at: number;
}

/** The longest that an SDK of these waits between two requests is 5 s. */
const PATIENCE_MS = 30_000;

export function createArrivals(): Arrivals {
  const times = new Map<number, number>();
  let lastNewAt = 0;
  let onNew = (_number: number): void => undefined;

  return {
    take(events) {
      for (const { position } of events) {
        if (typeof position !== 'number') continue;
        const before = times.get(position) ?? 0;
        times.set(position, before + 1);
        if (before) continue;
        lastNewAt = performance.timeOrigin + performance.now();
        onNew(position);
      }
    },
    all: (from, count) =>
      new Promise((resolve) => {
        const wanted = Array.from({ length: count }, (_, index) => from + index);
        const missing = new Set(wanted.filter((number) => !times.has(number)));
        let timer = setTimeout(finish, PATIENCE_MS);
        function finish(): void {
          clearTimeout(timer);
          onNew = () => undefined;
          const repeated = wanted.reduce((sum, number) => sum + Math.max(0, (times.get(number) ?? 0) - 1), 0);
          resolve({ lost: missing.size, repeated, at: lastNewAt });
        }
        onNew = (number) => {
          missing.delete(number);
          if (!missing.size) return finish();
          clearTimeout(timer);
          timer = setTimeout(finish, PATIENCE_MS);
        };
        if (!missing.size) finish();
      }),
  };
}
