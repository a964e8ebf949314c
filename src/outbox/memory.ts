import type { Ledger } from './contract.ts';
import type { LogHead, LogRecord, Transact } from './store.ts';

/** The same log for pages where the browser refuses IndexedDB: it lives as long as the page. */
export function memoryTransactions(ledger: Ledger): Transact {
  const records = new Map<number, LogRecord>(); // in order: places only grow, and a rewritten one keeps its turn
  let head: LogHead | undefined = { ...ledger, bytes: 0, nextPlace: 1 };
  // One at a time, as in a database.
  let turn: Promise<unknown> = Promise.resolve();

  return (_mode, work) => {
    const result = turn.then(() =>
      work({
        head: async () => head,
        first: async (count) => [...records].slice(0, count),
        read: async (place) => records.get(place),
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
  };
}
