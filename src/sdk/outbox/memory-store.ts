import type { DropReason } from '../events.ts';
import type { Ledger, Limits, OutboxEvent, Store, WaitingEvent } from './contract.ts';
import { createLogStore, countAsGone, type LogHead, type LogRecord } from './log-store.ts';

/** The same log in memory, for pages in which IndexedDB does not work. It is lost when the page ends. */
export interface MemoryOutboxStore extends Store {
  /** The events that are in this store. */
  all(): readonly OutboxEvent[];
  /** Events that were delivered or dropped while this store was in use, and must still be taken out of IndexedDB. */
  owed(): readonly Owed[];
}

/** An event that must still be taken out of IndexedDB. */
interface Owed {
  readonly event: WaitingEvent;
  readonly as: 'delivered' | DropReason;
  /** Whether the event was in memory, and may be in IndexedDB too: a write that seemed to fail may have succeeded. */
  readonly isDoubtful: boolean;
  /**
   * Whether the ledger of this store has counted the event as settled. As far as this page knew, the event was pending; another
   * tab may have settled it before.
   */
  readonly isCounted: boolean;
}

// Places in IndexedDB are above 0, so that no place means a record in both stores.
const FIRST_PLACE = -(2 ** 50);

/** @param ledger the last known ledger of the store in IndexedDB, which this store replaces */
export function createMemoryOutboxStore(ledger: Ledger, limits: Limits): MemoryOutboxStore {
  const records = new Map<number, LogRecord>(); // in order of places: they only grow, and a key that is written again keeps its position
  const owed = new Map<string, Owed>();
  const doubtfulIds = new Set<string>();
  const appendedIds = new Set<string>();
  let head: LogHead | undefined = { ...ledger, bytes: 0, nextPlace: FIRST_PLACE };
  // Transactions run one after the other, as in a database.
  let lastTransaction: Promise<unknown> = Promise.resolve();

  const all = (): readonly OutboxEvent[] => [...records.values()].flatMap(({ events }) => events);
  const store = createLogStore(
    (_mode, work) => {
      const result = lastTransaction.then(() =>
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
      lastTransaction = result.catch(() => undefined);
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
        appendedIds.add(id);
        if (unlessHeld) doubtfulIds.add(id);
      }
      return store.append(events, now, unlessHeld);
    },
    settle(events, as) {
      const idsHere = new Set(all().map(({ id }) => id));
      // Without the events that were appended here, and evicted while a request carried them.
      const inIndexedDb = events.filter(
        ({ id, place }) => place >= 0 && !appendedIds.has(id) && !owed.has(id),
      );
      for (const event of inIndexedDb) owed.set(event.id, { event, as, isDoubtful: false, isCounted: false });
      for (const event of events)
        if (idsHere.has(event.id) && doubtfulIds.has(event.id))
          owed.set(event.id, { event, as, isDoubtful: true, isCounted: true });
      lastTransaction = lastTransaction.then(() => {
        if (!head) return;
        const counted = inIndexedDb.slice(0, Math.max(0, head.pending - all().length));
        for (const event of counted) owed.set(event.id, { event, as, isDoubtful: false, isCounted: true });
        head = countAsGone(head, counted.length, as);
      });
      return store.settle(events, as);
    },
  };
}
