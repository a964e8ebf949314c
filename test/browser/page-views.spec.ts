/** Page views that the SDK makes automatically: settings, titles, identity and consent. Tests with frameworks: test/browser/apps. */
import { expect, stats, test, toldTimes } from '../support/site/fixtures.ts';
import { page as html, tagPage } from '../support/site/site-pages.ts';
import { nameOf } from '../support/site/stand-in.ts';
import { views, visit, mark } from './page-views-setup.ts';

test('manual, as by default: no view is made, and nothing is loaded', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await visit(page, '/boots');
  await mark(page);
  await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['alias']);
  expect((await site.hits()).join()).not.toContain('pages');
});

test('load: one view, of the page that was loaded', async ({ open, page, standIn }) => {
  await open('/shop', { pageViews: 'load' });
  await visit(page, '/boots');
  await mark(page);
  await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['page', 'alias']);
  expect(await views(standIn)).toEqual([['Shop', '/shop', '']]);
});

test('the script tag has it as an attribute', async ({ page, site, standIn }) => {
  await site.page('/tag', tagPage('data-page-views="history"'));
  await page.goto(`${site.origin}/tag`);
  await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
  await visit(page, '/boots');
  await expect
    .poll(() => views(standIn))
    .toEqual([
      ['Tag', '/tag', ''],
      ['/boots', '/boots', `${site.origin}/tag`],
    ]);
  expect(await site.hits()).toContain('GET /e/cio-pages.js');
});

test('a view has the time of its navigation, and the title and canonical URL that came later', async ({
  open,
  page,
  standIn,
}) => {
  await open('/shop', { pageViews: 'history' });
  await expect.poll(() => views(standIn)).toHaveLength(1);
  const before = await page.evaluate(() => {
    const link = document.createElement('link');
    link.rel = 'canonical';
    link.setAttribute('href', 'https://shop.example.com/boots');
    history.pushState(null, '', '/b');
    const at = Date.now();
    setTimeout(() => {
      document.title = 'Loading';
      setTimeout(() => {
        document.title = 'Boots';
        document.head.append(link);
      }, 60);
    }, 300);
    return at;
  });
  await expect.poll(() => views(standIn)).toHaveLength(2);
  const event = (await standIn.events())[1];
  expect(event?.properties).toMatchObject({
    title: 'Boots',
    url: 'https://shop.example.com/boots',
    path: '/boots',
  });
  expect(Date.parse(event?.timestamp ?? '')).toBeLessThanOrEqual(before);
});

test('a page that is left before its title has settled still makes a view', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open('/shop', { pageViews: 'history' });
  await expect.poll(() => views(standIn)).toHaveLength(1);
  await page.evaluate(() => {
    history.pushState(null, '', '/boots');
    document.title = 'Boots';
    location.href = '/blank';
  });
  await page.waitForURL('**/blank');
  await page.goto(`${site.origin}/next`);
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => views(standIn)).toContainEqual(['Boots', '/boots', `${site.origin}/shop`]);
});

test('a page that is left before the file has loaded still makes a view', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.route('**/cio-pages.js', () => new Promise(() => undefined));
  await open('/shop', { pageViews: 'history' });
  await page.waitForFunction(() => 'analytics' in window);
  await page.goto(`${site.origin}/blank`);
  await page.unroute('**/cio-pages.js');
  await open('/next', { pageViews: 'manual' });
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => views(standIn)).toContainEqual(['Shop', '/shop', '']);
});

/**
 * The id has the form of the SDK's own ids: with a client key alone, the proxy refuses to merge other ids.
 */
const OTHER_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

test('a view belongs to the person who has seen the page, although its title changed after another person signed in', async ({
  open,
  page,
  standIn,
}) => {
  await open('/shop', { pageViews: 'history' });
  await page.evaluate((id) => {
    history.pushState(null, '', '/account');
    void window.analytics.identify('u1');
    history.pushState(null, '', '/goodbye');
    window.analytics.anonymize();
    history.pushState(null, '', '/');
    window.analytics.setAnonymousId(id);
  }, OTHER_ID);
  await mark(page);
  await expect
    .poll(async () => (await standIn.events()).map((event) => [event.context.page['path'], event.userId]))
    .toEqual([
      ['/shop', undefined],
      ['/account', undefined],
      ['/account', 'u1'],
      ['/goodbye', 'u1'],
      ['/', undefined],
      ['/', 'somebody'],
    ]);
  const [shop, , , goodbye, start, last] = await standIn.events();
  expect(goodbye?.anonymousId).toBe(shop?.anonymousId);
  expect([shop?.anonymousId, OTHER_ID]).not.toContain(start?.anonymousId);
  expect(last?.anonymousId).toBe(OTHER_ID);
});

test.describe('consent', () => {
  test('pending: nothing is requested and nothing stored, whatever is visited', async ({
    open,
    page,
    site,
  }) => {
    await open('/shop', { pageViews: 'history', consent: 'pending' });
    await visit(page, '/boots');
    await visit(page, '/tents');
    expect(await site.hits()).toEqual(['GET /shop', 'GET /app.js', 'GET /dist/index.js']);
    expect(await site.batches()).toEqual([]);
    const kept = await page.evaluate(async () => [
      document.cookie,
      Object.keys(localStorage),
      await indexedDB.databases(),
    ]);
    expect(kept).toEqual(['', [], []]);
  });

  test('denied: nothing is recorded, and pages from before are not sent after a later grant', async ({
    open,
    page,
    standIn,
  }) => {
    await open('/shop', { pageViews: 'history', consent: 'pending' });
    await visit(page, '/boots');
    await page.evaluate(() => window.analytics.consent.deny());
    await visit(page, '/tents');
    expect(await stats(page)).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 2 } });
    await page.evaluate(() => window.analytics.consent.grant());
    await visit(page, '/cart');
    await mark(page);
    await expect
      .poll(async () => (await views(standIn)).map(([title, path]) => [title, path]))
      .toEqual([
        ['/tents', '/tents'],
        ['/cart', '/cart'],
      ]);
  });

  test('withdrawn: a view that waits for its title is dropped', async ({ open, page, standIn }) => {
    await open('/shop', { pageViews: 'history' });
    await expect.poll(() => views(standIn)).toHaveLength(1);
    await page.evaluate(() => {
      history.pushState(null, '', '/boots');
      window.analytics.consent.deny();
      history.pushState(null, '', '/tents');
      window.analytics.close();
    });
    expect((await stats(page)).dropped.consent).toBe(1);
    expect(await views(standIn)).toHaveLength(1);
  });
});

test('the file cannot be loaded: an error is emitted, and views are made at once', async ({
  open,
  page,
  standIn,
}) => {
  await page.route('**/cio-pages.js', (route) => route.fulfill({ status: 404, body: '' }));
  await open('/shop', { pageViews: 'history' });
  expect(await toldTimes(page, 'error')).toMatchObject([{ code: 'plugin-failed', message: 'Page views' }]);
  await visit(page, '/boots');
  await expect.poll(async () => (await views(standIn)).map(([, path]) => path)).toEqual(['/shop', '/boots']);
});

test('a prerendered page makes a view when it is shown', async ({ open, page, standIn }) => {
  await page.addInitScript(() =>
    Object.defineProperty(document, 'prerendering', { value: true, configurable: true }),
  );
  await open('/shop', { pageViews: 'load' });
  await mark(page);
  await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['alias']);
  const shown = await page.evaluate(() => {
    Object.defineProperty(document, 'prerendering', { value: false });
    const at = Date.now();
    document.dispatchEvent(new Event('prerenderingchange'));
    return at;
  });
  await expect.poll(() => views(standIn)).toEqual([['Shop', '/shop', '']]);
  expect(Date.parse((await standIn.events())[1]?.timestamp ?? '')).toBeGreaterThanOrEqual(shown);
});

test('`manual` page() calls work in addition', async ({ page, site, standIn }) => {
  await site.page('/both', {
    body: html('Both', '<script type="module" src="/app.js"></script>'),
  });
  await page.addInitScript(() => {
    window.sdkOptions = { pageViews: 'load' };
  });
  await page.goto(`${site.origin}/both`);
  await page.evaluate(() => window.analytics.page('By hand'));
  await expect.poll(() => standIn.names()).toEqual(['page', 'By hand']);
});
