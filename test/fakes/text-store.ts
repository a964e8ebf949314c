import type { TextStore } from '../../src/sdk/browser.ts';

/** localStorage, as it is, or as a browser that refuses it. */
export interface FakeTextStore extends TextStore {
  readonly values: Map<string, string>;
  /** `full`: keeps what it has. `none`: refuses everything. */
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
