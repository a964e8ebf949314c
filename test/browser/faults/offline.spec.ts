/** The device is offline, or says so, or says nothing: capture goes on, and all is sent on recovery without a reload. */
import type { BrowserContext, Route } from 'playwright';
import { idle } from '../../support/page/time.ts';
import { expect, impatient, type Site } from '../../support/site/fixtures.ts';
import { nameOf, numbered } from '../../support/site/stand-in.ts';
import { NETWORKS, test } from './setup.ts';

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

for (const { onLine, lose, restore, recoversWithinMs } of NETWORKS) {
  test(`an hour offline, \`navigator.onLine\` is ${onLine}: all is sent afterwards`, async ({ shop }) => {
    const { page, site } = shop;
    await page.clock.install();
    await shop.open();
    await shop.trackDelivered(['Before']);
    await lose(page);
    expect(await page.evaluate(() => navigator.onLine)).toBe(onLine);
    // An hour: by then the waits between two tries are minutes long.
    for (let minutes = 1; minutes <= 60; minutes++) {
      await shop.track([`Event ${minutes}`]);
      await shop.passTime(60_000);
    }
    await idle(page, shop.requests);
    await shop.expectAccount({ pending: 60 });
    expect((await site.batches()).length).toBe(1);
    await shop.expectTold({ dropped: [], blocked: [] });

    await restore(page);
    await shop.expectAccount({ fastForwardMs: recoversWithinMs, inOrder: true });
    // Where the network came back between a batch and the probe that followed it, the batch is sent in parts.
    expect((await site.batches()).length).toBeLessThanOrEqual(7);
  });
}

test('`online` while a request is failing: the next try does not wait for minutes', async ({ shop }) => {
  const { page } = shop;
  await page.clock.install();
  await shop.open();
  await shop.trackDelivered(['Before']);
  const failing: Route[] = [];
  let fails = true;
  await page.route('**/v1/batch', (route) =>
    fails ? route.abort('connectionfailed') : void failing.push(route),
  );
  await shop.track(numbered(20));
  for (let minutes = 1; minutes <= 60; minutes++) await shop.passTime(60_000);
  await idle(page, shop.requests);
  fails = false;
  await page.clock.fastForward(300_000);
  await expect.poll(() => failing.length).toBe(1);
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await failing[0]?.abort('connectionaborted');
  await page.unroute('**/v1/batch');
  await shop.passTime(2_000);
  await shop.expectAccount();
});

test('`navigator.onLine` is false while everything works: it is sent all the same', async ({ shop }) => {
  await shop.page.addInitScript(() =>
    Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false }),
  );
  await shop.open();
  await shop.trackDelivered(numbered(20));
});

test('offline over three visits, online on the fourth: all arrive, in order', async ({ context, shop }) => {
  const { page, site, standIn } = shop;
  await impatient(page);
  await cachePages(context, site);
  await context.setOffline(true);
  // The emulation does not reach the last request of a page that is left.
  await site.faults({ does: 'cut' });
  await shop.open();
  const names: string[] = [];
  for (let visit = 1; visit <= 3; visit++) {
    if (visit > 1) await shop.goTo(`/visit-${visit}`);
    for (const own of [numbered(20, `Visit ${visit}, event`), [`Visit ${visit} ends`]]) {
      names.push(...own);
      await shop.track(own);
    }
    await shop.untilTold('retrying');
    await shop.expectAccount({ pending: 21 * visit });
  }
  await shop.goTo('/blank');
  await site.faults();
  await context.setOffline(false);
  await shop.goTo('/visit-4');
  await shop.track(['Visit 4']);
  names.push('Visit 4');
  await shop.expectAccount();
  // The last request of a page that was left can arrive after the events of the next page: `timestamp` is the order.
  const events = await standIn.events();
  const byTime = new Map(events.map((event) => [event.timestamp, [] as string[]]));
  for (const event of events) byTime.get(event.timestamp)?.push(nameOf(event));
  const times = Array.from(byTime.keys(), String).sort();
  expect(times.flatMap((time) => byTime.get(time) ?? [])).toEqual(names);
});
