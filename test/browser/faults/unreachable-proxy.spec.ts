/** Nothing answers: the server is closed, its name does not resolve, connections are cut, or no answer ever comes. */
import type { Page } from 'playwright';
import { createPersistentBrowser } from '../../support/browser/persistent.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expectArrival, expectStats, timesTaken } from '../../support/site/arrival.ts';
import { expect, impatient, toldTimes, watch } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

test('the server is closed, then listens again: everything arrives once', async ({ shop }) => {
  const { page, site } = shop;
  await impatient(page);
  await shop.open();
  await shop.trackDelivered(numbered(20, 'Before'));

  await site.change({ listening: false });
  await expect(fetch(site.origin)).rejects.toThrow();
  await shop.track(numbered(100, 'During'));
  const retrying = await shop.untilTold('retrying', 3);
  expect(new Set(retrying.map(({ status }) => status))).toEqual(new Set([0]));
  await shop.track(numbered(100, 'Later'));
  await shop.expectAccount({ pending: 200 });

  await site.change({ listening: true });
  await shop.expectAccount({ inOrder: true });
  await shop.expectTold({ dropped: [] });
});

test('the server is closed in a delivery: only the batch in flight is sent again', async ({ shop }) => {
  const { page, site } = shop;
  await impatient(page);
  await shop.open({ proxyUrl: site.apiOrigin, delivery: { maxBatchEvents: 25, flushIntervalMs: 100 } });
  await site.faults({ times: 2, does: 'pass' }, { times: 1, does: 'withhold-answer' });
  const ids = await shop.track(numbered(200));
  await expect.poll(async () => (await site.batches()).at(-1)?.fate).toBe('withhold-answer');
  await site.change({ listening: false });
  await shop.untilTold('retrying', 2);
  // The third batch has arrived, but the page does not know.
  await shop.expectAccount({ arrived: numbered(75), delivered: 50, pending: 150 });

  await site.change({ listening: true });
  await shop.expectAccount();
  expect(await timesTaken(site, ids)).toEqual(ids.map((_, at) => (at >= 50 && at < 75 ? 2 : 1)));
});

test('the proxy hangs up on every request, then no more: everything arrives once', async ({ shop }) => {
  await impatient(shop.page);
  await shop.expectKept(numbered(20), {
    fault: { does: 'cut' },
    waits: [0, 1_000],
    told: { dropped: [] },
  });
  await shop.untilTold('retrying', 2);
  await shop.expectRecovery();
});

test('500 events while the proxy is down, then a reload: all arrive once, in order', async ({ shop }) => {
  await shop.site.faults({ does: 'cut' });
  await shop.open();
  await shop.track(numbered(500));
  await shop.page.reload();
  await shop.expectAccount({ pending: 500 });
  await shop.expectRecovery({ inOrder: true });
});

test.describe('the name of the proxy does not resolve', () => {
  test('for a while: everything arrives once, without a reload', async ({ shop }) => {
    const { page, site } = shop;
    await impatient(page);
    await page.route('**/v1/batch', (route) => route.abort('namenotresolved'));
    await shop.open({ proxyUrl: site.apiOrigin });
    await shop.track(numbered(50));
    await shop.untilTold('retrying', 2);
    await shop.expectAccount({ pending: 50 });
    await page.unroute('**/v1/batch');
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await shop.expectAccount();
  });

  test('for a whole visit: everything arrives once with the next', async ({ site, standIn }) => {
    // Chromium reads such rules when it starts.
    const browser = await createPersistentBrowser();
    const { port } = new URL(site.apiOrigin);
    const visit = async (args: readonly string[]): Promise<{ page: Page; errors: readonly string[] }> => {
      const context = await browser.start(args);
      const errors = watch(context, site);
      const page = await context.newPage();
      await page.addInitScript((proxyUrl) => {
        window.sdkOptions = { proxyUrl };
      }, `http://events.localhost:${port}`);
      await page.goto(`${site.origin}/shop`);
      return { page, errors };
    };
    try {
      const first = await visit(['--host-resolver-rules=MAP events.localhost ^NOTFOUND']);
      const failure = first.page.waitForEvent('requestfailed');
      await trackStored(first.page, numbered(50));
      expect((await failure).failure()?.errorText).toBe('net::ERR_NAME_NOT_RESOLVED');
      await toldTimes(first.page, 'retrying', 1);
      await browser.kill();
      expect(await site.batches()).toEqual([]);

      const second = await visit([]);
      await expectArrival(standIn, { names: numbered(50), page: second.page });
      await expectStats(second.page, { tracked: 50, delivered: 50 });
      expect([...first.errors, ...second.errors]).toEqual([]);
    } finally {
      await browser.remove();
    }
  });
});

test.describe('no answer, ever', () => {
  /** `taken`: how often the proxy delivers the batch to Customer.io. */
  for (const { what, does, times, taken } of [
    {
      what: 'and nothing is delivered: everything is sent again, and arrives once',
      does: 'hang',
      times: 2,
      taken: 1,
    },
    {
      what: 'but the batch is delivered: it is sent twice, and arrives once',
      does: 'withhold-answer',
      times: 1,
      taken: 2,
    },
  ] as const) {
    test(`${what}, after requestTimeoutMs`, async ({ shop }) => {
      await shop.site.faults({ times, does });
      await shop.open({ delivery: { requestTimeoutMs: 300 } });
      const ids = await shop.track(numbered(20));
      const retrying = await shop.untilTold('retrying', times);
      expect(retrying.map(({ status }) => status)).toEqual(Array.from({ length: times }, () => 0));
      await shop.expectAccount();
      expect(await timesTaken(shop.site, ids)).toEqual(ids.map(() => taken));
    });
  }

  test('a request times out after 15 seconds if requestTimeoutMs is not given', async ({ shop }) => {
    const { page, site } = shop;
    await page.clock.install();
    await site.faults({ times: 1, does: 'hang' });
    await shop.open();
    await shop.track(['A']);
    await expect.poll(async () => (await site.batches()).map(({ fate }) => fate)).toEqual(['hang']);
    await page.clock.fastForward(10_000);
    await shop.expectTold({ retrying: [] });
    await page.clock.fastForward(5_000);
    await shop.untilTold('retrying');
    await shop.expectAccount({ fastForwardMs: 1_000 });
  });
});
