/** What the proxy has shown, remembered also for the next page: that it reads gzip, and that it was ever reached. */
export interface Remembered {
  get(what: 'gzip' | 'answered'): boolean;
  set(what: 'gzip' | 'answered', value: boolean): void;
}

export function createRemembered(
  note: (key: string, value?: string) => Promise<string | undefined>,
): Remembered {
  const known: Partial<Record<string, boolean>> = {};
  for (const what of ['gzip', 'answered']) {
    // What was learned since the page came is newer.
    void note(what).then((value) => (known[what] ??= value === 'yes'));
  }
  return {
    get: (what) => known[what] ?? false,
    set(what, value) {
      if (known[what] === value) return;
      known[what] = value;
      void note(what, value ? 'yes' : 'no');
    },
  };
}
