/** Counts what is being answered, and knows whether anything more may begin. */
export interface InFlight {
  /** Answers what to call when it is done. */
  begin(): () => void;
  isClosing(): boolean;
  /** Resolves when nothing is being answered any more, or after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

export function createInFlight(): InFlight {
  let running = 0;
  let closing = false;
  let onIdle = (): void => {};

  return {
    begin() {
      running += 1;
      return () => {
        running -= 1;
        if (running === 0) onIdle();
      };
    },
    isClosing: () => closing,
    async close(timeoutMs) {
      closing = true;
      if (running === 0) return;
      const before = onIdle;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onIdle = () => {
          clearTimeout(timer);
          before();
          resolve();
        };
      });
    },
  };
}
