/** The visitor navigates from page to page, and each page tracks right before it is left. */
import type { Page } from 'playwright';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { stats } from '../../support/site/fixtures.ts';
import { trackAndLeave, trackAndReload, trackByLink } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { untilSomebodyLeads } from '../../support/browser/tabs.ts';
import { everywhere, expect, expectOnce, rounds, test } from './setup.ts';

type Leave = (page: Page, names: readonly string[], to: string) => Promise<void>;

const WAYS: Readonly<Record<string, Leave>> = {
  'clicks on links that track twice': trackByLink,
  'is sent on by scripts that track twice and set `location.href`': trackAndLeave,
  'loads a page anew that tracks twice before': async (page, names) => {
    await untilSomebodyLeads(page);
    await trackAndReload(page, names);
  },
};

everywhere(({ latencyMs }) => {
  for (const [what, leave] of Object.entries(WAYS)) {
    test(`the visitor ${what}: each event arrives once`, async ({ page, site, standIn }) => {
      await page.goto(`${site.origin}/page-0`);
      const names: string[] = [];
      for (let visit = 1; visit <= rounds(5, latencyMs); visit++) {
        const own = numbered(2, `Visit ${visit}, event`);
        names.push(...own);
        await leave(page, own, `/page-${visit}`);
        // Every other page is left before it can know whether the last request of the previous page
        // succeeded.
        if (visit % 2 === 0) await expect.poll(async () => (await stats(page)).pending).toBe(0);
      }
      await trackStored(page, ['Arrived']);
      await expectOnce({ site, standIn, page }, [...names, 'Arrived']);
    });
  }

  test('the visitor agrees, and the waiting page reloads itself: each event arrives once', async ({
    page,
    site,
    standIn,
  }) => {
    await page.addInitScript(() => {
      const consent = localStorage.getItem('accepted') ? 'granted' : 'pending';
      window.sdkOptions = { ...window.sdkOptions, consent };
    });
    const names: string[] = [];
    for (let visit = 1; visit <= rounds(4, latencyMs); visit++) {
      await page.goto(`${site.origin}/page-${visit}`);
      const held = numbered(2, `Visit ${visit}, event`);
      await trackAll(page, held);
      await page.evaluate(() => {
        localStorage.setItem('accepted', 'yes');
        window.analytics.consent.grant();
      });
      // Some pages wait until the choice is stored before they reload.
      if (visit % 2) await untilSomebodyLeads(page);
      await trackAndReload(page, [`Visit ${visit}, accepted`]);
      await trackStored(page, [`Visit ${visit}, arrived`]);
      names.push(...held, `Visit ${visit}, accepted`, `Visit ${visit}, arrived`);
      await expectOnce({ site, standIn, page }, names);
      await page.evaluate(() => localStorage.removeItem('accepted'));
    }
  });
});
