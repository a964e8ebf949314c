/**
 * Pages that are restored from the back/forward cache. Playwright disables that cache, which all visitors
 * have.
 */
import { expectArrival, expectStats } from '../support/site/arrival.ts';
import { trackStored } from '../support/page/calls.ts';
import { findChromium } from '../support/setup/chromium.ts';
import { expect, test, toldTimes } from '../support/site/fixtures.ts';
import { numbered } from '../support/site/stand-in.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

test('a page that has tracked is restored from the cache, and continues', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await page.evaluate(() => {
    window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }));
    return window.analytics.track('Before');
  });
  await expect.poll(() => standIn.names()).toEqual(['Before']);
  for (const name of numbered(3)) {
    await page.goto(`${site.origin}/blank`);
    await page.goBack({ waitUntil: 'commit' });
    expect(await page.evaluate(() => (window as unknown as { persisted?: boolean }).persisted)).toBe(true);
    expect(await page.evaluate((event) => window.analytics.track(event), name)).toMatchObject({
      state: 'stored',
    });
    await expect.poll(async () => (await standIn.names()).at(-1)).toBe(name);
  }
  expect(await standIn.names()).toEqual(['Before', ...numbered(3)]);
  await expectArrival(standIn, { names: ['Before', ...numbered(3)], page });
  await expectStats(page, { tracked: 4, delivered: 4 });
});

test('events that were not stored when the page left arrive exactly once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await page.evaluate(() => {
    for (let i = 1; i <= 20; i++) void window.analytics.track(`Event ${i}`);
    location.href = '/blank';
  });
  await page.waitForURL('**/blank');
  await page.goBack({ waitUntil: 'commit' });
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(async () => (await standIn.account(numbered(20))).lost).toBe(0);
  await expectStats(page, { tracked: 20, delivered: 20 });
  await expectArrival(standIn, { names: numbered(20), page });
  await page.goto(`${site.origin}/next`);
  await page.evaluate(() => window.analytics.flush());
  await expectStats(page, { tracked: 0, delivered: 0 });
  await expectArrival(standIn, { names: numbered(20), page });
});

test('a page in the cache sends nothing, and the next page sends', async ({ open, page, site, standIn }) => {
  await site.faults({ does: 'cut' });
  await open();
  await trackStored(page, numbered(3));
  await toldTimes(page, 'retrying');
  await page.goto(`${site.origin}/next`);
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expectArrival(standIn, { names: numbered(3), page });
  await page.goBack({ waitUntil: 'commit' });
  await expectStats(page, { tracked: 3, delivered: 3 });
  await expectArrival(standIn, { names: numbered(3), page });
});

test('with the proxy down, a page with waiting events can enter the cache, too', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  await page.evaluate(() => {
    window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }));
    return window.analytics.track('Waits');
  });
  await page.goto(`${site.origin}/blank`);
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => (window as unknown as { persisted?: boolean }).persisted)).toBe(true);
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expectArrival(standIn, { names: ['Waits'], page });
  await expectStats(page, { tracked: 1, delivered: 1 });
});

for (const pageViews of ['load', 'history'] as const) {
  test(`with page views by ${pageViews}, a restored page is one more page view`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await open('/shop', { pageViews });
    await page.evaluate(() =>
      window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted })),
    );
    // The file that detects a restored page must have been loaded.
    await expect
      .poll(() => page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name)))
      .toContain(`${site.origin}/dist/cio-pages.js`);
    await expect.poll(() => standIn.names()).toEqual(['page']);
    for (const times of [2, 3]) {
      const left = Date.now();
      await page.goto(`${site.origin}/blank`);
      await page.goBack({ waitUntil: 'commit' });
      expect(await page.evaluate(() => (window as unknown as { persisted?: boolean }).persisted)).toBe(true);
      await page.evaluate(() => window.analytics.track('After'));
      await expect
        .poll(async () => (await standIn.names()).filter((name) => name === 'After'))
        .toHaveLength(times - 1);
      const views = (await standIn.events()).filter(({ type }) => type === 'page');
      expect(views).toHaveLength(times);
      expect(views.at(-1)?.context.page).toMatchObject({ title: 'Shop', path: '/shop', referrer: '' });
      expect(Date.parse(views.at(-1)?.timestamp ?? '')).toBeGreaterThanOrEqual(left);
    }
  });
}
