/**
 * Decides whether a shared store may be called. After failures the store is not called for a while, so that not every request
 * waits for it in vain. Then one request calls it, and the others follow when that call has succeeded.
 */
export interface StoreHealth {
  /** Whether the store may be called now. After `true`, the caller reports the result by `succeeded` or `failed`. */
  mayAsk(): boolean;
  succeeded(): void;
  failed(): void;
}

export interface StoreHealthNeeds {
  /** After this many failures in a row the store is not called for `restMs` milliseconds. */
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
      // The caller tries the store; other requests do not call it until that call has succeeded, or the next rest is over.
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
