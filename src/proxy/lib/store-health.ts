/**
 * Whether a store that copies share may be asked: one that has failed is left alone for a while, so that not every request waits
 * for it. Then one request asks it, and the others follow when it has answered.
 */
export interface StoreHealth {
  /** `true`: ask it, and tell what became of that. */
  mayAsk(): boolean;
  succeeded(): void;
  failed(): void;
}

export interface StoreHealthNeeds {
  /** So many failures in a row make it rest. */
  readonly mostFailures: number;
  readonly restMs: number;
  readonly now?: () => number;
}

export function createStoreHealth({
  mostFailures,
  restMs,
  now = () => performance.now(),
}: StoreHealthNeeds): StoreHealth {
  let failures = 0;
  let restsUntilMs: number | undefined;

  return {
    mayAsk() {
      if (restsUntilMs === undefined) return true;
      if (now() < restsUntilMs) return false;
      // This one asks; the others wait for what becomes of it.
      restsUntilMs = now() + restMs;
      return true;
    },
    succeeded() {
      failures = 0;
      restsUntilMs = undefined;
    },
    failed() {
      failures += 1;
      if (failures >= mostFailures) restsUntilMs = now() + restMs;
    },
  };
}
