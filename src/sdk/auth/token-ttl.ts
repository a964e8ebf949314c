import type { TokenReading } from './jwt.ts';
import type { TokenLimits } from './customer-token-options.ts';
import type { ServerTime } from './server-clock.ts';

/** Milliseconds until a token that is received now expires; 0 or less when it has expired. */
export function tokenTtlMs(reading: TokenReading, server: ServerTime, opaqueTtlMs: number): number {
  const { expiresInMs, expiresAtMs, issuedAtMs = -Infinity } = reading;
  if (expiresInMs !== undefined) return expiresInMs;
  if (expiresAtMs === undefined) return opaqueTtlMs;
  // A token that was issued in the future shows that the browser's clock is behind: the time of issue is then the present.
  const nowMs = server.isKnown ? server.nowMs : Math.max(server.nowMs, issuedAtMs);
  return expiresAtMs - nowMs;
}

/**
 * Milliseconds for which a token is used that has expired by a clock which may be wrong: its whole lifetime, where the token has
 * the time of issue, otherwise `fallbackTtlMs`. The proxy refuses the token if it has really expired.
 */
export function suspectTtlMs({ expiresAtMs = 0, issuedAtMs }: TokenReading, fallbackTtlMs: number): number {
  const wholeMs = issuedAtMs === undefined ? 0 : expiresAtMs - issuedAtMs;
  return wholeMs > 0 ? wholeMs : fallbackTtlMs;
}

/** Two times before a token expires: from `hardMs` on it is no longer used, and from `aheadMs` on the next one is requested. */
export interface RefreshMargins {
  readonly hardMs: number;
  readonly aheadMs: number;
}

type MarginLimits = Pick<TokenLimits, 'hardMs' | 'hardRatio' | 'aheadMs' | 'aheadRatio' | 'aheadJitterRatio'>;

/** @param random 0 or more, below 1: shortens `aheadMs` by a random part, so that tabs do not refresh at the same time */
export function refreshMarginsOf(wholeMs: number, limits: MarginLimits, random: number): RefreshMargins {
  const aheadMs = Math.min(limits.aheadMs, limits.aheadRatio * wholeMs);
  return {
    hardMs: Math.min(limits.hardMs, limits.hardRatio * wholeMs),
    aheadMs: aheadMs * (1 - limits.aheadJitterRatio * random),
  };
}
