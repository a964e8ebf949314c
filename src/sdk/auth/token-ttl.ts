import type { TokenReading } from './jwt.ts';
import type { TokenLimits } from './customer-token-options.ts';
import type { ServerTime } from './server-clock.ts';

/** How long a token lasts that is received now, in milliseconds; 0 or less: it has expired. */
export function tokenTtlMs(reading: TokenReading, server: ServerTime, opaqueTtlMs: number): number {
  const { expiresInMs, expiresAtMs, issuedAtMs = -Infinity } = reading;
  if (expiresInMs !== undefined) return expiresInMs;
  if (expiresAtMs === undefined) return opaqueTtlMs;
  // No token comes from the future: where it seems to, the browser's clock is behind.
  const nowMs = server.isKnown ? server.nowMs : Math.max(server.nowMs, issuedAtMs);
  return expiresAtMs - nowMs;
}

/** How long a token may last that has expired by a clock which may be wrong. The server has the last word. */
export function suspectTtlMs({ expiresAtMs = 0, issuedAtMs }: TokenReading, suspectTtlMs: number): number {
  const wholeMs = issuedAtMs === undefined ? 0 : expiresAtMs - issuedAtMs;
  return wholeMs > 0 ? wholeMs : suspectTtlMs;
}

/** What is left of a token's time when it is no longer used (`hardMs`), and when the next one is asked for (`aheadMs`). */
export interface RefreshMargins {
  readonly hardMs: number;
  readonly aheadMs: number;
}

type MarginLimits = Pick<TokenLimits, 'hardMs' | 'hardRatio' | 'aheadMs' | 'aheadRatio' | 'aheadJitterRatio'>;

/** @param random 0 or more, below 1 */
export function refreshMarginsOf(wholeMs: number, limits: MarginLimits, random: number): RefreshMargins {
  const aheadMs = Math.min(limits.aheadMs, limits.aheadRatio * wholeMs);
  return {
    hardMs: Math.min(limits.hardMs, limits.hardRatio * wholeMs),
    aheadMs: aheadMs * (1 - limits.aheadJitterRatio * random),
  };
}
