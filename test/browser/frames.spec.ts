/**
 * Frames with the SDK: a silent sign-in loads the whole app again in a hidden frame, which ends with its
 * page.
 */
import type { Page } from 'playwright';
import { expect, test } from '../support/site/fixtures.ts';
import { page as html } from '../support/site/site-pages.ts';
import { nameOf, type StandIn } from '../support/site/stand-in.ts';

const paths = async (standIn: StandIn): Promise<readonly unknown[]> =>
  (await standIn.events()).map((event) => [nameOf(event), event.context.page['path']]);

/** Adds a frame of this site to the page, and waits for the SDK in it. */
const embed = (page: Page, path: string): Promise<void> =>
  page.evaluate(
    (src) =>
      new Promise<void>((resolve) => {
        const frame = Object.assign(document.createElement('iframe'), { src, hidden: true });
        const look = (): unknown => (frame.contentWindow?.analytics ? resolve() : setTimeout(look, 20));
        document.body.append(frame);
        look();
      }),
    path,
  );

const inFrame = (page: Page, name: string): Promise<unknown> =>
  page.evaluate(
    (event) => (window.frames[0] as unknown as Window).analytics.track(event).then(({ state }) => state),
    name,
  );

const leave = (page: Page, last: string): Promise<void> =>
  page
    .evaluate((name) => {
      void window.analytics.track(name);
      location.href = '/blank';
    }, last)
    .then(() => page.waitForURL('**/blank'));

test('does not become the leader before its page: the last event is sent when the page leaves', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  await page.evaluate(() => window.analytics.track('First'));
  await expect.poll(() => standIn.names()).toEqual(['First']);
  await embed(page, '/silent');
  await page.evaluate(() => window.analytics.track('Second'));
  await expect.poll(() => standIn.names()).toEqual(['First', 'Second']);
  await leave(page, 'Last');
  await expect.poll(() => standIn.names()).toEqual(['First', 'Second', 'Last']);
});

test('that loaded before the SDK of its page lets the page become the leader', async ({
  page,
  site,
  standIn,
}) => {
  await page.goto(`${site.origin}/blank`);
  await embed(page, '/silent');
  expect(await inFrame(page, 'Of the frame')).toBe('stored');
  await expect.poll(() => standIn.names()).toEqual(['Of the frame']);
  await page.addScriptTag({ url: '/app.js', type: 'module' });
  await page.waitForFunction(() => 'analytics' in window);
  await page.evaluate(() => window.analytics.track('Of the page'));
  await expect.poll(() => standIn.names()).toEqual(['Of the frame', 'Of the page']);
  await leave(page, 'Last');
  await expect.poll(() => standIn.names()).toEqual(['Of the frame', 'Of the page', 'Last']);
});

test('of a page without the SDK sends by itself, also its last events', async ({ page, site, standIn }) => {
  await page.goto(`${site.origin}/blank`);
  await embed(page, '/widget');
  await inFrame(page, 'First');
  await expect.poll(() => standIn.names()).toEqual(['First']);
  await page.evaluate(() => {
    void (window.frames[0] as unknown as Window).analytics.track('Last');
    location.href = '/blank?left';
  });
  await expect.poll(() => standIn.names()).toEqual(['First', 'Last']);
});

test('becomes the leader when the leading page has ended', async ({ context, open, page, site, standIn }) => {
  await open();
  const other = await context.newPage();
  await other.goto(`${site.origin}/blank`);
  await embed(other, '/widget');
  await page.close();
  await inFrame(other, 'After it');
  await expect.poll(() => standIn.names()).toEqual(['After it']);
});

test('stores events that the page sends', async ({ open, page, site, standIn }) => {
  await open();
  await embed(page, '/silent');
  expect(await inFrame(page, 'Of the frame')).toBe('stored');
  await expect.poll(() => standIn.names()).toEqual(['Of the frame']);
  await expect.poll(async () => (await site.batches()).length).toBe(1);
});

for (const pageViews of ['load', 'history'] as const)
  test(`makes no page view of its own (${pageViews}), and its calls are sent`, async ({
    open,
    page,
    standIn,
  }) => {
    await open('/shop', { pageViews });
    await expect.poll(() => paths(standIn)).toEqual([['page', '/shop']]);
    await embed(page, '/silent');
    await page.evaluate(() => window.frames[0]?.history.pushState(null, '', '/signed-in'));
    await inFrame(page, 'Of the frame');
    await page.evaluate(() => window.analytics.alias('somebody'));
    await expect
      .poll(() => paths(standIn))
      .toEqual([
        ['page', '/shop'],
        ['Of the frame', '/signed-in'],
        ['alias', '/shop'],
      ]);
  });

test('on a page of another origin works as a page of its own', async ({ page, site, standIn }) => {
  await page.addInitScript(() => {
    window.sdkOptions = { pageViews: 'history' };
  });
  const app = site.origin.replace('localhost', 'app.localhost');
  await site.page('/portal', { body: html('Portal', `<iframe src="${app}/app"></iframe>`) });
  await page.goto(`${site.origin}/portal`);
  await expect.poll(() => paths(standIn)).toEqual([['page', '/app']]);
});
