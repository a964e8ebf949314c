import type { WireEvent } from '../../protocol/wire.ts';

/**
 * Less may be the way here as well as the clock: it is how long a browser lets a request take. What passes within it keeps
 * the order that the browser gave it, over all batches.
 */
export const TOLERANCE_MS = 15_000;

/** By how much the browser's clock is behind the proxy's, in milliseconds; 0 where that may be the network, or is unknown. */
export function clockSkewOf(sentAt: string | undefined, receivedAtMs: number): number {
  const skewMs = receivedAtMs - Date.parse(sentAt ?? '');
  return Math.abs(skewMs) > TOLERANCE_MS ? skewMs : 0;
}

/**
 * `event` with its time by the server's clock: `timestamp = receivedAt - (sentAt - originalTimestamp)`, which is
 * `originalTimestamp` and the skew. https://segment.com/docs/connections/spec/common/#timestamps
 */
export function withServerTime(event: WireEvent, skewMs: number): WireEvent {
  const at = Date.parse(event.timestamp) + skewMs;
  // Beyond this, `Date` knows no days.
  if (!(Math.abs(at) <= 8.64e15)) return event;
  return { ...event, timestamp: new Date(at).toISOString(), originalTimestamp: event.timestamp } as WireEvent;
}
