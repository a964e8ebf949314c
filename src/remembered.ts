import type { TextStore } from './browser.ts';

/** What the proxy has shown, remembered also for the next page: that it reads gzip, and that it was ever reached. */
export interface Remembered {
  get(what: 'gzip' | 'answered'): boolean;
  set(what: 'gzip' | 'answered', value: boolean): void;
}

export function createRemembered(local: TextStore, scope: string): Remembered {
  const known: Partial<Record<string, boolean>> = {};
  return {
    get: (what) => (known[what] ??= local.get(`${scope}:${what}`) === 'yes'),
    set(what, value) {
      if (known[what] === value) return;
      known[what] = value;
      local.set(`${scope}:${what}`, value ? 'yes' : 'no');
    },
  };
}
