import type { OutboxEvent } from '../outbox/contract.ts';

/** The last events of this tab that nobody has settled: what a page that leaves can send without asking a database. */
export interface RecentEvents {
  add(event: OutboxEvent): void;
  /** Somebody has settled these. */
  remove(ids: readonly string[]): void;
  /** Whether that was an event of another tab, lately. */
  wasOthers(id: string): boolean;
  all(): readonly OutboxEvent[];
  /** Together with these, each once, oldest first. */
  with(more: readonly OutboxEvent[]): readonly OutboxEvent[];
}

// A batch that is under way, and more than a page can send as it leaves.
const MOST_BYTES = 1024 * 1024;

// A page that leaves may save what it has just written, and is sent by now: it is about moments.
const MOST_OTHERS = 1_000;

export function createRecentEvents(): RecentEvents {
  const events = new Map<string, OutboxEvent>();
  let others: readonly string[] = [];
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
      others = [...foreign, ...others].slice(0, MOST_OTHERS);
    },
    wasOthers: (id) => others.includes(id),
    all: () => [...events.values()],
    with: (more) => [...new Map([...events, ...more.map((each) => [each.id, each] as const)]).values()],
  };
}
