/** Page views on pages whose canonical link does not change with the URL. */
import type { Page } from 'playwright';
import { expect, type Site, test } from '../support/site/fixtures.ts';
import { page as html } from '../support/site/site-pages.ts';
import { nameOf, type StandIn } from '../support/site/stand-in.ts';
import { visit, mark } from './page-views-setup.ts';

test.describe('a canonical link that stays as the app moves on', () => {
  const CANONICAL = 'https://shop.example.com/start';
  const open = async (page: Page, site: Site, options: object): Promise<void> => {
    const body = html('Start', '<script type="module" src="/app.js"></script>').replace(
      '</head>',
      `<link rel="canonical" href="${CANONICAL}"></head>`,
    );
    await site.page('/start', { body });
    await page.addInitScript((given) => {
      window.sdkOptions = given;
    }, options);
    await page.goto(`${site.origin}/start?size=40`);
  };
  const places = async (standIn: StandIn): Promise<readonly unknown[]> =>
    (await standIn.events()).map((event) => [
      nameOf(event),
      event.context.page['path'],
      event.context.page['url'],
    ]);

  test('is used for its own page only, and again when the app returns there', async ({
    page,
    site,
    standIn,
  }) => {
    await open(page, site, { pageViews: 'history' });
    await expect.poll(() => places(standIn)).toHaveLength(1);
    await visit(page, '/boots');
    await visit(page, '/tents?size=2');
    await page.goBack();
    await page.goBack();
    await mark(page);
    const { origin } = site;
    await expect
      .poll(() => places(standIn))
      .toEqual([
        ['page', '/start', `${CANONICAL}?size=40`],
        ['page', '/boots', `${origin}/boots`],
        ['page', '/tents', `${origin}/tents?size=2`],
        ['page', '/boots', `${origin}/boots`],
        ['page', '/start', `${CANONICAL}?size=40`],
        ['alias', '/start', `${CANONICAL}?size=40`],
      ]);
  });

  test('is not used for calls on other pages, but a new one is', async ({ page, site, standIn }) => {
    await open(page, site, {});
    await page.evaluate(async () => {
      history.pushState(null, '', '/boots');
      await window.analytics.page();
      await window.analytics.track('On boots');
      document.querySelector('link[rel=canonical]')?.setAttribute('href', 'https://shop.example.com/Boots');
      await window.analytics.track('With its own');
      history.pushState(null, '', '/boots?size=40');
      await window.analytics.track('In another size');
    });
    const { origin } = site;
    await expect
      .poll(() => places(standIn))
      .toEqual([
        ['page', '/boots', `${origin}/boots`],
        ['On boots', '/boots', `${origin}/boots`],
        ['With its own', '/Boots', 'https://shop.example.com/Boots'],
        ['In another size', '/Boots', 'https://shop.example.com/Boots?size=40'],
      ]);
  });

  test('is replaced by one that is set a moment after the URL', async ({ page, site, standIn }) => {
    await open(page, site, { pageViews: 'history' });
    await expect.poll(() => places(standIn)).toHaveLength(1);
    await page.evaluate(() => {
      history.pushState(null, '', '/b');
      setTimeout(() => {
        document.querySelector('link[rel=canonical]')?.setAttribute('href', '/boots');
        document.title = 'Boots';
      }, 20);
    });
    await expect.poll(() => places(standIn)).toHaveLength(2);
    await visit(page, '/tents');
    await mark(page);
    await expect
      .poll(async () => (await places(standIn)).map((place) => (place as readonly unknown[])[1]))
      .toEqual(['/start', '/boots', '/tents', '/tents']);
  });
});
