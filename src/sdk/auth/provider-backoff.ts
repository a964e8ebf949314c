import type { TokenLimits } from './customer-token-options.ts';
import type { ClockReading, ServerClock } from './server-clock.ts';

/**
 * A time in which the provider is not called. `none`: the provider returned no token. `backoff`: the provider failed.
 * `blocked`: the proxy refused several fresh tokens of the provider in a row (circuit breaker).
 */
export interface ProviderPause {
  readonly kind: 'none' | 'backoff' | 'blocked';
  readonly leftMs: number;
}

/** When the provider of one identity may be called again, and which tokens the proxy has refused. */
export interface ProviderBackoff {
  /** The pause of now, or undefined. Of several, `blocked` comes before `none`, and `none` before `backoff`. */
  current(): ProviderPause | undefined;
  /** The provider returned no token: starts the pause `none`. */
  returnedNone(): void;
  /** @param atCap waits for `backoffCapMs` at once: a repeated call does not help until a person has corrected the cause */
  failed(atCap?: boolean): void;
  /** The provider returned a usable token: ends `none` and `backoff`, and the next failure counts as the first. */
  succeeded(): void;
  /** Records a token that the proxy has refused: this token is not sent again. */
  refuse(token: string): void;
  isRefused(token: string): boolean;
  /**
   * Counts a refused token for the circuit breaker. Returns true when private calls are blocked from now on.
   * @param token counts once, however often the proxy refuses it. Without it, each call counts
   */
  countRejection(token?: string): boolean;
  /** The proxy accepted a token: closes the circuit breaker and resets its counts. */
  accepted(): void;
  /** Ends `none` and `backoff`, for a refresh that the application requests. `blocked` stays. */
  clearFailures(): void;
  /** Ends all pauses, because the application has set a token. The count of refused tokens stays: one more blocks again. */
  clearAll(): void;
}

export interface ProviderBackoffNeeds {
  readonly serverClock: Pick<ServerClock, 'stamp' | 'sinceMs'>;
  readonly limits: Pick<
    TokenLimits,
    'nullTtlMs' | 'backoffBaseMs' | 'backoffCapMs' | 'breakerRejections' | 'breakerMs' | 'breakerCapMs'
  >;
  /** 0 or more, below 1. */
  random(): number;
}

interface Span {
  readonly startedAt: ClockReading;
  readonly durationMs: number;
}

/** The number of refused tokens that are stored. The breaker stops a provider that returns more than these in turn. */
const REMEMBERED = 16;

export function createProviderBackoff({
  serverClock,
  limits,
  random,
}: ProviderBackoffNeeds): ProviderBackoff {
  const spans: Partial<Record<ProviderPause['kind'], Span>> = {};
  const order = ['blocked', 'none', 'backoff'] as const;
  let failures = 0;
  let refused: readonly string[] = [];
  let counted: readonly string[] = [];
  let rejections = 0;
  let blocks = 0;

  const pause = (kind: ProviderPause['kind'], durationMs: number): void =>
    void (spans[kind] = { startedAt: serverClock.stamp(), durationMs });
  const leftMs = (span: Span): number => span.durationMs - serverClock.sinceMs(span.startedAt);
  const withToken = (list: readonly string[], token: string): readonly string[] =>
    [...list.filter((each) => each !== token), token].slice(-REMEMBERED);

  function clearFailures(): void {
    delete spans.none;
    delete spans.backoff;
  }

  return {
    current() {
      for (const kind of order) {
        const span = spans[kind];
        if (span && leftMs(span) > 0) return { kind, leftMs: leftMs(span) };
      }
      return undefined;
    },
    returnedNone: () => pause('none', limits.nullTtlMs),
    failed(atCap) {
      failures++;
      const { backoffBaseMs, backoffCapMs } = limits;
      // Full jitter, as for events: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
      const jitteredMs = Math.ceil(random() * Math.min(backoffCapMs, backoffBaseMs * 2 ** (failures - 1)));
      pause('backoff', atCap ? backoffCapMs : jitteredMs);
    },
    succeeded() {
      failures = 0;
      clearFailures();
    },
    refuse: (token) => void (refused = withToken(refused, token)),
    isRefused: (token) => refused.includes(token),
    countRejection(token) {
      if (token !== undefined) {
        if (counted.includes(token)) return false;
        counted = withToken(counted, token);
      }
      if (++rejections < limits.breakerRejections) return false;
      pause('blocked', Math.min(limits.breakerCapMs, limits.breakerMs * 2 ** blocks++));
      return true;
    },
    accepted() {
      rejections = blocks = 0;
      delete spans.blocked;
    },
    clearFailures,
    clearAll() {
      for (const kind of order) delete spans[kind];
    },
  };
}
