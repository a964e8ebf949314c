/** Moves the fake time of pages in which `page.clock` is installed. */
import type { Page } from 'playwright';
import { expect } from 'playwright/test';
import type { Requests } from './requests.ts';

const DATABASE = 'cio-first-party:client-api-key-web';

/**
 * Moves the time forward while no request and no transaction is open: an open one would reach its timeout.
 */
export async function passTime(page: Page, requests: Requests, ms: number): Promise<void> {
  await idle(page, requests);
  await page.clock.fastForward(ms);
  await idle(page, requests);
}

/** Waits until no transaction and no request is open. The SDK must have stored something before. */
export async function idle(page: Page, requests: Requests): Promise<void> {
  await page.evaluate(waitForItsTurn, DATABASE);
  await expect.poll(requests.idle).toBe(true);
  // A response may have begun another transaction.
  await page.evaluate(waitForItsTurn, DATABASE);
}

/** Resolves when earlier transactions have ended, since transactions on one store run one after the other. */
function waitForItsTurn(database: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database);
    opening.addEventListener('error', () => reject(new Error(database)));
    opening.addEventListener('success', () => {
      const { result } = opening;
      const done = (): void => {
        result.close();
        resolve();
      };
      if (!result.objectStoreNames.contains('log')) return done();
      result.transaction('log', 'readwrite').addEventListener('complete', done);
    });
  });
}
