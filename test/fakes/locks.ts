import { setImmediate } from 'node:timers';

interface Request {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly run: () => Promise<void>;
}

/** Web Locks of one origin: the parts that are used here. https://w3c.github.io/web-locks/ */
export interface FakeLocks extends LockManager {
  held(): readonly string[];
  /** As in a sandboxed frame. */
  refuse(): void;
}

export function fakeLocks(): FakeLocks {
  const held = new Set<string>();
  let waiting: readonly Request[] = [];
  let refused = false;

  function grant(): void {
    for (const request of waiting) {
      if (held.has(request.name)) continue;
      waiting = waiting.filter((each) => each !== request);
      held.add(request.name);
      const done = (): void => {
        held.delete(request.name);
        grant();
      };
      request.run().then(done, done);
    }
  }

  const locks = {
    held: () => [...held],
    refuse: () => void (refused = true),
    request(name: string, { signal }: LockOptions, callback: () => Promise<void>): Promise<void> {
      if (refused) return Promise.reject(new Error('SecurityError'));
      return new Promise((resolve, reject) => {
        const run = async (): Promise<void> => {
          await callback();
          resolve();
        };
        const request = { name, signal, run };
        signal?.addEventListener('abort', () => {
          if (!waiting.includes(request)) return;
          waiting = waiting.filter((each) => each !== request);
          reject(new Error('AbortError'));
        });
        waiting = [...waiting, request];
        // The browser asks another process.
        setImmediate(grant);
      });
    },
    query: () =>
      refused
        ? Promise.reject(new Error('SecurityError'))
        : Promise.resolve({
            held: [...held].map((name) => ({ name })),
            pending: waiting.map(({ name }) => ({ name })),
          }),
  };
  return locks as unknown as FakeLocks; // the overloads of `request` that nobody uses here are missing
}
