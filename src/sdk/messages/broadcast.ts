import type { MessageRecord } from './message-state.ts';

/** How often a broadcast (a message that everybody gets, guests too) is shown in this browser. */
export interface Broadcast {
  /** How many times it is shown. 0: without a limit. */
  readonly count: number;
  /** The time between two displays, in milliseconds. */
  readonly delayMs: number;
  /** Whether it may be shown again after the visitor has closed it. */
  readonly ignoreDismiss: boolean;
}

type Fields = Readonly<Partial<Record<string, unknown>>>;

const isCount = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;

/**
 * Reads `gist.broadcast`. Returns undefined where it has no usable `frequency`: such a broadcast is not shown, because nothing says
 * how often. Real ones exist.
 */
export function readBroadcast(value: unknown): Broadcast | undefined {
  const { count, delay = 0, ignoreDismiss } = ((value as Fields | null)?.['frequency'] ?? {}) as Fields;
  return isCount(count) && isCount(delay)
    ? { count, delayMs: delay * 1_000, ignoreDismiss: ignoreDismiss === true }
    : undefined;
}

/** Whether the broadcast is shown on every page, and stays open from page to page, until it is closed. */
export const isShownAlways = ({ count, delayMs }: Broadcast): boolean => !count && !delayMs;

/** Returns the time from which the broadcast may be shown, in milliseconds since the epoch. 0: now. Infinity: never again. */
export function broadcastDueMs(broadcast: Broadcast, record: MessageRecord, nowMs: number): number {
  const { count, delayMs, ignoreDismiss } = broadcast;
  const isOver = (record.isDismissed && !ignoreDismiss) || (count > 0 && record.shownCount >= count);
  if (isOver) return Infinity;
  const dueMs = record.shownAtMs + delayMs;
  // The clock was set back since the last display: the delay might never be over.
  return dueMs <= nowMs || record.shownAtMs > nowMs ? 0 : dueMs;
}
