/** How much may be under way at a time, and when nothing may begin. */
export interface Slots {
  /** Waits until one more may begin. `false`: never again. */
  free(): Promise<boolean>;
  /** Takes a place until `work`, which does not reject, is done. */
  take(work: Promise<void>): void;
  /** Nothing more begins for so long. */
  rest(ms: number): void;
  /** Nothing more begins. */
  close(): void;
  /** Waits until nothing is under way. */
  idle(): Promise<void>;
}

export function createSlots(most: number): Slots {
  const running = new Set<Promise<void>>();
  let restsUntil = 0;
  let closed = false;
  let wake = (): void => {};

  /** Also where the rest grows meanwhile. */
  async function rested(): Promise<void> {
    for (;;) {
      const restMs = restsUntil - performance.now();
      if (restMs <= 0 || closed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, restMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return {
    async free() {
      while (!closed && running.size >= most) await Promise.race(running);
      await rested();
      return !closed;
    },
    take(work) {
      const place = work.finally(() => running.delete(place));
      running.add(place);
    },
    rest(ms) {
      restsUntil = Math.max(restsUntil, performance.now() + ms);
    },
    close() {
      closed = true;
      wake();
    },
    async idle() {
      await Promise.all(running);
    },
  };
}
