/** A tab is closed a moment after its calls, and the visitor returns at once. */
import type { BrowserContext, Page } from 'playwright';
import { trackAll } from '../../support/page/calls.ts';
import type { Site } from '../../support/site/fixtures.ts';
import { openPopup, trackAndClose } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { closeTab, openTab } from '../../support/browser/tabs.ts';
import { everywhere, expectOnce, rounds, test } from './setup.ts';

/**
 * A click on the close button takes a visitor longer; a script that closes its own tab may wait this short.
 */
const MOMENT_MS = 30;

async function closeByVisitor(context: BrowserContext, site: Site, names: readonly string[]): Promise<void> {
  const tab = await openTab(context, `${site.origin}/shop`);
  await trackAll(tab, names);
  await tab.waitForTimeout(MOMENT_MS);
  await closeTab(tab);
}

async function closeByPage(context: BrowserContext, site: Site, names: readonly string[]): Promise<void> {
  const opener = await context.newPage();
  await opener.goto(`${site.origin}/blank`);
  await trackAndClose(await openPopup(opener), names, MOMENT_MS);
  await opener.close();
}

everywhere(({ latencyMs }) => {
  for (const [who, close] of [
    ['the visitor closes the tab', closeByVisitor],
    ['the page closes its own tab', closeByPage],
  ] as const) {
    test(`${who} ${MOMENT_MS} ms after 20 calls: each event arrives once, whenever the visitor returns`, async ({
      context,
      site,
      standIn,
    }) => {
      const names: string[] = [];
      for (let visit = 1; visit <= rounds(3, latencyMs); visit++) {
        const own = numbered(20, `Visit ${visit}, event`);
        names.push(...own);
        await close(context, site, own);
        const page: Page = await openTab(context, `${site.origin}/shop`);
        await expectOnce({ site, standIn, page }, names);
        await page.close();
      }
    });
  }
});
