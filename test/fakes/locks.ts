import { setImmediate } from 'node:timers';

/** Web Locks of one origin: only the parts that the SDK uses. https://w3c.github.io/web-locks/ */
export interface FakeLocks extends LockManager {
  held(): readonly string[];
  /** Makes every request for a lock fail, as in a sandboxed frame. */
  refuse(): void;
  /** The same locks, as another page uses them. */
  client(client: LockClient): LockManager;
  /** Ends the page of this client: its locks are released, and its requests are removed. */
  end(client: LockClient): void;
  heldBy(client: string): readonly string[];
}

/** A page that requests locks. */
export interface LockClient {
  readonly name: string;
  /** Runs code of the page as a task: now, or when the page can run again. */
  task(run: () => void): void;
}

interface Request {
  readonly name: string;
  readonly client: LockClient;
  /** Called when the browser grants the lock. */
  run(): void;
  /** Called when another client steals the lock. */
  lose(): void;
}

/** @param later defers the browser's answer, since a browser asks another process for a lock */
export function fakeLocks(later: (run: () => void) => unknown = setImmediate): FakeLocks {
  const held = new Map<string, Request>();
  let waiting: readonly Request[] = [];
  let refused = false;

  function grant(): void {
    for (const request of waiting) {
      if (held.has(request.name)) continue;
      waiting = waiting.filter((each) => each !== request);
      held.set(request.name, request);
      request.run();
    }
  }

  function release(request: Request): void {
    if (held.get(request.name) !== request) return;
    held.delete(request.name);
    grant();
  }

  const aborted = (): DOMException => new DOMException('The lock is gone', 'AbortError');
  const info = ({ name, client }: Request): LockInfo => ({ name, mode: 'exclusive', clientId: client.name });

  function client(asking: LockClient): LockManager {
    const locks = {
      request(
        name: string,
        { signal, steal }: LockOptions,
        callback: (lock: Lock) => unknown,
      ): Promise<unknown> {
        if (refused) return Promise.reject(new DOMException('Refused', 'SecurityError'));
        return new Promise((resolve, reject) => {
          const request: Request = {
            name,
            client: asking,
            run: () =>
              asking.task(() => {
                const done = Promise.resolve().then(() => callback({ name, mode: 'exclusive' }));
                done.then(resolve, reject);
                const over = (): void => release(request);
                done.then(over, over);
              }),
            lose: () => asking.task(() => reject(aborted())),
          };
          signal?.addEventListener('abort', () => {
            if (!waiting.includes(request)) return;
            waiting = waiting.filter((each) => each !== request);
            reject(aborted());
          });
          waiting = steal ? [request, ...waiting] : [...waiting, request];
          later(() => {
            const holder = held.get(name);
            if (steal && holder && waiting.includes(request)) {
              held.delete(name);
              holder.lose();
            }
            grant();
          });
        });
      },
      query: () =>
        refused
          ? Promise.reject(new DOMException('Refused', 'SecurityError'))
          : new Promise((resolve) => {
              const found = { held: [...held.values()].map(info), pending: waiting.map(info) };
              asking.task(() => resolve(found));
            }),
    };
    // the cast: overloads of `request` that the SDK does not use are missing
    return locks as unknown as LockManager;
  }

  const { request, query } = client({ name: 'page', task: (run) => run() });
  return {
    request,
    query,
    client,
    held: () => [...held.keys()],
    heldBy: (asking) =>
      [...held.values()].filter(({ client }) => client.name === asking).map(({ name }) => name),
    refuse: () => void (refused = true),
    end(gone) {
      waiting = waiting.filter((each) => each.client !== gone);
      for (const request of held.values()) if (request.client === gone) release(request);
    },
  };
}
