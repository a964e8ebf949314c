/** Limits the messages in flight by number and by bytes, with pauses in which no message begins. */
export interface Slots {
  /** Waits until one more message may begin. Returns how many may begin; 0: the slots are closed. */
  free(): Promise<number>;
  /** Takes a slot and `bytes` bytes until `work`, which never rejects, is done. */
  take(work: Promise<void>, bytes: number): void;
  /** Lets no message begin for `ms` milliseconds. */
  rest(ms: number): void;
  /** Nothing more begins. */
  close(): void;
  /** Waits until no message is in flight. */
  idle(): Promise<void>;
  /** Returns the number of messages in flight. */
  underWay(): number;
}

/** The limits of {@link Slots}. */
export interface SlotLimits {
  /** The most messages in flight. */
  readonly most: number;
  /** The most bytes of all messages in flight. */
  readonly mostBytes: number;
}

export function createSlots({ most, mostBytes }: SlotLimits): Slots {
  let [running, bytes] = [0, 0];
  let restsUntil = 0;
  let closed = false;
  let wake = (): void => {};

  /** Waits until a message is done or the slots are closed, but `atMost` milliseconds at most. */
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
        // Checked again: `rest` may have made the pause longer in the meantime.
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
