/**
 * Pages enter the back/forward cache right after their calls, and are restored. Playwright disables that
 * cache, which all visitors have.
 */
import type { Page } from 'playwright';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { findChromium } from '../../support/setup/chromium.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { everywhere, expect, expectOnce, rounds, test } from './setup.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

const goBack = async (page: Page): Promise<void> => void (await page.goBack({ waitUntil: 'commit' }));

everywhere(({ latencyMs }) => {
  test('a page is left for one without the SDK and restored: each event arrives once', async ({
    page,
    site,
    standIn,
  }) => {
    await page.goto(`${site.origin}/shop`);
    await page.evaluate(() =>
      window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted })),
    );
    const names: string[] = [];
    for (let visit = 1; visit <= rounds(3, latencyMs); visit++) {
      const own = numbered(2, `Visit ${visit}, event`);
      names.push(...own);
      await trackAndLeave(page, own, '/blank');
      await goBack(page);
      expect(await page.evaluate(() => (window as unknown as { persisted?: boolean }).persisted)).toBe(true);
      await trackAll(page, [`Visit ${visit}, back`]);
      names.push(`Visit ${visit}, back`);
    }
    await expectOnce({ site, standIn, page }, names);
  });

  test('a page is left for another one with the SDK, and restored: each event arrives once', async ({
    page,
    site,
    standIn,
  }) => {
    await page.goto(`${site.origin}/shop`);
    const names = ['Next', 'Back', ...numbered(2), ...numbered(2, 'Of the next')];
    await trackAndLeave(page, numbered(2), '/next');
    await trackStored(page, ['Next']);
    await trackAll(page, numbered(2, 'Of the next'));
    await goBack(page);
    await trackAll(page, ['Back']);
    await expectOnce({ site, standIn, page }, names);
  });
});
