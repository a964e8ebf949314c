/** Pages that come back from the back/forward cache. Playwright switches it off; every visitor has it. */
import { findChromium } from '../support/chromium.ts';
import { expect, stats, test } from '../support/fixtures.ts';
import { numbered } from '../support/stand-in.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

test('a page that has tracked comes back whole, and goes on', async ({ open, page, site, standIn }) => {
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
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 4, delivered: 4, pending: 0 });
});

test('events that were not stored when the page left arrive once in the end', async ({
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
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: 20, pending: 0 });
  const events = await standIn.events();
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(20);
  await page.goto(`${site.origin}/next`);
  await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
  expect((await standIn.events()).length).toBe(events.length);
});

test('a page in the cache does not send, and the page after it does', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  await page.evaluate(() => Promise.all([1, 2, 3].map((i) => window.analytics.track(`Event ${i}`))));
  await page.goto(`${site.origin}/next`);
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => standIn.account(numbered(3))).toEqual({ delivered: 3, lost: 0, duplicated: 0 });
  await page.goBack({ waitUntil: 'commit' });
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
  expect(await standIn.account(numbered(3))).toEqual({ delivered: 3, lost: 0, duplicated: 0 });
});

test('with the proxy down, a page with waiting events is let into the cache too', async ({
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
  await expect.poll(() => standIn.account(['Waits'])).toEqual({ delivered: 1, lost: 0, duplicated: 0 });
});
