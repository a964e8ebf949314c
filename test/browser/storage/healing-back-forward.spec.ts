/** IndexedDB works again when a page comes back from the back/forward cache. Playwright switches that cache off; browsers of visitors have it. */
import { findChromium } from '../../support/setup/chromium.ts';
import { expect, stats } from '../../support/site/fixtures.ts';
import { setIndexedDbFaults } from '../../support/page/indexeddb-faults.ts';
import { readLog, recordsIn } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expectAccount, test } from './broken-page.ts';
import { deliver, flush, quiet, REFUSING_FOR_AN_HOUR, track } from './setup.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

const MEMORY = numbered(5);

test('as the page comes back, without a call: 5 events in memory are stored, 6 of 6 delivered once', ({
  brokenPage,
}) =>
  brokenPage({
    fakeTimers: true,
    breaks: [{ on: 'open', how: 'request', error: 'UnknownError' }],
    proxy: REFUSING_FOR_AN_HOUR,
    async does({ page, site, standIn }) {
      await track(page, MEMORY, 'memory');
      await quiet(page);
      await setIndexedDbFaults(page);
      await page.clock.fastForward(31_000);
      await page.evaluate(() => {
        window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }));
      });
      await page.goto(`${site.origin}/blank`);
      await page.goBack({ waitUntil: 'commit' });
      expect(await page.evaluate(() => (window as unknown as { persisted?: boolean }).persisted)).toBe(true);
      await expect.poll(async () => recordsIn(await readLog(page))).toBeGreaterThan(0);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
      await track(page, ['New'], 'stored');

      await site.faults();
      await page.clock.fastForward(3_600_000);
      await deliver({ page, site });
      await expectAccount(page, standIn, { arrived: [...MEMORY, 'New'], told: 1 });
      // The lifeboat of a page that has come back must not bring its events a second time.
      await page.goto(`${site.origin}/next`);
      await flush(page);
    },
    account: { arrived: [...MEMORY, 'New'], delivered: 0, told: 1 },
  }));
