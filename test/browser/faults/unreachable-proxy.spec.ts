/** Nothing answers: the server is closed, its name does not resolve, connections are cut, or it says nothing for ever. */
import type { Page } from 'playwright';
import { expectArrival, expectStats, timesTaken } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, impatient, test, told, toldTimes, watch } from '../../support/site/fixtures.ts';
import { createPersistentBrowser } from '../../support/browser/persistent.ts';
import { numbered } from '../../support/site/stand-in.ts';

test('the server is closed, then listens again: everything arrives once, without a reload', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await open();
  await trackStored(page, numbered(20, 'Before'));
  await expectArrival(standIn, { names: numbered(20, 'Before'), page });

  await site.change({ listening: false });
  await expect(fetch(site.origin)).rejects.toThrow();
  await trackStored(page, numbered(100, 'During'));
  const retrying = await toldTimes(page, 'retrying', 3);
  expect(retrying.map(({ status }) => status)).toEqual([0, 0, 0]);
  await trackStored(page, numbered(100, 'Later'));
  await expectStats(page, { tracked: 220, delivered: 20, pending: 200 });

  await site.change({ listening: true });
  const names = ['Before', 'During', 'Later'].flatMap((when, i) => numbered(i ? 100 : 20, when));
  await expectArrival(standIn, { names, page });
  await expectStats(page, { tracked: 220, delivered: 220 });
  expect(await standIn.names()).toEqual(names);
  expect(await told(page, 'dropped')).toEqual([]);
});

test('the server is closed in the middle of a delivery, on an origin of its own: only the batch in flight is sent again, and all arrive once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await open('/shop', { proxyUrl: site.apiOrigin, delivery: { maxBatchEvents: 25, flushIntervalMs: 100 } });
  await site.faults({ times: 2, does: 'pass' }, { times: 1, does: 'withhold-answer' });
  const ids = await trackStored(page, numbered(200));
  await expect.poll(async () => (await site.batches()).at(-1)?.fate).toBe('withhold-answer');
  await site.change({ listening: false });
  await toldTimes(page, 'retrying', 2);
  await expectStats(page, { tracked: 200, delivered: 50, pending: 150 });

  await site.change({ listening: true });
  await expectArrival(standIn, { names: numbered(200), page });
  await expectStats(page, { tracked: 200, delivered: 200 });
  expect(await timesTaken(site, ids)).toEqual(ids.map((_, at) => (at >= 50 && at < 75 ? 2 : 1)));
});

test('the proxy hangs up on every request, then no more: everything arrives once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await site.faults({ does: 'cut' });
  await open();
  await trackStored(page, numbered(20));
  await toldTimes(page, 'retrying', 2);
  await expectStats(page, { tracked: 20, delivered: 0, pending: 20 });
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expectArrival(standIn, { names: numbered(20), page });
  await expectStats(page, { tracked: 20, delivered: 20 });
});

test('500 events while the proxy is down, then a reload, then the proxy is up: all arrive once, in order', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  await trackStored(page, numbered(500));
  await page.reload();
  await expectStats(page, { tracked: 500, delivered: 0, pending: 500 });
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expectArrival(standIn, { names: numbered(500), page });
  await expectStats(page, { tracked: 500, delivered: 500 });
  expect(await standIn.names()).toEqual(numbered(500));
});

test.describe('the name of the proxy does not resolve', () => {
  test('for a while: everything arrives once, without a reload', async ({ open, page, site, standIn }) => {
    await impatient(page);
    await page.route('**/v1/batch', (route) => route.abort('namenotresolved'));
    await open('/shop', { proxyUrl: site.apiOrigin });
    await trackStored(page, numbered(50));
    await toldTimes(page, 'retrying', 2);
    await expectStats(page, { tracked: 50, delivered: 0, pending: 50 });
    await page.unroute('**/v1/batch');
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expectArrival(standIn, { names: numbered(50), page });
    await expectStats(page, { tracked: 50, delivered: 50 });
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
  test('cut off after requestTimeoutMs, and sent again: everything arrives once', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ times: 2, does: 'hang' });
    await open('/shop', { delivery: { requestTimeoutMs: 300 } });
    await trackStored(page, numbered(20));
    const retrying = await toldTimes(page, 'retrying', 2);
    expect(retrying.map(({ status }) => status)).toEqual([0, 0]);
    await expectArrival(standIn, { names: numbered(20), page });
    await expectStats(page, { tracked: 20, delivered: 20 });
  });

  test('but delivered: that batch is sent twice, by the same ids, and arrives once', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ times: 1, does: 'withhold-answer' });
    await open('/shop', { delivery: { requestTimeoutMs: 300 } });
    const ids = await trackStored(page, numbered(20));
    await expectArrival(standIn, { names: numbered(20), page });
    await expectStats(page, { tracked: 20, delivered: 20 });
    expect(await timesTaken(site, ids)).toEqual(ids.map(() => 2));
  });

  test('fifteen seconds are given where nothing else was said', async ({ open, page, site, standIn }) => {
    await page.clock.install();
    await site.faults({ times: 1, does: 'hang' });
    await open();
    await trackStored(page, ['A']);
    await expect.poll(async () => (await site.batches()).map(({ fate }) => fate)).toEqual(['hang']);
    await page.clock.fastForward(10_000);
    expect(await told(page, 'retrying')).toEqual([]);
    await page.clock.fastForward(5_000);
    await toldTimes(page, 'retrying');
    await expectArrival(standIn, { names: ['A'], page, fastForwardMs: 1_000 });
    await expectStats(page, { tracked: 1, delivered: 1 });
  });
});
