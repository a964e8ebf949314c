import type { ClaimState, DeduplicateStore } from '../../src/proxy.ts';

/** One call that a copy of the proxy has made to the store. */
export interface StoreCall {
  readonly act: 'claim' | 'done' | 'release';
  readonly keys: readonly string[];
  readonly ttlMs?: number;
}

export interface MemoryStore extends DeduplicateStore {
  readonly calls: readonly StoreCall[];
  /** The state of each key. */
  readonly states: ReadonlyMap<string, 'pending' | 'done'>;
  /**
   * Removes every pending claim, as if the copies of the proxy that had made them had died and the claims had
   * expired.
   */
  expire(): void;
}

/** A deduplication store in the memory of a test. Any number of proxies may share it. */
export function createMemoryStore(): MemoryStore {
  const calls: StoreCall[] = [];
  const states = new Map<string, 'pending' | 'done'>();
  const expired = new Set<string>();
  return {
    calls,
    states,
    expire() {
      for (const [key, state] of states) {
        if (state !== 'pending') continue;
        states.delete(key);
        expired.add(key);
      }
    },
    async claim(keys, ttlMs, onExpired) {
      calls.push({ act: 'claim', keys, ttlMs });
      return keys.map((key): ClaimState => {
        const state = states.get(key);
        if (state !== undefined) return state;
        states.set(key, 'pending');
        if (expired.delete(key)) onExpired?.(key);
        return 'new';
      });
    },
    async done(keys) {
      calls.push({ act: 'done', keys });
      for (const key of keys) states.set(key, 'done');
    },
    async release(keys) {
      calls.push({ act: 'release', keys });
      for (const key of keys) states.delete(key);
    },
  };
}
