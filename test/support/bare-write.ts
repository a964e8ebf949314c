/** What a page writes to IndexedDB without the SDK: what the browser found time for, and what it did not. */
import type { Page } from 'playwright';

declare global {
  interface Window {
    /** The other database of the page, open. */
    bareStore?: Promise<IDBDatabase>;
  }
}

/** Makes the calls in one task and waits for nothing; in the next task writes this one number, and does not wait either. */
export async function trackAllThenWrite(page: Page, names: readonly string[], key: number): Promise<void> {
  await open(page);
  await page.evaluate(
    async ([all, number]) => {
      const database = await window.bareStore;
      for (const name of all) void window.analytics.track(name);
      setTimeout(() => database?.transaction('bare', 'readwrite').objectStore('bare').put(0, number));
    },
    [names, key] as const,
  );
}

/** The numbers that are there, also after the browser was killed. */
export async function bareWrites(page: Page): Promise<readonly number[]> {
  await open(page);
  return page.evaluate(async () => {
    const database = await window.bareStore;
    return new Promise<readonly number[]>((resolve, reject) => {
      const request = database?.transaction('bare').objectStore('bare').getAllKeys();
      if (!request) return reject(new Error('Not open'));
      request.onsuccess = () => resolve(request.result.map(Number));
      request.onerror = () => reject(request.error ?? new Error('Not read'));
    });
  });
}

const open = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    window.bareStore ??= new Promise((resolve, reject) => {
      const request = indexedDB.open('bare');
      request.onupgradeneeded = () => request.result.createObjectStore('bare');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('Not opened'));
    });
    await window.bareStore;
  });
