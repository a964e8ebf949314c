import { createStore as createIdbStore, promisifyRequest } from 'idb-keyval';
import { type Ledger, type OutboxEvent, totalDropped } from './contract.ts';
import type { LogHead, LogRecord } from './log-store.ts';
import { isLogHead, isLogRecord, isStoredEvent } from './validate-record.ts';

/**
 * Repairs the log in IndexedDB: deletes the records and events that cannot be read, and corrects the ledger. Returns how many
 * events are lost. Rejects when nothing can be read at all.
 * @param known returns the ledger that replaces a damaged one
 */
export async function repairLog(database: string, known: () => Ledger): Promise<number> {
  // Some browsers throw here. In an async function that is a rejection.
  return createIdbStore(database, 'log')('readwrite', (store) =>
    // No other code uses this connection. If it stayed open, it would block a page that deletes the database.
    takeOutUnreadable(store, known()).finally(() => store.transaction.db.close()),
  );
}

async function takeOutUnreadable(store: IDBObjectStore, known: Ledger): Promise<number> {
  const events: OutboxEvent[] = [];
  let nextPlace = 1;
  let canRead = false;
  for (const place of await promisifyRequest(store.getAllKeys(IDBKeyRange.bound(0, Infinity)))) {
    nextPlace = Number(place) + 1;
    const record = (await readRepeatedly(store, place)) as Partial<LogRecord> | null | undefined;
    canRead ||= record !== undefined;
    const stored: readonly unknown[] = Array.isArray(record?.events) ? record.events : [];
    const sound = stored.filter(isStoredEvent);
    events.push(...sound);
    if (!sound.length) store.delete(place);
    else if (!isLogRecord(record)) store.put({ at: sound[0]?.at, events: sound }, place);
  }
  const storedHead = await readRepeatedly(store, 'head');
  // When nothing at all can be read, the cause may be temporary: nothing is deleted.
  if (nextPlace > 1 && !canRead && storedHead === undefined) {
    store.transaction.abort();
    throw new Error('IndexedDB cannot be read');
  }
  // Without a `log` name, the next append names a new log. Other pages know other counts, and must not compare them with these.
  const head: LogHead = isLogHead(storedHead) ? storedHead : { ...known, log: undefined, nextPlace };
  const lost = head.tracked - head.delivered - totalDropped(head.dropped) - events.length;
  const repaired: LogHead = {
    ...head,
    nextPlace: Math.max(nextPlace, head.nextPlace),
    tracked: head.tracked - Math.min(lost, 0),
    dropped: { ...head.dropped, storage: (head.dropped.storage ?? 0) + Math.max(lost, 0) },
    pending: events.length,
    bytes: events.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  store.put(repaired, 'head');
  await promisifyRequest(store.transaction);
  return Math.max(lost, 0);
}

/** Reads up to three times, because an error of the disk may be temporary and an unreadable value is deleted. */
async function readRepeatedly(store: IDBObjectStore, key: IDBValidKey): Promise<unknown> {
  return (await read(store, key)) ?? (await read(store, key)) ?? read(store, key);
}

/** Returns the value of this key. Undefined: the browser cannot read the value, or there is none. */
function read(store: IDBObjectStore, key: IDBValidKey): Promise<unknown> {
  return new Promise((resolve) => {
    const request = store.get(key);
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      // The default action of a failed request aborts the transaction.
      event.preventDefault();
      resolve(undefined);
    };
  });
}
