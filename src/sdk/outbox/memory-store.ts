import type { DropReason } from '../events.ts';
import type { Ledger, Limits, OutboxEvent, Store, WaitingEvent } from './contract.ts';
import { createLogStore, countAsGone, type LogHead, type LogRecord } from './log-store.ts';

/** The same log for pages where the browser refuses IndexedDB: it lives as long as the page. */
export interface MemoryOutboxStore extends Store {
  /** What waits in it. */
  all(): readonly OutboxEvent[];
  /** What was settled meanwhile, and waits in IndexedDB still. */
  owed(): readonly Owed[];
}

interface Owed {
  readonly event: WaitingEvent;
  readonly as: 'delivered' | DropReason;
  /** It was in memory, too, and nobody knows whether it is in IndexedDB: a write that seemed to fail may have taken place. */
  readonly isDoubtful: boolean;
  /** It was among those that waited, as far as this page knew: another may have settled it before. */
  readonly isCounted: boolean;
}

// Places in IndexedDB are above 0, so that nobody takes one for the other.
const FIRST_PLACE = -(2 ** 50);

/** @param ledger of the store that it stands in for */
export function createMemoryOutboxStore(ledger: Ledger, limits: Limits): MemoryOutboxStore {
  const records = new Map<number, LogRecord>(); // in order: places only grow, and a rewritten one keeps its turn
  const owed = new Map<string, Owed>();
  const doubtful = new Set<string>();
  const seen = new Set<string>();
  let head: LogHead | undefined = { ...ledger, bytes: 0, nextPlace: FIRST_PLACE };
  // One at a time, as in a database.
  let turn: Promise<unknown> = Promise.resolve();

  const all = (): readonly OutboxEvent[] => [...records.values()].flatMap(({ events }) => events);
  const store = createLogStore(
    (_mode, work) => {
      const result = turn.then(() =>
        work({
          head: async () => head,
          first: async (count) => [...records].slice(0, count),
          read: async (place) => records.get(place),
          add: (place, record) => void records.set(place, record),
          write: (place, record) => void records.set(place, record),
          erase: (place) => void records.delete(place),
          writeHead: (next) => void (head = next),
          clear() {
            records.clear();
            head = undefined;
          },
        }),
      );
      turn = result.catch(() => undefined);
      return result;
    },
    { ...limits, maxEvents: limits.maxEvents + ledger.pending },
  );

  return {
    ...store,
    all,
    owed: () => [...owed.values()],
    append(events, now, unlessHeld) {
      for (const { id } of events) {
        seen.add(id);
        if (unlessHeld) doubtful.add(id);
      }
      return store.append(events, now, unlessHeld);
    },
    settle(events, as) {
      const ids = new Set(all().map(({ id }) => id));
      // Not those that were evicted here while a request carried them.
      const missing = events.filter(({ id, place }) => place >= 0 && !seen.has(id) && !owed.has(id));
      for (const event of missing) owed.set(event.id, { event, as, isDoubtful: false, isCounted: false });
      for (const event of events)
        if (ids.has(event.id) && doubtful.has(event.id))
          owed.set(event.id, { event, as, isDoubtful: true, isCounted: true });
      turn = turn.then(() => {
        if (!head) return;
        const counted = missing.slice(0, Math.max(0, head.pending - all().length));
        for (const event of counted) owed.set(event.id, { event, as, isDoubtful: false, isCounted: true });
        head = countAsGone(head, counted.length, as);
      });
      return store.settle(events, as);
    },
  };
}
