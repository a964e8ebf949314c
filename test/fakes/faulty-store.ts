import type { Store } from '../../src/sdk/outbox/contract.ts';

type Method = keyof Store;
/** `throws`: the browser refuses. `hangs`: it never answers. `done, but …`: it is done, and nobody hears of it. */
export type Fault = 'throws' | 'hangs' | 'done, but throws' | 'done, but hangs';

/** A store that fails when it is told to. */
export interface FaultyStore {
  /** A handle. */
  open(): Store;
  opens(): number;
  /** What all further calls of these methods come to, or so many of them. */
  fail(fault: Fault | undefined, methods?: readonly Method[], times?: number): void;
  /** Further calls of these methods are done, and answered when the answer of this is called. */
  hold(...methods: readonly Method[]): () => void;
  readonly calls: readonly Method[];
}

export function faultyStore(openReal: () => Store): FaultyStore {
  let fault: Fault | undefined;
  let broken: readonly Method[] | undefined;
  let left = 0;
  let held: readonly Method[] = [];
  let released: Promise<void> = Promise.resolve();
  let opens = 0;
  const calls: Method[] = [];

  async function attempt<T>(method: Method, work: () => Promise<T>): Promise<T> {
    calls.push(method);
    if (held.includes(method)) {
      const until = released;
      const answer = await work();
      await until;
      return answer;
    }
    const current = fault;
    if (!current || left <= 0 || (broken && !broken.includes(method))) return work();
    left -= 1;
    if (current.startsWith('done')) await work();
    if (current.endsWith('hangs')) return new Promise(() => {});
    throw new Error('InvalidStateError');
  }

  return {
    calls,
    opens: () => opens,
    fail(next, methods, times = Infinity) {
      fault = next;
      broken = methods;
      left = times;
    },
    hold(...methods) {
      held = methods;
      let letGo = (): void => undefined;
      released = new Promise((resolve) => {
        letGo = () => {
          held = [];
          resolve();
        };
      });
      return () => letGo();
    },
    open() {
      opens += 1;
      const real = openReal();
      return {
        ledger: () => attempt('ledger', real.ledger),
        append: (...args) => attempt('append', () => real.append(...args)),
        oldest: (...args) => attempt('oldest', () => real.oldest(...args)),
        settle: (...args) => attempt('settle', () => real.settle(...args)),
        wipe: () => attempt('wipe', real.wipe),
      };
    },
  };
}
