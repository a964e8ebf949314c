/** A page's process crashes, or the whole browser is killed, during a delivery. */
import type { Page } from 'playwright';
import { trackStored } from '../../support/page/calls.ts';
import { type Site, watch } from '../../support/site/fixtures.ts';
import { createPersistentBrowser } from '../../support/browser/persistent.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { crash, openTab } from '../../support/browser/tabs.ts';
import { everywhere, expect, expectOnceButFor, rounds, test } from './setup.ts';

/**
 * Tracks, and waits until the proxy has the events. Returns their ids: the page does not know yet whether
 * they were delivered.
 */
async function trackUntilOnItsWay(
  page: Page,
  site: Site,
  names: readonly string[],
): Promise<readonly string[]> {
  const ids = await trackStored(page, names);
  const isThere = async (): Promise<boolean> => {
    const batches = await site.batches();
    return (await site.underWay()) > 0 || ids.every((id) => batches.some((batch) => batch.ids.includes(id)));
  };
  await expect.poll(isThere, { intervals: [10] }).toBe(true);
  return ids;
}

everywhere(({ latencyMs, setting }) => {
  test('a page crashes while 20 events are in flight: each arrives once', async ({
    context,
    site,
    standIn,
  }) => {
    const inFlight: string[] = [];
    const names: string[] = [];
    for (let visit = 1; visit <= rounds(2, latencyMs); visit++) {
      const own = numbered(20, `Visit ${visit}, event`);
      names.push(...own);
      const tab = await openTab(context, `${site.origin}/shop`);
      inFlight.push(...(await trackUntilOnItsWay(tab, site, own)));
      await crash(tab);
      const page = await openTab(context, `${site.origin}/shop`);
      await expectOnceButFor({ site, standIn, page }, names, { inFlight, setting });
      await page.close();
    }
  });

  test('the browser is killed while 20 events are in flight, and started again: each arrives once', async ({
    place,
    site,
    standIn,
  }) => {
    const browser = await createPersistentBrowser();
    const errors: (readonly string[])[] = [];
    const visit = async (): Promise<Page> => {
      const context = await browser.start();
      errors.push(watch(context, site));
      await place.prepare(context);
      return openTab(context, `${site.origin}/shop`);
    };
    try {
      const inFlight = await trackUntilOnItsWay(await visit(), site, numbered(20));
      await browser.kill();
      const page = await visit();
      await expectOnceButFor({ site, standIn, page }, numbered(20), { inFlight, setting });
    } finally {
      await browser.remove();
    }
    expect(errors.flat()).toEqual([]);
  });
});
