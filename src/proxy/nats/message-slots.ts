/** How much may be under way at a time, and when nothing may begin. */
export interface Slots {
  /** Waits until one more may begin. Answers how many may; 0: never again. */
  free(): Promise<number>;
  /** Takes a place, and so many bytes, until `work`, which does not reject, is done. */
  take(work: Promise<void>, bytes: number): void;
  /** Nothing more begins for so long. */
  rest(ms: number): void;
  /** Nothing more begins. */
  close(): void;
  /** Waits until nothing is under way. */
  idle(): Promise<void>;
  underWay(): number;
}

export interface SlotLimits {
  readonly most: number;
  readonly mostBytes: number;
}

export function createSlots({ most, mostBytes }: SlotLimits): Slots {
  let [running, bytes] = [0, 0];
  let restsUntil = 0;
  let closed = false;
  let wake = (): void => {};

  /** Until something changes. */
  const change = (atMost?: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = atMost === undefined ? undefined : setTimeout(resolve, atMost);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    async free() {
      while (!closed && (running >= most || bytes >= mostBytes)) await change();
      for (;;) {
        const restMs = restsUntil - performance.now();
        // Also where the rest grows meanwhile.
        if (closed || restMs <= 0) return closed ? 0 : most - running;
        await change(restMs);
      }
    },
    take(work, size) {
      running += 1;
      bytes += size;
      void work.finally(() => {
        running -= 1;
        bytes -= size;
        wake();
      });
    },
    rest(ms) {
      restsUntil = Math.max(restsUntil, performance.now() + ms);
    },
    close() {
      closed = true;
      wake();
    },
    async idle() {
      while (running > 0) await change();
    },
    underWay: () => running,
  };
}
