/** What a page writes to IndexedDB without the SDK: how long the browser needs for so much. */
import type { Page } from 'playwright';

declare global {
  interface Window {
    /** The other database of the page, open. */
    bareStore?: Promise<IDBDatabase>;
  }
}

/** About what an event weighs. */
const EVENT = 'x'.repeat(600);

/**
 * Makes the calls in one task and waits for none of them; in the next task writes as much without the SDK, a record for each
 * 100 calls, and resolves when that is done. It reads first, as every log does that has to know where it ends.
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
