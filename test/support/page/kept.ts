import type { Page } from 'playwright';

/** Everything that this page's origin stores, and the page's URL, as one text to search. */
export const keptBy = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const found: unknown[] = [localStorage, sessionStorage, document.cookie, location.href];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.addEventListener('success', () => resolve(opening.result));
        opening.addEventListener('error', () => reject(new Error(name)));
      });
      for (const store of database.objectStoreNames) {
        const all = database.transaction(store).objectStore(store).getAll();
        await new Promise((resolve) => all.addEventListener('success', resolve));
        found.push(all.result);
      }
      database.close();
    }
    return JSON.stringify(found);
  });
