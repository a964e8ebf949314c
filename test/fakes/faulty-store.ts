import type { Store } from '../../src/sdk/outbox/contract.ts';

type Method = keyof Store;
/**
 * `throws`: the call fails. `hangs`: the call never settles. `done, but …`: the store does the work, and the
 * call then fails or never settles.
 */
export type Fault = 'throws' | 'hangs' | 'done, but throws' | 'done, but hangs';

/** A store that fails on demand. */
export interface FaultyStore {
  /** Opens a handle to the store. */
  open(): Store;
  opens(): number;
  /** Makes further calls of these methods fail in this way: all of them, or `times` of them. */
  fail(fault: Fault | undefined, methods?: readonly Method[], times?: number): void;
  /**
   * Further calls of these methods do their work at once, but settle only when the returned function is
   * called.
   */
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
