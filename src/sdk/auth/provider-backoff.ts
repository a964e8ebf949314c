import type { TokenLimits } from './customer-token-options.ts';
import type { ClockReading, ServerClock } from './server-clock.ts';

/** `none`: there was no token. `backoff`: it failed. `blocked`: the proxy refuses whatever the provider gives. */
export interface ProviderPause {
  readonly kind: 'none' | 'backoff' | 'blocked';
  readonly leftMs: number;
}

/** When the provider of one identity is left alone, and why. */
export interface ProviderBackoff {
  current(): ProviderPause | undefined;
  /** It gave no token. */
  gaveNothing(): void;
  /** @param atCap no sooner than after the longest wait: somebody has to put that right first */
  failed(atCap?: boolean): void;
  succeeded(): void;
  /** The proxy has refused this token: it is not sent again. */
  refuse(token: string): void;
  isRefused(token: string): boolean;
  /**
   * Towards the breaker. Answers whether it blocks now.
   * @param token counts once
   */
  count(token?: string): boolean;
  accepted(): void;
  /** Somebody asks on purpose; what the proxy refuses stays blocked. */
  insist(): void;
  /** A token came from elsewhere; one more that is refused blocks again. */
  lift(): void;
}

export interface ProviderBackoffNeeds {
  readonly time: Pick<ServerClock, 'stamp' | 'sinceMs'>;
  readonly limits: Pick<
    TokenLimits,
    'nullTtlMs' | 'backoffBaseMs' | 'backoffCapMs' | 'breakerRejections' | 'breakerMs' | 'breakerCapMs'
  >;
  random(): number;
}

interface Span {
  readonly from: ClockReading;
  readonly forMs: number;
}

/** So many refused tokens are remembered; a provider that goes round in a longer circle is stopped by the breaker. */
const REMEMBERED = 16;

export function createProviderBackoff({ time, limits, random }: ProviderBackoffNeeds): ProviderBackoff {
  const spans: Partial<Record<ProviderPause['kind'], Span>> = {};
  const order = ['blocked', 'none', 'backoff'] as const;
  let failures = 0;
  let refused: readonly string[] = [];
  let counted: readonly string[] = [];
  let rejections = 0;
  let blocks = 0;

  const pause = (kind: ProviderPause['kind'], forMs: number): void =>
    void (spans[kind] = { from: time.stamp(), forMs });
  const leftMs = (span: Span): number => span.forMs - time.sinceMs(span.from);
  const withToken = (list: readonly string[], token: string): readonly string[] =>
    [...list.filter((each) => each !== token), token].slice(-REMEMBERED);

  return {
    current() {
      for (const kind of order) {
        const span = spans[kind];
        if (span && leftMs(span) > 0) return { kind, leftMs: leftMs(span) };
      }
      return undefined;
    },
    gaveNothing: () => pause('none', limits.nullTtlMs),
    failed(atCap) {
      failures++;
      const { backoffBaseMs, backoffCapMs } = limits;
      // Full jitter, as for events: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
      const jitteredMs = Math.ceil(random() * Math.min(backoffCapMs, backoffBaseMs * 2 ** (failures - 1)));
      pause('backoff', atCap ? backoffCapMs : jitteredMs);
    },
    succeeded() {
      failures = 0;
      delete spans.none;
      delete spans.backoff;
    },
    refuse: (token) => void (refused = withToken(refused, token)),
    isRefused: (token) => refused.includes(token),
    count(token) {
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
    insist() {
      delete spans.none;
      delete spans.backoff;
    },
    lift() {
      for (const kind of order) delete spans[kind];
    },
  };
}
