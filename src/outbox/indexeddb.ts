import { createStore, promisifyRequest } from 'idb-keyval';
import type { LogHead, LogRecord, LogTransaction, Transact } from './store.ts';

/** The log in IndexedDB: records under numbers, everything else under names, which sort behind all numbers. */
export function indexedDbTransactions(database: string): Transact {
  const use = createStore(database, 'log');
  return (mode, work) =>
    use(mode, async (store) => {
      const { transaction } = store;
      // An open tab of an older page must not hold up one that upgrades or deletes the database.
      transaction.db.onversionchange = () => transaction.db.close();
      try {
        const result = await work(logIn(store));
        await promisifyRequest(transaction);
        return result;
      } catch (cause) {
        try {
          transaction.abort();
        } catch {
          // It has ended by itself.
        }
        throw cause;
      }
    });
}

function logIn(store: IDBObjectStore): LogTransaction {
  const read = <T>(key: IDBValidKey): Promise<T | undefined> =>
    promisifyRequest(store.get(key) as IDBRequest<T | undefined>);
  return {
    head: () => read<LogHead>('head'),
    async first(count) {
      const places = IDBKeyRange.bound(0, Infinity);
      const [keys, records] = await Promise.all([
        promisifyRequest(store.getAllKeys(places, count)),
        promisifyRequest(store.getAll(places, count) as IDBRequest<LogRecord[]>),
      ]);
      return records.map((record, i) => [Number(keys[i]), record] as const);
    },
    read: (place) => read<LogRecord>(place),
    write: (place, record) => void store.put(record, place),
    erase: (place) => void store.delete(place),
    writeHead: (head) => void store.put(head, 'head'),
    clear: () => void store.clear(),
  };
}
