/** Of an event that Customer.io has accepted a moment ago, a repeat is not sent on. */
export interface DeduplicateOptions {
  /** @default 50_000 */
  maxIds?: number | undefined;

  /** How long an id is remembered, in milliseconds. @default 600_000 */
  windowMs?: number | undefined;
}

/** The ids of events that upstream has accepted lately. */
export interface Seen {
  has(id: string): boolean;
  add(id: string): void;
}

export function createSeen(
  { maxIds = 50_000, windowMs = 600_000 }: DeduplicateOptions,
  now: () => number = () => performance.now(),
): Seen {
  // In the order in which they end.
  const ends = new Map<string, number>();
  return {
    has: (id) => (ends.get(id) ?? Number.NEGATIVE_INFINITY) > now(),
    add(id) {
      ends.delete(id);
      const at = now();
      for (const [oldest, end] of ends) {
        if (end > at && ends.size < maxIds) break;
        ends.delete(oldest);
      }
      ends.set(id, at + windowMs);
    },
  };
}
