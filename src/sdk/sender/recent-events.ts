import type { OutboxEvent } from '../outbox/contract.ts';

/**
 * The last events of this tab that no tab has delivered or dropped. When the page is left, they are sent without reading a
 * database.
 */
export interface RecentEvents {
  add(event: OutboxEvent): void;
  /** Removes events that this tab or another one has delivered or dropped. */
  remove(ids: readonly string[]): void;
  /** Whether this id was removed a short time ago, and was not an event of this tab. */
  wasOthers(id: string): boolean;
  /** Returns the events, oldest first. */
  all(): readonly OutboxEvent[];
  /** Returns the events together with `more`, each event once, oldest first. */
  with(more: readonly OutboxEvent[]): readonly OutboxEvent[];
}

// Enough for a batch that is being sent, and for more than a page can send when it is left.
const MOST_BYTES = 1024 * 1024;

// A page that is left may save an event that was just written, and that the leader has sent by now. Only the last moments count.
const MOST_FOREIGN_IDS = 1_000;

export function createRecentEvents(): RecentEvents {
  const events = new Map<string, OutboxEvent>();
  let foreignIds: readonly string[] = [];
  let bytes = 0;
  return {
    add(event) {
      if (bytes + event.bytes > MOST_BYTES) return;
      bytes += event.bytes;
      events.set(event.id, event);
    },
    remove(ids) {
      const foreign = ids.filter((id) => {
        bytes -= events.get(id)?.bytes ?? 0;
        return !events.delete(id);
      });
      foreignIds = [...foreign, ...foreignIds].slice(0, MOST_FOREIGN_IDS);
    },
    wasOthers: (id) => foreignIds.includes(id),
    all: () => [...events.values()],
    with: (more) => [...new Map([...events, ...more.map((each) => [each.id, each] as const)]).values()],
  };
}
