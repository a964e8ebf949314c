/** Page views for each kind of navigation by the History API and the Navigation API. */
import type { Page } from 'playwright';
import { expect, stats, test } from '../support/site/fixtures.ts';
import { addsUp } from '../support/page/in-page.ts';
import { nameOf } from '../support/site/stand-in.ts';
import { views, visit, mark } from './page-views-setup.ts';

const NAVIGATIONS = {
  'with the Navigation API': async (): Promise<void> => undefined,
  'without it': (page: Page): Promise<unknown> =>
    page.addInitScript(() => Object.defineProperty(window, 'navigation', { value: undefined })),
};

for (const [how, prepare] of Object.entries(NAVIGATIONS)) {
  test.describe(`history, ${how}`, () => {
    test.beforeEach(({ page }) => prepare(page));

    test('each new URL is one view, with its own title, and going back is a new view', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history' });
      await expect.poll(() => views(standIn)).toEqual([['Shop', '/shop', '']]);
      await visit(page, '/boots?size=40');
      await visit(page, '/tents');
      await page.goBack();
      await page.evaluate(() => void (document.title = 'Boots again'));
      await mark(page);
      const origin = site.origin;
      const expected = [
        ['Shop', '/shop', ''],
        ['/boots?size=40', '/boots', `${origin}/shop`],
        ['/tents', '/tents', `${origin}/boots?size=40`],
        ['Boots again', '/boots', `${origin}/tents`],
      ];
      await expect.poll(() => views(standIn)).toEqual(expected);
      const [, boots] = await standIn.events();
      expect(boots?.properties).toMatchObject({ search: '?size=40', url: `${origin}/boots?size=40` });
      await expect.poll(async () => addsUp(await stats(page))).toBe(true);
    });

    test('the same URL again is no view: pushed twice, replaced, another state, another hash', async ({
      open,
      page,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history' });
      await page.evaluate(() => {
        history.replaceState({ scroll: 10 }, '');
        history.pushState(null, '', '/boots');
        history.pushState(null, '', '/boots');
        history.replaceState({ scroll: 20 }, '', '/boots');
        history.pushState(null, '', '/boots#sizes');
        location.hash = 'colours';
      });
      await mark(page);
      await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['page', 'page', 'alias']);
      expect((await views(standIn)).map(([, path]) => path)).toEqual(['/shop', '/boots']);
    });

    test('with `hash` another hash is another page', async ({ open, page, site, standIn }) => {
      await open('/shop', { pageViews: { mode: 'history', hash: true } });
      for (const hash of ['#/boots', '#/tents', '#/tents']) {
        await page.evaluate((to) => void (location.hash = to), hash);
        await page.evaluate((title) => void (document.title = title), hash);
      }
      await page.goBack();
      await mark(page);
      await expect
        .poll(async () =>
          (await standIn.events()).map(({ type, properties }) => type === 'page' && properties?.['url']),
        )
        .toEqual([
          `${site.origin}/shop`,
          `${site.origin}/shop#/boots`,
          `${site.origin}/shop#/tents`,
          `${site.origin}/shop#/boots`,
          false,
        ]);
      expect((await views(standIn))[2]?.[2]).toBe(`${site.origin}/shop#/boots`);
    });

    for (const [name, option, views] of [
      ['by default each letter is a page', {}, ['/shop', '/search', '/search?q=b', '/search?q=bo', '/boots']],
      ['`search: false` looks at the path alone', { search: false }, ['/shop', '/search', '/boots']],
      [
        '`replace: false` leaves out what takes the place',
        { replace: false },
        ['/shop', '/search', '/boots'],
      ],
    ] as const)
      test(`search-as-you-type: ${name}`, async ({ open, page, site, standIn }) => {
        await open('/shop', { pageViews: { mode: 'history', ...option } });
        await visit(page, '/search');
        await page.evaluate(() => {
          void window.analytics.alias('searching');
          for (const letters of ['b', 'bo']) history.replaceState(null, '', `?q=${letters}`);
          void window.analytics.track('Searched');
          history.pushState(null, '', '/boots');
        });
        await mark(page);
        const told = async (): Promise<readonly unknown[]> =>
          (await standIn.events())
            .filter(({ type }) => type === 'page')
            .map(({ properties }) => String(properties?.['url']).replace(site.origin, ''));
        await expect.poll(told).toEqual(views);
        const events = await standIn.events();
        const searched = events.find(({ event }) => event === 'Searched');
        expect(searched?.context.page['url']).toBe(`${site.origin}/search?q=bo`);
        const [boots] = events.filter(({ type }) => type === 'page').slice(-1);
        expect(boots?.properties?.['referrer']).toBe(`${site.origin}/search?q=bo`);
      });

    test('`replace: false`: a router that redirects at once makes one view, of the target', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await open('/shop', { pageViews: { mode: 'history', replace: false } });
      await expect.poll(() => views(standIn)).toHaveLength(1);
      await page.evaluate(() => {
        history.pushState(null, '', '/account');
        history.replaceState(null, '', '/sign-in');
        document.title = 'Sign in';
      });
      await expect
        .poll(() => views(standIn))
        .toEqual([
          ['Shop', '/shop', ''],
          ['Sign in', '/sign-in', `${site.origin}/shop`],
        ]);
    });

    test('a closed instance makes no more views, and restores the history functions', async ({
      open,
      page,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history' });
      await expect.poll(() => views(standIn)).toHaveLength(1);
      const isOriginal = await page.evaluate(() => {
        history.pushState(null, '', '/boots');
        window.analytics.close();
        history.pushState(null, '', '/tents');
        return [history.pushState, history.replaceState].every((each) =>
          String(each).includes('[native code]'),
        );
      });
      expect(isOriginal).toBe(true);
      await page.evaluate(() => {
        window.analytics = window.createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
      });
      await mark(page);
      await expect
        .poll(async () =>
          (await standIn.events()).map((event) => [nameOf(event), event.context.page['path']]),
        )
        .toEqual([
          ['page', '/shop'],
          ['page', '/boots'],
          ['alias', '/tents'],
        ]);
    });

    test('pages that were visited while consent was pending are sent after the grant, in call order', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history', consent: 'pending' });
      await page.evaluate(() => void window.analytics.track('A'));
      await visit(page, '/boots');
      await page.evaluate(() => void window.analytics.track('B'));
      await visit(page, '/tents');
      const granted = await page.evaluate(() => {
        const at = Date.now();
        window.analytics.consent.grant();
        return at;
      });
      await mark(page);
      const names = async (): Promise<readonly unknown[]> =>
        (await standIn.events()).map((event) => [
          nameOf(event),
          event.context.page['title'],
          event.context.page['path'],
        ]);
      const expected = [
        ['page', 'Shop', '/shop'],
        ['A', 'Shop', '/shop'],
        ['page', '/boots', '/boots'],
        ['B', '/boots', '/boots'],
        ['page', '/tents', '/tents'],
        ['alias', '/tents', '/tents'],
      ];
      await expect.poll(names).toEqual(expected);
      const events = await standIn.events();
      const times = events.map(({ timestamp }) => Date.parse(timestamp));
      expect(times).toEqual([...times].sort((one, other) => one - other));
      expect(times[0]).toBeLessThan(granted);
      expect(events[4]?.context.page['referrer']).toBe(`${site.origin}/boots`);
    });
  });
}
