/** Nothing is lost when pages, tabs and browsers go. */
import type { BrowserContext, Page } from 'playwright';
import { expect, impatient, stats, test, toldTimes, watch } from '../support/fixtures.ts';
import { addsUp } from '../support/in-page.ts';
import { createPersistentBrowser } from '../support/persistent.ts';
import { numbered } from '../support/stand-in.ts';

const ONCE = (count: number): object => ({ delivered: count, lost: 0, duplicated: 0 });

/** Tracks them in one task, and waits for nothing. */
const trackAll = (page: Page, names: readonly string[], bytes = 0): Promise<void> =>
  page.evaluate(
    ([all, size]) => {
      for (const name of all) void window.analytics.track(name, { filler: 'x'.repeat(size) });
    },
    [names, bytes] as const,
  );

const trackStored = (page: Page, names: readonly string[]): Promise<readonly string[]> =>
  page.evaluate(
    async (all) =>
      (await Promise.all(all.map((name) => window.analytics.track(name)))).map(({ state }) => state),
    names,
  );

test('500 events while the proxy is down, then a reload, then the proxy is up: all arrive once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  const states = await trackStored(page, numbered(500));
  expect(new Set(states)).toEqual(new Set(['stored']));
  await page.reload();
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 500, delivered: 0, pending: 500 });
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => standIn.account(numbered(500))).toEqual(ONCE(500));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 500, delivered: 500, pending: 0 });
  const order = await standIn.names();
  expect(order).toEqual(numbered(500));
});

test('three reloads in the middle of a delivery lose nothing', async ({ open, page, site, standIn }) => {
  await impatient(page);
  await site.faults({ delayMs: 150, does: 'pass' });
  await open('/shop', { delivery: { maxBatchEvents: 20, flushIntervalMs: 50 } });
  await trackStored(page, numbered(200));
  for (let reloads = 0; reloads < 3; reloads++) {
    const before = (await standIn.names()).length;
    await expect.poll(async () => (await standIn.names()).length).toBeGreaterThan(before);
    await page.reload();
  }
  await expect.poll(async () => (await standIn.account(numbered(200))).lost, { timeout: 20_000 }).toBe(0);
  await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
  // What was answered to a page that had gone may come twice, and then by the same id.
  const events = await standIn.events();
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(200);
});

test('the browser is killed right after `await track()`: the event arrives after its next start', async ({
  site,
  standIn,
}) => {
  const browser = await createPersistentBrowser();
  try {
    await site.faults({ does: 'cut' });
    const page = await (await browser.start()).newPage();
    await page.goto(`${site.origin}/shop`);
    expect(await trackStored(page, ['Last words'])).toEqual(['stored']);
    await browser.kill();

    await site.faults();
    const context = await browser.start();
    const errors = watch(context, site);
    const next = await context.newPage();
    await next.goto(`${site.origin}/shop`);
    await expect.poll(() => standIn.account(['Last words'])).toEqual(ONCE(1));
    expect(errors).toEqual([]);
  } finally {
    await browser.remove();
  }
});

test('the page’s process crashes right after `await track()`: another tab delivers', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  await trackStored(page, numbered(10));
  const session = await context.newCDPSession(page);
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  void session.send('Page.crash').catch(() => undefined);
  await crashed;
  await site.faults();
  await (await context.newPage()).goto(`${site.origin}/shop`);
  await expect.poll(() => standIn.account(numbered(10))).toEqual(ONCE(10));
});

test.describe('`track(); location.href = …` in one task', () => {
  for (const [name, faulty] of [
    ['with the proxy up', false],
    ['with the proxy down until the next page', true],
  ] as const) {
    test(`${name}: the event arrives`, async ({ open, page, site, standIn }) => {
      if (faulty) await site.faults({ does: 'cut' });
      await open();
      await Promise.all([
        page.waitForURL('**/next'),
        page.evaluate(() => {
          void window.analytics.track('Left');
          location.href = '/next';
        }),
      ]);
      await site.faults();
      await expect.poll(async () => (await standIn.account(['Left'])).lost).toBe(0);
      await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
      const events = await standIn.events();
      expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(1);
      expect(events[0]?.context.page['path']).toBe('/shop');
    });
  }

  test('to a page without the SDK: the event arrives all the same', async ({ open, page, standIn }) => {
    await open();
    await Promise.all([
      page.waitForURL('**/blank'),
      page.evaluate(() => {
        void window.analytics.track('Left');
        location.href = '/blank';
      }),
    ]);
    await expect.poll(async () => (await standIn.account(['Left'])).lost).toBe(0);
  });

  test('a click on a link that tracks: ten times in a row, all arrive', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await open();
    for (const name of numbered(10)) {
      await page.evaluate((event) => {
        document
          .querySelector('a')
          ?.addEventListener('click', () => void window.analytics.track(event), { once: true });
      }, name);
      await page.getByRole('link', { name: 'Next' }).click();
      await page.waitForURL('**/next');
      await page.goto(`${site.origin}/shop`);
    }
    await expect.poll(async () => (await standIn.account(numbered(10))).lost).toBe(0);
    const events = await standIn.events();
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(10);
  });
});

test.describe('a tab that is closed at once', () => {
  test('after 20 calls: all arrive, without another page', async ({ context, open, standIn }) => {
    const page = await open('/shop', {}, await context.newPage());
    await trackAll(page, numbered(20));
    await page.close({ runBeforeUnload: true });
    await expect.poll(async () => (await standIn.account(numbered(20))).lost).toBe(0);
    const events = await standIn.events();
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(20);
  });

  test('after 20 events of 6 KB: what fits goes at once, the rest with the next page', async ({
    context,
    open,
    site,
    standIn,
  }) => {
    const page = await open('/shop', {}, await context.newPage());
    await trackAll(page, numbered(20), 6_000);
    await page.close({ runBeforeUnload: true });
    await expect.poll(async () => (await standIn.names()).length).toBeGreaterThanOrEqual(8);
    await (await context.newPage()).goto(`${site.origin}/shop`);
    await expect.poll(async () => (await standIn.account(numbered(20))).lost).toBe(0);
    const events = await standIn.events();
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(20);
  });

  test('while the proxy is down: all arrive with the next page', async ({ context, open, site, standIn }) => {
    await site.faults({ does: 'cut' });
    const page = await open('/shop', {}, await context.newPage());
    await trackAll(page, numbered(20));
    await page.close({ runBeforeUnload: true });
    await site.faults();
    await (await context.newPage()).goto(`${site.origin}/shop`);
    await expect.poll(async () => (await standIn.account(numbered(20))).lost).toBe(0);
    const events = await standIn.events();
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(20);
  });

  test('where the browser keeps nothing: all arrive, without another page', async ({
    context,
    open,
    standIn,
  }) => {
    const page = await open('/shop', { outbox: { storage: 'memory' } }, await context.newPage());
    await trackAll(page, numbered(20));
    await page.close({ runBeforeUnload: true });
    await expect.poll(async () => (await standIn.account(numbered(20))).lost).toBe(0);
  });

  test('fifty times three calls and a close, in one browser: none is lost', async ({
    context,
    open,
    site,
    standIn,
  }) => {
    test.slow();
    const names: string[] = [];
    for (let tab = 1; tab <= 50; tab++) {
      const own = numbered(3, `Tab ${tab}, event`);
      names.push(...own);
      const page = await open('/shop', {}, await context.newPage());
      await trackAll(page, own);
      await page.close({ runBeforeUnload: true });
    }
    await (await context.newPage()).goto(`${site.origin}/shop`);
    await expect.poll(async () => (await standIn.account(names)).lost).toBe(0);
    const events = await standIn.events();
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(150);
  });
});

/** As if the visitor had turned to another tab, or back. */
const setVisibility = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

test.describe('a tab that is hidden and shown', () => {
  test('ten times, with calls in between: no event twice', async ({ open, page, standIn }) => {
    await open();
    for (const name of numbered(10)) {
      await trackAll(page, [name]);
      await setVisibility(page, 'hidden');
      await setVisibility(page, 'visible');
    }
    await page.evaluate(() => window.analytics.flush());
    await expect.poll(() => standIn.account(numbered(10))).toEqual(ONCE(10));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
  });

  test('ten times while the proxy is slow: no event twice', async ({ open, page, site, standIn }) => {
    await site.faults({ delayMs: 400, does: 'pass' });
    await open();
    await trackStored(page, numbered(30));
    for (let times = 0; times < 10; times++) {
      await setVisibility(page, 'hidden');
      await setVisibility(page, 'visible');
    }
    await expect.poll(() => standIn.account(numbered(30))).toEqual(ONCE(30));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 30, delivered: 30, pending: 0 });
  });

  test('hidden with events that were not sent yet: they go at once, not after the interval', async ({
    open,
    page,
    standIn,
  }) => {
    await open('/shop', { delivery: { flushIntervalMs: 60_000 } });
    await trackStored(page, ['First']);
    await expect.poll(() => standIn.account(['First'])).toEqual(ONCE(1));
    await trackStored(page, ['Second']);
    await setVisibility(page, 'hidden');
    await expect.poll(() => standIn.account(['First', 'Second'])).toEqual(ONCE(2));
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 2, pending: 0 });
  });
});

test.describe('several tabs', () => {
  /** How many requests with events each tab makes. */
  function countBatches(pages: readonly Page[]): () => readonly number[] {
    const counts = pages.map(() => 0);
    pages.forEach((page, i) =>
      page.on('request', (request) => {
        if (request.url().endsWith('/v1/batch')) counts[i] = (counts[i] ?? 0) + 1;
      }),
    );
    return () => counts;
  }

  async function openTabs(context: BrowserContext, url: string, count: number): Promise<readonly Page[]> {
    const pages: Page[] = [];
    for (let i = 0; i < count; i++) {
      const page = await context.newPage();
      await page.goto(url);
      pages.push(page);
    }
    return pages;
  }

  test('two tabs: one sends for both, no event twice, and each is told of its own', async ({
    context,
    site,
    standIn,
  }) => {
    const pages = await openTabs(context, `${site.origin}/shop`, 2);
    const counts = countBatches(pages);
    const names = pages.map((_, i) => numbered(50, `Tab ${i} event`));
    await Promise.all(pages.map((page, i) => trackStored(page, names[i] ?? [])));
    await expect.poll(() => standIn.account(names.flat())).toEqual(ONCE(100));
    expect(counts().filter((count) => count > 0)).toHaveLength(1);
    for (const page of pages) {
      await expect
        .poll(() =>
          page.evaluate(
            () =>
              window.told.filter(({ name }) => name === 'delivered').flatMap(({ ids }) => ids ?? []).length,
          ),
        )
        .toBeGreaterThanOrEqual(50);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 100, delivered: 100, pending: 0 });
      expect(addsUp(await stats(page))).toBe(true);
    }
  });

  test('the tab that sends is closed: another takes over, and nothing is lost', async ({
    context,
    site,
    standIn,
  }) => {
    const [first, second] = await openTabs(context, `${site.origin}/shop`, 2);
    if (!first || !second) throw new Error('two tabs');
    await trackStored(first, ['From the first']);
    await expect.poll(() => standIn.account(['From the first'])).toEqual(ONCE(1));
    await site.faults({ does: 'cut' });
    await trackStored(first, numbered(10, 'Left by the first'));
    await trackStored(second, numbered(10, 'From the second'));
    await site.faults();
    await first.close();
    const all = [...numbered(10, 'Left by the first'), ...numbered(10, 'From the second')];
    await expect.poll(() => standIn.account(all)).toEqual(ONCE(20));
    await expect.poll(() => stats(second)).toMatchObject({ pending: 0 });
  });

  test('five tabs at once, one after the other closed: all arrive', async ({ context, site, standIn }) => {
    const pages = await openTabs(context, `${site.origin}/shop`, 5);
    const names = pages.map((_, i) => numbered(20, `Tab ${i} event`));
    await Promise.all(pages.map((page, i) => trackStored(page, names[i] ?? [])));
    for (const page of pages.slice(0, 4)) await page.close();
    await expect.poll(async () => (await standIn.account(names.flat())).lost).toBe(0);
    const events = await standIn.events();
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(100);
    const last = pages[4];
    if (!last) throw new Error('five tabs');
    await expect.poll(() => stats(last)).toMatchObject({ pending: 0 });
  });

  test('flush() in a tab that does not send makes the other one send', async ({
    context,
    open,
    site,
    standIn,
  }) => {
    const first = await open('/shop', { delivery: { flushIntervalMs: 60_000 } });
    await trackStored(first, ['Opening']);
    await expect.poll(() => standIn.account(['Opening'])).toEqual(ONCE(1));
    const second = await open('/shop', { delivery: { flushIntervalMs: 60_000 } }, await context.newPage());
    await trackStored(second, ['Waiting']);
    const flushed = await second.evaluate(() => window.analytics.flush());
    expect(flushed).toMatchObject({ delivered: 1, pending: 0 });
    expect(await standIn.account(['Opening', 'Waiting'])).toEqual(ONCE(2));
    expect((await site.batches()).length).toBe(2);
  });

  test('a tab that does not send is closed right after its calls: the other one sends them', async ({
    context,
    site,
    standIn,
  }) => {
    const [first, second] = await openTabs(context, `${site.origin}/shop`, 2);
    if (!first || !second) throw new Error('two tabs');
    await trackStored(first, ['Opening']);
    await expect.poll(() => stats(first)).toMatchObject({ delivered: 1 });
    for (let i = 0; i < 5; i++) {
      const names = numbered(5, `Of tab ${i}`);
      const tab = i === 0 ? second : await context.newPage();
      if (i > 0) await tab.goto(`${site.origin}/shop`);
      await trackAll(tab, names);
      await tab.close({ runBeforeUnload: true });
      await expect.poll(async () => (await standIn.account(names)).lost).toBe(0);
    }
    const events = await standIn.events();
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(26);
    await expect.poll(() => stats(first)).toMatchObject({ pending: 0 });
  });

  test('the other tab was closed before: what the last one leaves arrives with the next page', async ({
    context,
    site,
    standIn,
  }) => {
    const [first, second] = await openTabs(context, `${site.origin}/shop`, 2);
    if (!first || !second) throw new Error('two tabs');
    await trackStored(first, ['Opening']);
    await expect.poll(() => stats(first)).toMatchObject({ delivered: 1 });
    await second.close();
    await trackAll(first, numbered(5));
    await first.close({ runBeforeUnload: true });
    await (await context.newPage()).goto(`${site.origin}/shop`);
    await expect.poll(async () => (await standIn.account(numbered(5))).lost).toBe(0);
  });

  for (const missing of ['Web Locks', 'both'] as const) {
    test(`without ${missing === 'both' ? 'Web Locks and BroadcastChannel' : missing}: two tabs, everything arrives`, async ({
      context,
      site,
      standIn,
    }) => {
      test.slow(); // a lease that nobody renews ends after 20 seconds
      await context.addInitScript((which) => {
        Object.defineProperty(navigator, 'locks', { value: undefined });
        if (which === 'both') Object.defineProperty(window, 'BroadcastChannel', { value: undefined });
      }, missing);
      const pages = await openTabs(context, `${site.origin}/shop`, 2);
      const names = pages.map((_, i) => numbered(20, `Tab ${i} event`));
      await Promise.all(pages.map((page, i) => trackStored(page, names[i] ?? [])));
      await expect.poll(() => standIn.account(names.flat()), { timeout: 25_000 }).toMatchObject({ lost: 0 });
      await pages[0]?.close();
      const [, second] = pages;
      if (!second) throw new Error('two tabs');
      await trackStored(second, ['After']);
      await expect.poll(() => standIn.account(['After']), { timeout: 25_000 }).toEqual(ONCE(1));
    });
  }

  test('without BroadcastChannel: what one tab cannot tell the other arrives when that is closed', async ({
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
    await expect.poll(() => standIn.account(names[0] ?? [])).toEqual(ONCE(20));
    await pages[0]?.close();
    await expect.poll(() => standIn.account(names.flat())).toMatchObject({ lost: 0 });
  });
});

test('without Web Locks, and without the file that stands in for them: everything arrives', async ({
  context,
  open,
  page,
  standIn,
}) => {
  await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  await context.route(/cio-(?!middleware)[\w-]+\.js$/, (route) => route.fulfill({ status: 404, body: '' }));
  await open();
  await trackStored(page, numbered(5));
  await expect.poll(() => standIn.account(numbered(5))).toEqual(ONCE(5));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
});

test('close() stops this instance; what is stored waits for the next page', async ({
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
  await expect.poll(() => standIn.account(numbered(5))).toEqual(ONCE(5));
});
