import type { WireEvent } from '../../protocol/wire.ts';

/**
 * A difference of 15 seconds or less is not corrected. The time that the request was in flight can cause it as well as a wrong
 * clock, and the SDK allows a request to take that long. Events within the tolerance keep the order of the browser, across all
 * batches.
 */
export const TOLERANCE_MS = 15_000;

/**
 * The milliseconds by which the browser's clock is behind the proxy's clock. 0 where the network may cause the difference
 * ({@link TOLERANCE_MS}), and where `sentAt` is missing or no date.
 */
export function clockSkewOf(sentAt: string | undefined, receivedAtMs: number): number {
  const skewMs = receivedAtMs - Date.parse(sentAt ?? '');
  return Math.abs(skewMs) > TOLERANCE_MS ? skewMs : 0;
}

/**
 * A copy of `event` with its time by the server's clock: `timestamp = receivedAt - (sentAt - originalTimestamp)`, which is
 * `originalTimestamp + skewMs`. https://segment.com/docs/connections/spec/common/#timestamps
 */
export function withServerTime(event: WireEvent, skewMs: number): WireEvent {
  const at = Date.parse(event.timestamp) + skewMs;
  // `Date` has no times of more than 8.64e15 milliseconds before or after the epoch; NaN is refused here too.
  if (!(Math.abs(at) <= 8.64e15)) return event;
  return { ...event, timestamp: new Date(at).toISOString(), originalTimestamp: event.timestamp } as WireEvent;
}
