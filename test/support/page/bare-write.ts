/**
 * Writes to IndexedDB from a page without the SDK, to measure how long the browser itself needs for the same
 * amount of data.
 */
import type { Page } from 'playwright';

declare global {
  interface Window {
    /** The page's second database, open. */
    bareStore?: Promise<IDBDatabase>;
  }
}

/** About the size of one event. */
const EVENT = 'x'.repeat(600);

/**
 * Makes the calls in one task and does not wait for them. In the next task, writes the same amount without
 * the SDK, one record for each 100 calls, and resolves when that transaction is complete. The transaction
 * reads first, since every log must read where it ends.
 */
export async function trackAllThenWrite(page: Page, names: readonly string[]): Promise<void> {
  await page.evaluate(openBareStore);
  await page.evaluate(
    async ([all, event]) => {
      const database = await window.bareStore;
      for (const name of all) void window.analytics.track(name);
      await new Promise<void>((resolve) => setTimeout(resolve));
      await new Promise<void>((resolve, reject) => {
        const store = database?.transaction('bare', 'readwrite').objectStore('bare');
        if (!store) return reject(new Error('Not open'));
        store.transaction.oncomplete = () => resolve();
        store.get('head').onsuccess = () => {
          for (let i = 0; i < all.length; i += 100)
            store.put(
              all.slice(i, i + 100).map((id) => ({ id, json: event })),
              i,
            );
          store.put(all.length, 'head');
        };
      });
    },
    [names, EVENT] as const,
  );
}

async function openBareStore(): Promise<void> {
  window.bareStore ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('bare');
    request.onupgradeneeded = () => request.result.createObjectStore('bare');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('Not opened'));
  });
  await window.bareStore;
}
