/** 200 with a web page where the proxy should be: a single-page app's fallback, an offline page. Nothing has arrived. */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { expect, impatient, test, told } from '../../support/site/fixtures.ts';
import { errorsOf, untilJudged, warningsOf, webPage } from '../../support/site/fronts.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { numbered } from '../../support/site/stand-in.ts';

test('a single-page app answers every path: nothing is delivered, it is told once, and all arrive once when the proxy is there', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  // Below the old prefix the site serves its pages now.
  await site.change({ basePath: '/not-yet' });
  await open();
  await trackStored(page, numbered(5));
  await untilJudged(page);
  await expectStats(page, { tracked: 5, delivered: 0, pending: 5 });
  const posts = async (): Promise<number> =>
    (await site.hits()).filter((hit) => hit.startsWith('POST')).length;
  await expect.poll(posts).toBeGreaterThanOrEqual(4);
  expect(await told(page, 'delivered')).toEqual([]);
  const errors = await told(page, 'error');
  expect(errors.map(({ code }) => code)).toEqual(['not-a-proxy']);
  expect(errors[0]?.message).toContain('/e/v1/batch');

  await site.change({ basePath: '/e' });
  await page.evaluate(() => window.analytics.flush());
  await expectArrival(standIn, { names: numbered(5), page });
  await expectStats(page, { tracked: 5, delivered: 5 });
});

test('a page that is left meanwhile: its last request is no delivery either', async ({
  page,
  site,
  standIn,
}) => {
  test.setTimeout(60_000);
  await site.change({ basePath: '/not-yet' });
  await page.goto(`${site.origin}/shop`);
  await trackAndLeave(page, numbered(5), '/next');
  await expect.poll(async () => (await site.hits()).filter((hit) => hit.startsWith('POST')).length).toBe(1);
  await site.change({ basePath: '/e' });
  await expectArrival(standIn, { names: numbered(5), page });
  await expectStats(page, { tracked: 5, delivered: 5 });
});

for (const [type, isDocument] of [
  ['text/html', true],
  ['TEXT/HTML;charset=utf-8', true],
  ['application/json', false],
  ['text/plain', false],
] as const) {
  test(`200 of the type ${type} is ${isDocument ? 'no' : 'a'} delivery`, async ({ open, page, site }) => {
    const answer = { ...webPage(200), headers: { 'Content-Type': type } };
    await site.faults({ does: answer });
    await open();
    await trackStored(page, numbered(5));
    await untilJudged(page);
    await expectStats(page, { tracked: 5, delivered: isDocument ? 0 : 5, pending: isDocument ? 5 : 0 });
    expect(await errorsOf(page, 'not-a-proxy')).toHaveLength(isDocument ? 1 : 0);
  });
}

test('a page that nobody listens in: one warning on the console, which names the address', async ({
  page,
  site,
}) => {
  await impatient(page);
  const warnings = warningsOf(page);
  await site.faults({ does: webPage(200) });
  await site.page('/quiet', {
    body: html(
      'Quiet',
      `<script type="module">
        import { createAnalytics } from '/dist/index.js';
        window.analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
      </script>`,
    ),
  });
  await page.goto(`${site.origin}/quiet`);
  await trackAll(page, numbered(5));
  await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(4);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('/e/v1/batch');
});

test.describe('a service worker', () => {
  /** Answers everything with its offline page until it is told that the network is back. */
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

  test('answers everything with its offline page: events are kept, it is told once, and all arrive once when it lets them pass', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await impatient(page);
    await site.page('/worker.js', { body: WORKER, headers: { 'Content-Type': 'text/javascript' } });
    await open();
    await page.evaluate(async () => {
      const taken = new Promise((resolve) =>
        navigator.serviceWorker.addEventListener('controllerchange', resolve),
      );
      await navigator.serviceWorker.register('/worker.js');
      await taken;
    });
    const requests = watchRequests(page);
    expect(await page.evaluate(async () => (await fetch('/anything')).text())).toContain('You are offline');
    await trackStored(page, numbered(5));
    await untilJudged(page);
    await expectStats(page, { tracked: 5, delivered: 0, pending: 5 });
    await expect.poll(requests.count).toBeGreaterThanOrEqual(4);
    expect(await errorsOf(page, 'not-a-proxy')).toHaveLength(1);
    expect(await site.batches()).toEqual([]);

    await page.evaluate(() => navigator.serviceWorker.controller?.postMessage('online'));
    await expectArrival(standIn, { names: numbered(5), page });
    await expectStats(page, { tracked: 5, delivered: 5 });
    expect(await told(page, 'dropped')).toEqual([]);
  });
});
