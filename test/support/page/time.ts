/** Fake time in pages where `page.clock` is installed. */
import type { Page } from 'playwright';
import { expect } from 'playwright/test';
import type { Requests } from './requests.ts';

const DATABASE = 'cio-first-party:client-api-key-web';

/** Lets time pass while nothing is under way: requests and transactions would be given up as too late. */
export async function passTime(page: Page, requests: Requests, ms: number): Promise<void> {
  await idle(page, requests);
  await page.clock.fastForward(ms);
  await idle(page, requests);
}

/** Waits until nothing is under way. The SDK must have stored something. */
export async function idle(page: Page, requests: Requests): Promise<void> {
  await page.evaluate(waitForItsTurn, DATABASE);
  await expect.poll(requests.idle).toBe(true);
  // What an answer has begun.
  await page.evaluate(waitForItsTurn, DATABASE);
}

/** Transactions on one store take turns. */
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
