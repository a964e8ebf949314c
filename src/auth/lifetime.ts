import type { Reading } from './jwt.ts';
import type { TokenLimits } from './token-options.ts';
import type { ServerTime } from './token-time.ts';

/** How long a token lasts that is received now, in milliseconds; 0 or less: it has expired. */
export function lifetimeMs(reading: Reading, server: ServerTime, opaqueTtlMs: number): number {
  const { expiresInMs, expiresAtMs, issuedAtMs = -Infinity } = reading;
  if (expiresInMs !== undefined) return expiresInMs;
  if (expiresAtMs === undefined) return opaqueTtlMs;
  // No token comes from the future: where it seems to, the browser's clock is behind.
  const nowMs = server.isKnown ? server.nowMs : Math.max(server.nowMs, issuedAtMs);
  return expiresAtMs - nowMs;
}

/** How long a token may last that has expired by a clock which may be wrong. The server has the last word. */
export function suspectLifetimeMs({ expiresAtMs = 0, issuedAtMs }: Reading, suspectTtlMs: number): number {
  const wholeMs = issuedAtMs === undefined ? 0 : expiresAtMs - issuedAtMs;
  return wholeMs > 0 ? wholeMs : suspectTtlMs;
}

/** What is left of a token's time when it is no longer used (`hardMs`), and when the next one is asked for (`aheadMs`). */
export interface Margins {
  readonly hardMs: number;
  readonly aheadMs: number;
}

type MarginLimits = Pick<TokenLimits, 'hardMs' | 'hardRatio' | 'aheadMs' | 'aheadRatio' | 'aheadJitterRatio'>;

/** @param random 0 or more, below 1 */
export function marginsOf(wholeMs: number, limits: MarginLimits, random: number): Margins {
  const aheadMs = Math.min(limits.aheadMs, limits.aheadRatio * wholeMs);
  return {
    hardMs: Math.min(limits.hardMs, limits.hardRatio * wholeMs),
    aheadMs: aheadMs * (1 - limits.aheadJitterRatio * random),
  };
}
