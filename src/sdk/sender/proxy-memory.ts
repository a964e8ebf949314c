import type { Clock, TextStore } from '../browser.ts';

/** Facts about the proxy in localStorage, which the next page and the other tabs read too. */
export interface ProxyMemory {
  /** `gzip`: whether the proxy reads gzip. `answered`: whether this browser has ever had an answer of the proxy. */
  get(what: 'gzip' | 'answered'): boolean;
  /**
   * Stores a fact. False is final: the proxy may still say that it reads gzip where a server in front of it has refused a compressed
   * request.
   */
  set(what: 'gzip' | 'answered', value: boolean): void;
  /** Returns for how many milliseconds the proxy still wants no requests. 0 or less: it takes requests now. */
  quietMs(): number;
  /** Stores that the proxy wants no requests for so long. */
  setQuiet(delayMs: number): void;
}

/** @param mayWrite whether the visitor still consents: otherwise nothing is stored */
export function createProxyMemory(
  local: TextStore,
  scope: string,
  clock: Clock,
  mayWrite: () => boolean,
): ProxyMemory {
  const known: Partial<Record<string, string>> = {};
  const factOf = (what: string): string => (known[what] ??= local.get(`${scope}:${what}`) ?? '');
  const until = `${scope}:until`;
  const store = (key: string, text: string): unknown => mayWrite() && local.set(key, text);
  return {
    get: (what) => factOf(what) === 'yes',
    set(what, value) {
      const word = value ? 'yes' : 'no';
      if (factOf(what) === 'no' || factOf(what) === word) return;
      known[what] = word;
      store(`${scope}:${what}`, word);
    },
    quietMs() {
      const [sinceMs = 0, untilMs = 0] = (local.get(until) ?? '').split(',').map(Number);
      const nowMs = clock.now();
      // The clock was set back since: the time might never be over.
      return nowMs < sinceMs ? 0 : untilMs - nowMs;
    },
    setQuiet(delayMs) {
      const nowMs = clock.now();
      store(until, `${nowMs},${nowMs + delayMs}`);
    },
  };
}
