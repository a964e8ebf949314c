/** Reads and writes the stored outbox with plain IndexedDB, without any code of the SDK. */
import type { Page } from 'playwright';

export const OUTBOX = 'cio-first-party:client-api-key-web';

/** All entries of the log, with their keys. */
export type Log = readonly (readonly [key: number | string, value: unknown])[];

/**
 * Writes entries into the log, and creates the log if there is none. Must not run on a page of the SDK, which
 * may hold the database open.
 */
export const writeLog = (page: Page, log: Log, database = OUTBOX): Promise<void> =>
  page.evaluate(
    ([name, entries]) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onupgradeneeded = () => opening.result.createObjectStore('log');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const database = opening.result;
          const writing = database.transaction('log', 'readwrite');
          for (const [key, value] of entries) writing.objectStore('log').put(value, key);
          writing.onabort = () => reject(writing.error);
          writing.oncomplete = () => {
            database.close();
            resolve();
          };
        };
      }),
    [database, log] as const,
  );

/** The entries of the log: records under numbers, and the head. */
export const readLog = (page: Page, database = OUTBOX): Promise<Log> =>
  page.evaluate(
    (name) =>
      new Promise<[number | string, unknown][]>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onupgradeneeded = () => reject(new Error('There is no outbox'));
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const database = opening.result;
          const store = database.transaction('log').objectStore('log');
          const keys = store.getAllKeys();
          const values = store.getAll();
          values.onerror = () => reject(values.error);
          values.onsuccess = () => {
            database.close();
            resolve(keys.result.map((key, i) => [key as number | string, values.result[i]]));
          };
        };
      }),
    database,
  );

/** The number of records in the log. */
export const recordsIn = (log: Log): number => log.filter(([key]) => typeof key === 'number').length;

/** An event as it is stored in the log. */
export interface Waiting {
  readonly id: string;
  readonly at: number;
  readonly json: string;
  readonly bytes: number;
}

/** A complete event of an earlier page, created a minute ago. */
export function waiting(name: string): Waiting {
  const at = Date.now() - 60_000;
  const id = `earlier-${name.replaceAll(' ', '-')}`;
  const json = JSON.stringify({
    type: 'track',
    event: name,
    messageId: id,
    anonymousId: 'a1',
    timestamp: new Date(at).toISOString(),
    properties: {},
    context: { page: { path: '/earlier' } },
  });
  return { id, at, json, bytes: Buffer.byteLength(json) };
}

/** The head of a log that holds these events, and whose earlier events have all been delivered. */
export const headOf = (events: readonly Waiting[], nextPlace: number): object => ({
  tracked: events.length + 7,
  delivered: 7,
  pending: events.length,
  bytes: events.reduce((sum, { bytes }) => sum + bytes, 0),
  dropped: {},
  nextPlace,
});
