/** What the tests of storage share. */
import type { Page } from 'playwright';
import type { Receipt } from '../../../src/index.ts';
import { told, toldTimes } from '../../support/site/fixtures.ts';
import type { Fault } from '../../support/site/proxy-faults.ts';
import type { Account } from '../../support/site/stand-in.ts';

/** Every one arrived, and none twice. */
export const once = (count: number): Account => ({ delivered: count, lost: 0, duplicated: 0 });

/** None arrived. */
export const lost = (count: number): Account => ({ delivered: 0, lost: count, duplicated: 0 });

/** Tracks them in one task, and says what each receipt said: `stored`, `memory` … */
export const track = (page: Page, names: readonly string[]): Promise<readonly Receipt['state'][]> =>
  page.evaluate(
    async (all) =>
      (await Promise.all(all.map((name) => window.analytics.track(name)))).map(({ state }) => state),
    names,
  );

/** Tracks them in one task, and waits for nothing. */
export const trackAll = (page: Page, names: readonly string[]): Promise<void> =>
  page.evaluate((all) => {
    for (const name of all) void window.analytics.track(name);
  }, names);

export const flush = (page: Page): Promise<unknown> => page.evaluate(() => window.analytics.flush());

/**
 * A proxy that delivers nothing, and is not asked again within ten seconds, if it is not by `flush()`: so long the SDK
 * leaves a proxy alone that does not know its key. Between `quiet` and `flush()` nothing is read or sent.
 */
export const REFUSING: Fault = { does: { status: 401 } };
export const quiet = (page: Page): Promise<unknown> => toldTimes(page, 'retrying');

/** How often the page was told that IndexedDB fails. */
export const storageErrors = async (page: Page): Promise<number> =>
  (await told(page, 'error')).filter(({ code }) => code === 'storage-unavailable').length;

/** As if the visitor had turned to another tab, or back. */
export const setVisibility = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
