import type { Clock, TextStore } from '../browser.ts';

/** What the proxy has shown, proxyMemory also for the next page and for other tabs. */
export interface ProxyMemory {
  /** That it reads gzip, and that it was ever reached. */
  get(what: 'gzip' | 'answered'): boolean;
  /** A no is final: who has refused gzip may go on saying that it reads it, with a server of another kind in front. */
  set(what: 'gzip' | 'answered', value: boolean): void;
  /** For how long it still wants to be left alone, in milliseconds: 0 or less where it does not. */
  quietMs(): number;
  setQuiet(delayMs: number): void;
  /** Whether the visitor's choices are others than the last ones, whose place they take. */
  isNews(choices: string): boolean;
}

/** @param mayWrite whether the visitor still agrees */
export function createProxyMemory(
  local: TextStore,
  scope: string,
  clock: Clock,
  mayWrite: () => boolean,
): ProxyMemory {
  const known: Partial<Record<string, string>> = {};
  const said = (what: string): string => (known[what] ??= local.get(`${scope}:${what}`) ?? '');
  const until = `${scope}:until`;
  const keep = (key: string, text: string): unknown => mayWrite() && local.set(key, text);
  return {
    get: (what) => said(what) === 'yes',
    set(what, value) {
      const word = value ? 'yes' : 'no';
      if (said(what) === 'no' || said(what) === word) return;
      known[what] = word;
      keep(`${scope}:${what}`, word);
    },
    quietMs() {
      const [sinceMs = 0, untilMs = 0] = (local.get(until) ?? '').split(',').map(Number);
      const nowMs = clock.now();
      // By a clock that was set back since, it might last for ever.
      return nowMs < sinceMs ? 0 : untilMs - nowMs;
    },
    setQuiet(delayMs) {
      const nowMs = clock.now();
      keep(until, `${nowMs},${nowMs + delayMs}`);
    },
    isNews(choices) {
      const key = `${scope}:consent`;
      const isNews = local.get(key) !== choices;
      keep(key, choices);
      return isNews;
    },
  };
}
