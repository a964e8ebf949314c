import type { TextStore } from '../../src/sdk/browser.ts';

/** A stand-in for localStorage that works, or refuses calls as some browsers do. */
export interface FakeTextStore extends TextStore {
  readonly values: Map<string, string>;
  /** `full`: writes fail, stored texts stay readable. `none`: every call fails. */
  refuse(what: 'nothing' | 'full' | 'none'): void;
}

export function fakeTextStore(initial: Readonly<Record<string, string>> = {}): FakeTextStore {
  const values = new Map(Object.entries(initial));
  let refused: 'nothing' | 'full' | 'none' = 'nothing';
  return {
    values,
    get: (key) => (refused === 'none' ? null : (values.get(key) ?? null)),
    set(key, value) {
      if (refused !== 'nothing') return false;
      values.set(key, value);
      return true;
    },
    remove: (key) => void (refused === 'none' || values.delete(key)),
    keys: () => (refused === 'none' ? [] : [...values.keys()]),
    refuse: (what) => void (refused = what),
  };
}
