/** Counts the requests in progress, and stores whether the proxy is closing. */
export interface InFlight {
  /** Counts a request. Returns the function to call after the response. */
  begin(): () => void;
  /** Whether `close` has been called. */
  isClosing(): boolean;
  /** Calls `listener` when `close` is called. Returns the function that removes the listener. */
  onClose(listener: () => void): () => void;
  /** Resolves when no request is in progress any more, or after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

export function createInFlight(): InFlight {
  let running = 0;
  let closing = false;
  let onIdle = (): void => {};
  const listeners = new Set<() => void>();

  return {
    begin() {
      running += 1;
      return () => {
        running -= 1;
        if (running === 0) onIdle();
      };
    },
    isClosing: () => closing,
    onClose(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close(timeoutMs) {
      closing = true;
      for (const listener of listeners) listener();
      if (running === 0) return;
      const previousOnIdle = onIdle;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onIdle = () => {
          clearTimeout(timer);
          previousOnIdle();
          resolve();
        };
      });
    },
  };
}
