/** Reloads, several tabs, browsers without Web Locks or BroadcastChannel, and a closed instance. */
import { expectArrival, expectRepeatsOfTheCut, expectStats, once } from '../support/site/arrival.ts';
import { trackAll, trackStored } from '../support/page/calls.ts';
import { expect, impatient, stats, test, told, toldTimes } from '../support/site/fixtures.ts';
import { watchRequests } from '../support/page/requests.ts';
import { numbered } from '../support/site/stand-in.ts';
import { closeTab, openTabs } from '../support/browser/tabs.ts';

test('three reloads during a delivery lose nothing, and no event arrives twice', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await site.faults({ delayMs: 150, does: 'pass' });
  await open('/shop', { delivery: { maxBatchEvents: 20, flushIntervalMs: 50 } });
  await trackStored(page, numbered(200));
  const delivered = new Map<string, number>();
  for (let reloads = 0; reloads < 3; reloads++) {
    const before = (await standIn.names()).length;
    await expect.poll(async () => (await standIn.names()).length).toBeGreaterThan(before);
    for (const { ids = [], at } of await told(page, 'delivered')) for (const id of ids) delivered.set(id, at);
    await page.reload();
  }
  await expectArrival(standIn, { names: numbered(200), page });
  // For each reload, one request that was in flight, and one that the page sent while leaving.
  await expectRepeatsOfTheCut(site, delivered, 6);
});

test.describe('several tabs', () => {
  test('two tabs: one sends for both, no event arrives twice, and each tab is told of its own events', async ({
    context,
    site,
    standIn,
  }) => {
    const pages = await openTabs(context, `${site.origin}/shop`, 2);
    const requests = pages.map(watchRequests);
    const names = pages.map((_, i) => numbered(50, `Tab ${i} event`));
    await Promise.all(pages.map((page, i) => trackStored(page, names[i] ?? [])));
    await expectArrival(standIn, { names: names.flat(), page: pages[0] });
    expect(requests.filter(({ count }) => count() > 0)).toHaveLength(1);
    for (const page of pages) {
      await expectStats(page, { tracked: 100, delivered: 100 });
      const ids = async (): Promise<readonly string[]> =>
        (await told(page, 'delivered')).flatMap((each) => each.ids ?? []);
      await expect.poll(async () => (await ids()).length).toBeGreaterThanOrEqual(50);
      expect(new Set(await ids()).size).toBe((await ids()).length);
    }
  });

  test('the leader tab is closed: another one takes over, and nothing is lost', async ({
    context,
    site,
    standIn,
  }) => {
    const [first, second] = await openTabs(context, `${site.origin}/shop`, 2);
    if (!first || !second) throw new Error('two tabs');
    await trackStored(first, ['From the first']);
    await expectArrival(standIn, { names: ['From the first'], page: first });
    await site.faults({ does: { status: 503 } });
    await trackStored(first, numbered(10, 'Left by the first'));
    await trackStored(second, numbered(10, 'From the second'));
    await toldTimes(first, 'retrying');
    await first.close();
    await site.faults();
    const names = [
      'From the first',
      ...numbered(10, 'Left by the first'),
      ...numbered(10, 'From the second'),
    ];
    await expectArrival(standIn, { names, page: second });
    await expectStats(second, { tracked: 21, delivered: 21 });
  });

  test('flush() in a tab that is not the leader makes the leader send', async ({
    context,
    open,
    site,
    standIn,
  }) => {
    const first = await open('/shop', { delivery: { flushIntervalMs: 60_000 } });
    await trackStored(first, ['Opening']);
    await expectArrival(standIn, { names: ['Opening'], page: first });
    const second = await open('/shop', { delivery: { flushIntervalMs: 60_000 } }, await context.newPage());
    await trackStored(second, ['Waiting']);
    const flushed = await second.evaluate(() => window.analytics.flush());
    expect(flushed).toMatchObject({ delivered: 1, pending: 0 });
    await expectArrival(standIn, { names: ['Opening', 'Waiting'], page: second });
    expect((await site.batches()).length).toBe(2);
  });

  test('a tab that is not the leader is closed right after its calls: the leader sends them', async ({
    context,
    site,
    standIn,
  }) => {
    const [first, second] = await openTabs(context, `${site.origin}/shop`, 2);
    if (!first || !second) throw new Error('two tabs');
    await trackStored(first, ['Opening']);
    await expectStats(first, { tracked: 1, delivered: 1 });
    const names = ['Opening'];
    for (let i = 0; i < 5; i++) {
      const own = numbered(5, `Of tab ${i}`);
      names.push(...own);
      const tab = i === 0 ? second : await context.newPage();
      if (i > 0) await tab.goto(`${site.origin}/shop`);
      await trackAll(tab, own);
      await closeTab(tab);
      await expectArrival(standIn, { names, page: first });
    }
    await expectStats(first, { tracked: 26, delivered: 26 });
  });

  test('the other tab was closed before: the last events of this tab arrive with the next page', async ({
    context,
    site,
    standIn,
  }) => {
    const [first, second] = await openTabs(context, `${site.origin}/shop`, 2);
    if (!first || !second) throw new Error('two tabs');
    await trackStored(first, ['Opening']);
    await expectStats(first, { tracked: 1, delivered: 1 });
    await second.close();
    await trackAll(first, numbered(5));
    await closeTab(first);
    const next = await context.newPage();
    await next.goto(`${site.origin}/shop`);
    await expectArrival(standIn, { names: ['Opening', ...numbered(5)], page: next });
  });

  for (const missing of ['Web Locks', 'both'] as const) {
    test(`without ${missing === 'both' ? 'Web Locks and BroadcastChannel' : missing}: two tabs, everything arrives`, async ({
      context,
      site,
      standIn,
    }) => {
      test.slow(); // a lease that is not renewed ends after 20 seconds
      await context.addInitScript((which) => {
        Object.defineProperty(navigator, 'locks', { value: undefined });
        if (which === 'both') Object.defineProperty(window, 'BroadcastChannel', { value: undefined });
      }, missing);
      const pages = await openTabs(context, `${site.origin}/shop`, 2);
      const names = pages.map((_, i) => numbered(20, `Tab ${i} event`));
      await Promise.all(pages.map((page, i) => trackStored(page, names[i] ?? [])));
      const [first, second] = pages;
      if (!first || !second) throw new Error('two tabs');
      await expect.poll(() => standIn.account(names.flat()), { timeout: 25_000 }).toEqual(once(40));
      await expect.poll(async () => (await stats(first)).pending).toBe(0);
      await first.close();
      await trackStored(second, ['After']);
      await expect.poll(() => standIn.account(['After']), { timeout: 25_000 }).toEqual(once(1));
      await expectArrival(standIn, { names: [...names.flat(), 'After'] });
    });
  }

  test('without BroadcastChannel: events that one tab cannot announce arrive when it is closed', async ({
    context,
    site,
    standIn,
  }) => {
    await context.addInitScript(() =>
      Object.defineProperty(window, 'BroadcastChannel', { value: undefined }),
    );
    const pages = await openTabs(context, `${site.origin}/shop`, 2);
    const names = pages.map((_, i) => numbered(20, `Tab ${i} event`));
    await Promise.all(pages.map((page, i) => trackStored(page, names[i] ?? [])));
    const [first] = pages;
    if (!first) throw new Error('No tab');
    await expect.poll(async () => (await stats(first)).delivered).toBeGreaterThanOrEqual(20);
    expect(await standIn.account(names[0] ?? [])).toEqual(once(20));
    await first.close();
    await expectArrival(standIn, { names: names.flat(), page: pages[1] });
  });
});

test('without Web Locks, and without the file that replaces them: everything arrives', async ({
  context,
  open,
  page,
  standIn,
}) => {
  await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  await context.route(/cio-(?!middleware)[\w-]+\.js$/, (route) => route.fulfill({ status: 404, body: '' }));
  await open();
  await trackStored(page, numbered(5));
  await expectArrival(standIn, { names: numbered(5), page });
  await expectStats(page, { tracked: 5, delivered: 5 });
});

test('close() stops this instance; stored events wait for the next page', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  await trackStored(page, numbered(5));
  await toldTimes(page, 'retrying');
  await page.evaluate(() => window.analytics.close());
  await site.faults();
  const before = (await site.batches()).length;
  await page.evaluate(() => {
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    return window.analytics.flush({ timeoutMs: 500 });
  });
  expect((await site.batches()).length).toBe(before);
  await page.goto(`${site.origin}/next`);
  await expectArrival(standIn, { names: numbered(5), page });
});
