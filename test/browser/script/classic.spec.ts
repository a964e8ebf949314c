/** The global `_cio` of Customer.io's classic snippet: `cio.js` takes it over. */
import type { Page } from 'playwright';
import { expectArrival } from '../../support/site/arrival.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { snippet } from '../../support/build/snippet.ts';
import { nameOf } from '../../support/site/stand-in.ts';

type ClassicMethod = (...args: readonly unknown[]) => unknown;
type Classic = Record<'identify' | 'sidentify' | 'track' | 'page' | 'on' | 'off' | 'load', ClassicMethod>;
declare global {
  interface Window {
    _cio: Classic & { push(call: readonly unknown[]): unknown };
  }
}

/** The queue of the classic snippet: methods that push the name of the method and its arguments. */
const CLASSIC = `<script>
  var _cio = _cio || [];
  ['load', 'identify', 'sidentify', 'track', 'page', 'on', 'off'].forEach(function (name) {
    _cio[name] = function () { _cio.push([name].concat(Array.prototype.slice.call(arguments, 0))); };
  });
</script>`;

const TAG = snippet('--no-integrity');
const untilLoaded = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');

test('the calls of the queue are made in their order, after those of cioanalytics, and later ones at once', async ({
  page,
  site,
  standIn,
}) => {
  const calls = `<script>
    _cio.load('site-id', {});
    _cio.identify({ id: 'u1', email: 'ann@example.com', plan: 'pro' });
    _cio.track('purchase', { price: '13.99' });
    _cio.page('https://shop.example.com/boots', { colour: 'red' });
    _cio.sidentify({ id: 'u1', plan: 'free' });
    _cio.on('track', function (name) { window.heard = (window.heard || []).concat(name); });
    _cio.push(['track', 'pushed']);
    cioanalytics.track('of cioanalytics');
  </script>`;
  await site.page('/classic', { body: html('Classic', CLASSIC + TAG + calls) });
  await page.goto(`${site.origin}/classic`);
  await untilLoaded(page);
  await page.evaluate(() => {
    window._cio.track('live', { n: 1 });
    window._cio.identify({ plan: 'team' });
    window._cio.push(['track', 'pushed live']);
    window._cio.off('track', () => {});
    window._cio.load('site-id');
  });
  await expect
    .poll(async () => (await standIn.events()).map(nameOf))
    .toEqual([
      'of cioanalytics',
      'identify',
      'purchase',
      'https://shop.example.com/boots',
      'identify',
      'pushed',
      'live',
      'identify',
      'pushed live',
    ]);
  const [first, identify, purchase, view, again, , live, traits] = await standIn.events();
  expect(first?.userId).toBeUndefined();
  expect(identify).toMatchObject({ userId: 'u1' });
  expect(identify?.traits).toEqual({ email: 'ann@example.com', plan: 'pro' });
  expect(purchase).toMatchObject({ userId: 'u1', properties: { price: '13.99' } });
  expect(view?.properties).toMatchObject({ colour: 'red' });
  expect(again?.traits).toEqual({ email: 'ann@example.com', plan: 'free' });
  expect(live).toMatchObject({ userId: 'u1', properties: { n: 1 } });
  expect(traits).toMatchObject({ userId: 'u1', traits: { plan: 'team' } });
  expect(await page.evaluate('window.heard')).toContain('live');
});

test('an array without methods is enough, and has them afterwards', async ({ page, site, standIn }) => {
  const queue = `<script>window._cio = [['identify', { id: 7 }], ['track', 'A'], 'nonsense', null, ['unknown']];</script>`;
  await site.page('/classic', { body: html('Classic', queue + TAG) });
  await page.goto(`${site.origin}/classic`);
  await untilLoaded(page);
  await page.evaluate(() => window._cio.track('B'));
  await expect.poll(() => standIn.names()).toEqual(['identify', 'A', 'B']);
  expect((await standIn.events()).map(({ userId }) => userId)).toEqual(['7', '7', '7']);
});

test('consent holds the calls, those that are made later too, with their own time and page', async ({
  page,
  site,
  standIn,
}) => {
  const pending = snippet('--no-integrity', '--consent', 'pending');
  const calls = `<script>_cio.track('Before');</script>`;
  await site.page('/classic', { body: html('Classic', CLASSIC + pending + calls) });
  await page.goto(`${site.origin}/classic`);
  await untilLoaded(page);
  await page.evaluate(() => {
    window._cio.track('After');
    history.pushState(null, '', '/later');
  });
  expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, '']);
  expect(await site.batches()).toEqual([]);
  await page.evaluate(() => window.cioanalytics.consent.grant());
  await expectArrival(standIn, { names: ['Before', 'After'] });
  for (const event of await standIn.events()) expect(event.context.page['path']).toBe('/classic');
});

test('denied consent drops the calls', async ({ page, site, standIn }) => {
  const denied = snippet('--no-integrity', '--consent', 'denied');
  await site.page('/classic', {
    body: html('Classic', `${CLASSIC}${denied}<script>_cio.track('A');</script>`),
  });
  await page.goto(`${site.origin}/classic`);
  await untilLoaded(page);
  const dropped = await page.evaluate(() => {
    window._cio.track('B');
    const { dropped } = window.cioanalytics.stats();
    window.cioanalytics.consent.grant();
    return dropped.consent;
  });
  expect(dropped).toBe(2);
  await page.evaluate(() => window.cioanalytics.track('C'));
  await expect.poll(() => standIn.names()).toEqual(['C']);
});

test('wrong arguments do not reach the page', async ({ page, site, standIn }) => {
  await site.page('/classic', { body: html('Classic', CLASSIC + TAG) });
  await page.goto(`${site.origin}/classic`);
  await untilLoaded(page);
  await page.evaluate(() => {
    window._cio.identify();
    window._cio.identify(null);
    window._cio.identify({ id: 'u1' });
    window._cio.track();
    window._cio.track('A');
  });
  await expect.poll(() => standIn.names()).toEqual(['identify', 'identify', 'identify', 'A']);
});

test('where the script makes no instance, the queue stays until the page makes one', async ({
  page,
  site,
  standIn,
}) => {
  await site.page('/classic', { body: html('Classic', `${CLASSIC}<script src="/e/cio.js"></script>`) });
  await page.goto(`${site.origin}/classic`);
  await page.evaluate(() => {
    window._cio.track('A');
    const { createAnalytics } = window.cioanalytics as unknown as { createAnalytics(options: object): void };
    createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
    window._cio.track('B');
  });
  await expect.poll(() => standIn.names()).toEqual(['A', 'B']);
});

test('a snippet that runs once more, with another person: its calls are made once', async ({
  page,
  site,
  standIn,
}) => {
  await site.page('/classic', { body: html('Classic', CLASSIC + TAG) });
  await page.goto(`${site.origin}/classic`);
  await untilLoaded(page);
  await page.evaluate((code) => {
    window._cio.track('A');
    const script = document.createElement('script');
    script.text = code.replace(/<\/?script>/g, '');
    document.head.append(script);
    window._cio.identify({ id: 'u1', plan: 'pro' });
    window._cio.track('B');
    window._cio.push(['track', 'C']);
  }, CLASSIC);
  await expect.poll(() => standIn.names()).toEqual(['A', 'identify', 'B', 'C']);
  const [, identify] = await standIn.events();
  expect(identify).toMatchObject({ userId: 'u1', traits: { plan: 'pro' } });
});

test('a page without _cio gets none', async ({ page, site }) => {
  await site.page('/tag', { body: html('Tag', TAG) });
  await page.goto(`${site.origin}/tag`);
  await untilLoaded(page);
  expect(await page.evaluate(() => '_cio' in window)).toBe(false);
});
