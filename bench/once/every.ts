/** Does something again and again, after pauses about so long, until it is stopped. */
export interface Repeating {
  /** Resolves when what was begun has ended. */
  stop(): Promise<void>;
}

/** `everyMs` of 0: never. `next`: 0 or more, below 1. */
export function repeat(everyMs: number, next: () => number, act: () => Promise<unknown>): Repeating {
  let wake = (): void => {};
  let stopped = everyMs === 0;

  async function run(): Promise<void> {
    while (!stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs * (0.5 + next()));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (!stopped) await act();
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
