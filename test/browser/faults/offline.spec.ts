/** The device is offline, or says so, or says nothing: capture goes on, and all is sent on recovery without a reload. */
import type { BrowserContext, Route } from 'playwright';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, impatient, type Site, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { nameOf, numbered } from '../../support/site/stand-in.ts';
import { idle, passTime } from '../../support/page/time.ts';

/** Pages and scripts come as from a service worker's cache: there without a network. The proxy is not. */
async function cachePages(context: BrowserContext, site: Site): Promise<void> {
  await context.route(
    (url) => url.origin === site.origin && !url.pathname.startsWith('/e/'),
    async (route) => {
      const answer = await fetch(route.request().url());
      await route.fulfill({
        status: answer.status,
        contentType: answer.headers.get('Content-Type') ?? '',
        body: Buffer.from(await answer.arrayBuffer()),
      });
    },
  );
}

test('`navigator.onLine` is false: capture goes on, and all is sent when it is online again', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  const requests = watchRequests(page);
  await open();
  await trackStored(page, ['Before']);
  await expectArrival(standIn, { names: ['Before'], page });
  await context.setOffline(true);
  expect(await page.evaluate(() => navigator.onLine)).toBe(false);
  // An hour: by then the waits between two tries are minutes long.
  for (let minutes = 1; minutes <= 60; minutes++) {
    await trackStored(page, [`Event ${minutes}`]);
    await passTime(page, requests, 60_000);
  }
  await idle(page, requests);
  await expectStats(page, { tracked: 61, delivered: 1, pending: 60 });
  expect((await site.batches()).length).toBe(1);
  expect(await told(page, 'dropped')).toEqual([]);
  expect(await told(page, 'blocked')).toEqual([]);

  await context.setOffline(false);
  const names = ['Before', ...numbered(60)];
  await expectArrival(standIn, { names, page });
  await expectStats(page, { tracked: 61, delivered: 61 });
  expect(await standIn.names()).toEqual(names);
});

test('`navigator.onLine` is true while nothing works: capture goes on, and all is sent on recovery', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  const requests = watchRequests(page);
  await open();
  await trackStored(page, ['Before']);
  await expectArrival(standIn, { names: ['Before'], page });
  await page.route('**/v1/batch', (route) => route.abort('internetdisconnected'));
  expect(await page.evaluate(() => navigator.onLine)).toBe(true);
  for (let minutes = 1; minutes <= 60; minutes++) {
    await trackStored(page, [`Event ${minutes}`]);
    await passTime(page, requests, 60_000);
  }
  await expectStats(page, { tracked: 61, delivered: 1, pending: 60 });
  expect(await told(page, 'dropped')).toEqual([]);

  await page.unroute('**/v1/batch');
  // No event of the browser tells of it: the next try does, at most five minutes later.
  const names = ['Before', ...numbered(60)];
  await expectArrival(standIn, { names, page, fastForwardMs: 300_000 });
  await expectStats(page, { tracked: 61, delivered: 61 });
  expect(await standIn.names()).toEqual(names);
  // Where the network came back between a batch and the probe that followed it, the batch is sent in parts.
  expect((await site.batches()).length).toBeLessThanOrEqual(7);
});

test('`online` is told while a request is failing: the next try does not wait for minutes', async ({
  open,
  page,
  standIn,
}) => {
  await page.clock.install();
  const requests = watchRequests(page);
  await open();
  await trackStored(page, ['Before']);
  await expectArrival(standIn, { names: ['Before'], page });
  const failing: Route[] = [];
  let fails = true;
  await page.route('**/v1/batch', (route) =>
    fails ? route.abort('connectionfailed') : void failing.push(route),
  );
  await trackStored(page, numbered(20));
  for (let minutes = 1; minutes <= 60; minutes++) {
    await passTime(page, requests, 60_000);
  }
  await idle(page, requests);
  fails = false;
  await page.clock.fastForward(300_000);
  await expect.poll(() => failing.length).toBe(1);
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await failing[0]?.abort('connectionaborted');
  await page.unroute('**/v1/batch');
  await passTime(page, requests, 2_000);
  await expectArrival(standIn, { names: ['Before', ...numbered(20)], page });
  await expectStats(page, { tracked: 21, delivered: 21 });
});

test('`navigator.onLine` is false while everything works: it is sent all the same', async ({
  open,
  page,
  standIn,
}) => {
  await page.addInitScript(() =>
    Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false }),
  );
  await open();
  await trackStored(page, numbered(20));
  await expectArrival(standIn, { names: numbered(20), page });
  await expectStats(page, { tracked: 20, delivered: 20 });
});

test('offline over three visits, online on the fourth: all arrive, in order', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await cachePages(context, site);
  await context.setOffline(true);
  // The emulation does not reach what a page sends with its last breath.
  await site.faults({ does: 'cut' });
  await open();
  const names: string[] = [];
  for (let visit = 1; visit <= 3; visit++) {
    if (visit > 1) await page.goto(`${site.origin}/visit-${visit}`);
    for (const own of [numbered(20, `Visit ${visit}, event`), [`Visit ${visit} ends`]]) {
      names.push(...own);
      await trackStored(page, own);
    }
    await toldTimes(page, 'retrying');
    await expectStats(page, { tracked: 21 * visit, delivered: 0, pending: 21 * visit });
  }
  expect(await standIn.names()).toEqual([]);
  await page.goto(`${site.origin}/blank`);
  await site.faults();
  await context.setOffline(false);
  await page.goto(`${site.origin}/visit-4`);
  await trackStored(page, ['Visit 4']);
  names.push('Visit 4');
  await expectArrival(standIn, { names, page });
  await expectStats(page, { tracked: 64, delivered: 64 });
  // What a page may have sent as it was left comes later than what the next one tracks; `timestamp` is the order.
  const events = await standIn.events();
  const byTime = new Map(events.map((event) => [event.timestamp, [] as string[]]));
  for (const event of events) byTime.get(event.timestamp)?.push(nameOf(event));
  const times = Array.from(byTime.keys(), String).sort();
  expect(times.flatMap((time) => byTime.get(time) ?? [])).toEqual(names);
});
