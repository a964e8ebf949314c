import type { Store } from '../../src/outbox/contract.ts';

type Method = keyof Store;
/** `throws`: the browser refuses. `hangs`: it never answers. `done, but throws`: it is written, and then the handle dies. */
export type Fault = 'throws' | 'hangs' | 'done, but throws';

/** A store that fails when it is told to. */
export interface FaultyStore {
  readonly store: Store;
  /** What all further calls of these methods come to. */
  fail(fault: Fault | undefined, methods?: readonly Method[]): void;
  readonly calls: readonly Method[];
}

export function faultyStore(real: Store): FaultyStore {
  let fault: Fault | undefined;
  let broken: readonly Method[] | undefined;
  const calls: Method[] = [];

  async function attempt<T>(method: Method, work: () => Promise<T>): Promise<T> {
    calls.push(method);
    if (!fault || (broken && !broken.includes(method))) return work();
    if (fault === 'hangs') return new Promise(() => {});
    if (fault === 'done, but throws') await work();
    throw new Error('InvalidStateError');
  }

  return {
    calls,
    fail(next, methods) {
      fault = next;
      broken = methods;
    },
    store: {
      ledger: () => attempt('ledger', real.ledger),
      append: (...args) => attempt('append', () => real.append(...args)),
      oldest: (...args) => attempt('oldest', () => real.oldest(...args)),
      settle: (...args) => attempt('settle', () => real.settle(...args)),
      holds: (...args) => attempt('holds', () => real.holds(...args)),
      wipe: () => attempt('wipe', real.wipe),
    },
  };
}
