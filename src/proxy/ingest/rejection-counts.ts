import type { RejectedEvent } from '../../protocol/wire.ts';

/** Adds the events, by their error, to the numbers of events that were counted before. */
export function addCounts(
  events: readonly RejectedEvent[],
  counted: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { ...counted };
  for (const { error } of events) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
