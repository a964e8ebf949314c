/** After a withdrawal no data is left. */
import type { Page } from 'playwright';
import { expect, stats, test, told, toldTimes } from '../support/site/fixtures.ts';
import { compressionBegun, goOnCompressing, holdCompression } from '../support/page/held-compression.ts';
import { addsUp } from '../support/page/in-page.ts';
import { numbered } from '../support/site/stand-in.ts';

const NOTHING = { cookie: '', local: [], session: [], databases: [] };
const traces = (page: Page): Promise<unknown> =>
  page.evaluate(async () => ({
    cookie: document.cookie,
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
  }));

const track = (page: Page, names: readonly string[]): Promise<readonly string[]> =>
  page.evaluate(
    async (all) =>
      (await Promise.all(all.map((name) => window.analytics.track(name)))).map(
        ({ state, reason }) => reason ?? state,
      ),
    names,
  );

test('deny() deletes everything, drops waiting events, and discards later ones', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  await page.evaluate(async () => {
    await window.analytics.identify('u1', { plan: 'pro' });
    await window.analytics.group('g1', { seats: 3 });
  });
  await track(page, numbered(5));
  await page.evaluate(() => window.analytics.consent.deny());
  await expect.poll(() => traces(page)).toEqual(NOTHING);
  expect(await track(page, ['Later'])).toEqual(['consent']);
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 8, delivered: 0, pending: 0, dropped: { consent: 8 } });
  expect(await told(page, 'consent')).toMatchObject([{ state: 'denied' }]);
  expect((await toldTimes(page, 'dropped', 8)).every(({ reason }) => reason === 'consent')).toBe(true);

  await site.faults();
  const before = (await site.batches()).length;
  await page.evaluate(() => {
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    return window.analytics.flush();
  });
  await page.goto(`${site.origin}/blank`);
  expect(await traces(page)).toEqual(NOTHING);
  expect((await site.batches()).length).toBe(before);
  expect(await standIn.names()).toEqual([]);
});

test('the request in flight is aborted', async ({ open, page, site, standIn }) => {
  await site.faults({ does: 'hang' });
  await open();
  const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/v1/batch'));
  const asked = page.waitForRequest('**/v1/batch');
  await track(page, numbered(3));
  await asked;
  await page.evaluate(() => window.analytics.consent.deny());
  expect((await failed).failure()?.errorText).toContain('ERR_ABORTED');
  await expect.poll(() => traces(page)).toEqual(NOTHING);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 3, pending: 0, dropped: { consent: 3 } });
  expect(await standIn.names()).toEqual([]);
});

test('a body that is being compressed is not sent', async ({ open, page, site, standIn }) => {
  await holdCompression(page);
  await open();
  await track(page, ['First']);
  // The first response tells the SDK that the proxy reads gzip.
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1 });
  await track(page, numbered(3));
  await compressionBegun(page);
  await page.evaluate(() => window.analytics.consent.deny());
  await goOnCompressing(page);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 4, delivered: 1, dropped: { consent: 3 } });
  await page.goto(`${site.origin}/blank`);
  expect(await site.batches()).toHaveLength(1);
  expect(await standIn.names()).toEqual(['First']);
});

test('deny() in the same task as a call: the call is not sent', async ({ open, page, standIn }) => {
  await open();
  const receipt = await page.evaluate(() => {
    const tracked = window.analytics.track('Last');
    window.analytics.consent.deny();
    return tracked;
  });
  await expect.poll(() => traces(page)).toEqual(NOTHING);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 1, pending: 0, dropped: { consent: 1 } });
  expect(receipt.state).not.toBe('held');
  expect(await standIn.names()).toEqual([]);
});

test('deny() reaches the other tabs, and none of them writes data again', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  const other = await context.newPage();
  await other.goto(`${site.origin}/other`);
  await track(other, ['Before']);
  await expect.poll(() => standIn.names()).toEqual(['Before']);
  await page.evaluate(() => window.analytics.consent.deny());
  await expect.poll(() => other.evaluate(() => window.analytics.consent.state)).toBe('denied');
  expect(await track(other, ['After'])).toEqual(['consent']);
  await expect.poll(() => traces(page)).toEqual(NOTHING);
  expect(await standIn.names()).toEqual(['Before']);
  expect(addsUp(await stats(other))).toBe(true);
});

test('grant() after deny(): a new visitor, and everything works', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate(() => window.analytics.identify('u1', { plan: 'pro' }));
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1 });
  await page.evaluate(() => window.analytics.consent.deny());
  await expect.poll(() => traces(page)).toEqual(NOTHING);
  await track(page, ['Between']);
  await page.evaluate(() => window.analytics.consent.grant());
  expect(await track(page, ['Again'])).toEqual(['stored']);
  await expect.poll(() => standIn.names()).toEqual(['identify', 'Again']);
  const [before, after] = await standIn.events();
  expect(after).not.toHaveProperty('userId');
  expect(after?.anonymousId).not.toBe(before?.anonymousId);
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 3, delivered: 2, pending: 0, dropped: { consent: 1 } });
});

test('grant() right after deny(), in one task: later events are not lost', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  await track(page, ['Before']);
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1 });
  const receipt = await page.evaluate(() => {
    window.analytics.consent.deny();
    window.analytics.consent.grant();
    return window.analytics.track('After');
  });
  expect(receipt.state).toBe('stored');
  await expect.poll(() => standIn.names()).toEqual(['Before', 'After']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
  expect(await page.evaluate(() => document.cookie)).toContain('ajs_anonymous_id');
});

test('listeners and plugins work again after deny() and grant()', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate(async () => {
    const heard: unknown[] = [];
    Object.assign(window, { heard });
    window.analytics.on('track', (name) => void heard.push(name));
    await window.analytics.register({
      name: 'marks',
      type: 'enrichment',
      version: '1',
      isLoaded: () => true,
      load: async () => undefined,
      track(context) {
        context.updateEvent('properties.seen', true);
        return context;
      },
    });
    window.analytics.consent.deny();
    window.analytics.consent.grant();
    await window.analytics.track('Again');
  });
  await expect.poll(() => standIn.names()).toEqual(['Again']);
  expect((await standIn.events())[0]?.properties).toEqual({ seen: true });
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard))
    .toEqual(['Again']);
});

test('consent: denied from the start: nothing is stored or sent', async ({ open, page, site }) => {
  await open('/shop', { consent: 'denied' });
  expect(await track(page, ['A'])).toEqual(['consent']);
  expect(await traces(page)).toEqual(NOTHING);
  expect(await site.batches()).toEqual([]);
});

test('data of other scripts of the page is not touched', async ({ open, page }) => {
  await open();
  await page.evaluate(() => {
    localStorage.setItem('cart', '[1]');
    document.cookie = 'session=mine; Path=/';
    const request = indexedDB.open('own-database');
    return new Promise((resolve) => request.addEventListener('success', resolve)).then(() =>
      request.result.close(),
    );
  });
  await track(page, ['A']);
  await page.evaluate(() => window.analytics.consent.deny());
  await expect
    .poll(() => traces(page))
    .toEqual({ cookie: 'session=mine', local: ['cart'], session: [], databases: ['own-database'] });
});
