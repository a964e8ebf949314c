/** Steps that several specs of storage share: calls in a page, and what the page has told. */
import type { Page } from 'playwright';
import type { Receipt } from '../../../src/index.ts';
import { type IndexedDbFault, setIndexedDbFaults } from '../../support/page/indexeddb-faults.ts';
import { expect, type Site, told, toldTimes } from '../../support/site/fixtures.ts';
import type { Fault } from '../../support/site/proxy-faults.ts';

/**
 * A proxy that delivers nothing. The SDK leaves a proxy that does not know its key (401) alone for ten seconds, unless
 * `flush()` is called: between `quiet` and `flush()` the SDK reads nothing and sends nothing.
 */
export const REFUSING: Fault = { does: { status: 401 } };
export const quiet = (page: Page): Promise<unknown> => toldTimes(page, 'retrying');

/** A proxy that delivers nothing, and asks for no request within the next hour. */
export const REFUSING_FOR_AN_HOUR: Fault = { does: { status: 503, headers: { 'Retry-After': '3600' } } };

/** A proxy that closes every connection at once. */
export const CUT: Fault = { does: 'cut' };

/** Tracks events in one task; each receipt must have this state. */
export async function track(page: Page, names: readonly string[], state: Receipt['state']): Promise<void> {
  const receipts = await page.evaluate(
    (all) => Promise.all(all.map((name) => window.analytics.track(name))),
    names,
  );
  expect(receipts.map((receipt) => receipt.state)).toEqual(names.map(() => state));
}

/** Tracks events that are stored while the proxy refuses (see `REFUSING`), and waits until the SDK leaves the proxy alone. */
export async function trackUnsent(page: Page, names: readonly string[]): Promise<void> {
  await track(page, names, 'stored');
  await quiet(page);
}

export const flush = (page: Page): Promise<unknown> => page.evaluate(() => window.analytics.flush());

/** The proxy works again, and the page sends what waits. */
export async function deliver({ page, site }: { readonly page: Page; readonly site: Site }): Promise<void> {
  await site.faults();
  await flush(page);
}

/** Number of `storage-unavailable` errors that the page was told of. */
export const storageErrors = async (page: Page): Promise<number> =>
  (await told(page, 'error')).filter(({ code }) => code === 'storage-unavailable').length;

/** Compares how often an operation of IndexedDB has failed in this page. */
export async function expectFailures(page: Page, times: number): Promise<void> {
  expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(times);
}

/** Events wait while the proxy refuses. Then this step of IndexedDB fails twice while the page delivers them. */
export async function deliverFailingTwice(
  { page, site }: { readonly page: Page; readonly site: Site },
  names: readonly string[],
  fault: IndexedDbFault,
): Promise<void> {
  await trackUnsent(page, names);
  await setIndexedDbFaults(page, { ...fault, times: 2 });
  await deliver({ page, site });
  await expectFailures(page, 2);
}

/** Keys of localStorage that contain this text. */
export const localKeys = (page: Page, text: string): Promise<readonly string[]> =>
  page.evaluate((part) => Object.keys(localStorage).filter((key) => key.includes(part)), text);

/** Does what a browser does when the visitor turns to another tab, or back. */
export const setVisibility = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
