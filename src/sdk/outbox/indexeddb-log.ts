import { createStore, promisifyRequest } from 'idb-keyval';
import { isLogHead, isLogRecord } from './validate-record.ts';
import type { LogHead, LogRecord, LogTransaction, Transact } from './log-store.ts';

/**
 * The log in IndexedDB. The key of a record is a number; the other keys are texts, which sort after all numbers.
 * @param running holds, for each transaction that has not ended, a function that aborts it
 */
export function indexedDbTransactions(database: string, running?: Set<() => void>): Transact {
  const use = createStore(database, 'log');
  return (mode, work) =>
    use(mode, async (store) => {
      const { transaction } = store;
      // An open connection would block another tab that upgrades or deletes the database.
      transaction.db.onversionchange = () => transaction.db.close();
      const abort = (): void => {
        try {
          transaction.abort();
        } catch {
          // The transaction has ended already.
        }
      };
      running?.add(abort);
      try {
        const result = await work(logIn(store));
        await promisifyRequest(transaction);
        return result;
      } catch (cause) {
        abort();
        throw cause;
      } finally {
        running?.delete(abort);
      }
    });
}

function logIn(store: IDBObjectStore): LogTransaction {
  const read = <T>(key: IDBValidKey): Promise<T | undefined> =>
    promisifyRequest(store.get(key) as IDBRequest<T | undefined>);
  return {
    async head() {
      const head = await read<LogHead>('head');
      return head && checked(head, isLogHead);
    },
    async first(count) {
      // The requests are made one after the other: if making the second one throws, a rejection of the first would be unhandled.
      const places = IDBKeyRange.bound(0, Infinity);
      const keys = await promisifyRequest(store.getAllKeys(places, count));
      const records = await promisifyRequest(store.getAll(places, count) as IDBRequest<LogRecord[]>);
      return records.map((record, i) => [Number(keys[i]), checked(record, isLogRecord)] as const);
    },
    read: (place) => read<LogRecord>(place),
    add: (place, record) => void store.add(record, place),
    write: (place, record) => void store.put(record, place),
    erase: (place) => void store.delete(place),
    writeHead: (head) => void store.put(head, 'head'),
    clear: () => void store.clear(),
  };
}

/** Returns a value that IndexedDB has returned. Throws a TypeError if the value is damaged, so that it is repaired and not sent. */
function checked<T>(value: unknown, isSound: (value: unknown) => value is T): T {
  if (!isSound(value)) throw new TypeError();
  return value;
}
