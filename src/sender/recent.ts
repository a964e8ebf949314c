import type { OutboxEvent } from '../outbox/contract.ts';

/** The last events of this tab that nobody has settled: what a page that leaves can send without asking a database. */
export interface Recent {
  add(event: OutboxEvent): void;
  remove(ids: readonly string[]): void;
  all(): readonly OutboxEvent[];
  /** Together with these, each once, oldest first. */
  with(others: readonly OutboxEvent[]): readonly OutboxEvent[];
}

// A batch that is under way, and more than a page can send as it leaves.
const MOST_BYTES = 1024 * 1024;

export function createRecent(): Recent {
  const events = new Map<string, OutboxEvent>();
  let bytes = 0;
  return {
    add(event) {
      if (bytes + event.bytes > MOST_BYTES) return;
      bytes += event.bytes;
      events.set(event.id, event);
    },
    remove(ids) {
      for (const id of ids) {
        bytes -= events.get(id)?.bytes ?? 0;
        events.delete(id);
      }
    },
    all: () => [...events.values()],
    with: (others) => [...new Map([...events, ...others.map((each) => [each.id, each] as const)]).values()],
  };
}
