import { createStore, promisifyRequest } from 'idb-keyval';
import { isLogHead, isLogRecord } from './validate-record.ts';
import type { LogHead, LogRecord, LogTransaction, Transact } from './log-store.ts';

/**
 * The log in IndexedDB: records under numbers, everything else under names, which sort behind all numbers.
 * @param running holds what ends each transaction that still needs the page
 */
export function indexedDbTransactions(database: string, running?: Set<() => void>): Transact {
  const use = createStore(database, 'log');
  return (mode, work) =>
    use(mode, async (store) => {
      const { transaction } = store;
      // An open tab of an older page must not hold up one that upgrades or deletes the database.
      transaction.db.onversionchange = () => transaction.db.close();
      const abort = (): void => {
        try {
          transaction.abort();
        } catch {
          // It has ended by itself.
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
  // One request after the other: where the second cannot be made, nobody would hold the answer of the first.
  const read = <T>(key: IDBValidKey): Promise<T | undefined> =>
    promisifyRequest(store.get(key) as IDBRequest<T | undefined>);
  return {
    async head() {
      const head = await read<LogHead>('head');
      return head && sound(head, isLogHead);
    },
    async first(count) {
      const places = IDBKeyRange.bound(0, Infinity);
      const keys = await promisifyRequest(store.getAllKeys(places, count));
      const records = await promisifyRequest(store.getAll(places, count) as IDBRequest<LogRecord[]>);
      return records.map((record, i) => [Number(keys[i]), sound(record, isLogRecord)] as const);
    },
    read: (place) => read<LogRecord>(place),
    add: (place, record) => void store.add(record, place),
    write: (place, record) => void store.put(record, place),
    erase: (place) => void store.delete(place),
    writeHead: (head) => void store.put(head, 'head'),
    clear: () => void store.clear(),
  };
}

/** What cannot be right is better found now than sent. */
function sound<T>(value: unknown, isSound: (value: unknown) => value is T): T {
  if (!isSound(value)) throw new TypeError();
  return value;
}
