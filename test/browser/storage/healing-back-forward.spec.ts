/** IndexedDB works again when a page comes back from the back/forward cache. Playwright switches that off; every visitor has it. */
import { findChromium } from '../../support/setup/chromium.ts';
import { expect, stats, test } from '../../support/site/fixtures.ts';
import { breakIndexedDb, setIndexedDbFaults } from '../../support/page/indexeddb-faults.ts';
import { readLog, recordsIn } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, quiet, track } from './setup.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

test('as the page comes back, without a call: 5 in memory are stored, 6 of 6 delivered once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await breakIndexedDb(page, { on: 'open', how: 'request', error: 'UnknownError' });
  await site.faults({ does: { status: 503, headers: { 'Retry-After': '3600' } } });
  await open();
  expect(await track(page, numbered(5))).toEqual(numbered(5).map(() => 'memory'));
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
  expect(await track(page, ['New'])).toEqual(['stored']);

  await site.faults();
  await page.clock.fastForward(3_600_000);
  await flush(page);
  await expect.poll(() => standIn.account([...numbered(5), 'New'])).toEqual(once(6));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
  // Nor does the lifeboat of a page that has come back bring anything a second time.
  await page.goto(`${site.origin}/next`);
  await flush(page);
  expect(await standIn.account([...numbered(5), 'New'])).toEqual(once(6));
});
