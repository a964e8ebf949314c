/** 200 with a web page where the proxy should be: a single-page app's fallback, an offline page. Nothing has arrived. */
import { trackAll } from '../../support/page/calls.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { expect, impatient, type Site } from '../../support/site/fixtures.ts';
import { errorsOf, untilJudged, warningsOf, webPage } from '../../support/site/fronts.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

/** The POST requests that the site has answered itself, in place of the proxy. */
const postCount = async (site: Site): Promise<number> =>
  (await site.hits()).filter((hit) => hit.startsWith('POST')).length;

test('a single-page app answers every path: one error, and nothing is lost', async ({ shop }) => {
  const { page, site } = shop;
  await impatient(page);
  // The site serves its pages below the prefix of the proxy.
  await site.change({ basePath: '/not-yet' });
  await shop.open();
  await shop.track(numbered(5));
  await shop.untilTold('retrying');
  await shop.expectAccount({ pending: 5 });
  await expect.poll(() => postCount(site)).toBeGreaterThanOrEqual(4);
  await shop.expectTold({
    delivered: [],
    error: [{ code: 'not-a-proxy', message: expect.stringContaining('/e/v1/batch') }],
  });

  await site.change({ basePath: '/e' });
  await shop.flush();
  await shop.expectAccount();
});

test('a page that is left meanwhile: its last request is no delivery either', async ({ shop }) => {
  test.setTimeout(60_000);
  const { page, site, standIn } = shop;
  await site.change({ basePath: '/not-yet' });
  await shop.goTo('/shop');
  await trackAndLeave(page, numbered(5), '/next');
  await expect.poll(() => postCount(site)).toBe(1);
  await site.change({ basePath: '/e' });
  await expectArrival(standIn, { names: numbered(5), page });
  await expectStats(page, { tracked: 5, delivered: 5 });
});

for (const { type, delivered, errors } of [
  { type: 'text/html', delivered: 0, errors: 1 },
  { type: 'TEXT/HTML;charset=utf-8', delivered: 0, errors: 1 },
  { type: 'application/json', delivered: 5, errors: 0 },
  { type: 'text/plain', delivered: 5, errors: 0 },
]) {
  test(`200 of the type ${type} is ${delivered ? 'a' : 'no'} delivery`, async ({ shop }) => {
    const { page, site } = shop;
    await site.faults({ does: { ...webPage(200), headers: { 'Content-Type': type } } });
    await shop.open();
    await shop.track(numbered(5));
    await untilJudged(page);
    await shop.expectAccount({ arrived: [], delivered, pending: 5 - delivered });
    expect(await errorsOf(page, 'not-a-proxy')).toHaveLength(errors);
  });
}

test('a page without listeners: one warning on the console, which names the URL', async ({ shop }) => {
  const { page, site } = shop;
  await impatient(page);
  const warnings = warningsOf(page);
  await site.faults({ does: webPage(200) });
  await shop.openWithoutListeners();
  await trackAll(page, numbered(5));
  await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(4);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('/e/v1/batch');
});

/** Answers everything with its offline page until a message says that the network is back. */
const WORKER = `
  let isOffline = true;
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
  addEventListener('message', () => (isOffline = false));
  addEventListener('fetch', (event) => {
    if (!isOffline) return;
    const headers = { 'Content-Type': 'text/html' };
    event.respondWith(new Response('<!doctype html><title>You are offline</title>', { headers }));
  });`;

test('a service worker answers with its offline page: one error, and nothing is lost', async ({ shop }) => {
  const { page, site } = shop;
  await impatient(page);
  await site.page('/worker.js', { body: WORKER, headers: { 'Content-Type': 'text/javascript' } });
  await shop.open();
  await page.evaluate(async () => {
    const taken = new Promise((resolve) =>
      navigator.serviceWorker.addEventListener('controllerchange', resolve),
    );
    await navigator.serviceWorker.register('/worker.js');
    await taken;
  });
  const requests = watchRequests(page);
  expect(await page.evaluate(async () => (await fetch('/anything')).text())).toContain('You are offline');
  await shop.track(numbered(5));
  await shop.untilTold('retrying');
  await shop.expectAccount({ pending: 5 });
  await expect.poll(requests.count).toBeGreaterThanOrEqual(4);
  expect(await errorsOf(page, 'not-a-proxy')).toHaveLength(1);
  expect(await site.batches()).toEqual([]);

  await page.evaluate(() => navigator.serviceWorker.controller?.postMessage('online'));
  await shop.expectAccount();
  await shop.expectTold({ dropped: [] });
});
