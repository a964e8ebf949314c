/** A tab is closed right after its calls: what fits into 64 KiB arrives at once, the rest with the next visit. */
import type { BrowserContext, Page } from 'playwright';
import { expectArrival, expectStats, repeats } from '../../support/arrival.ts';
import { trackAll, trackStored } from '../../support/calls.ts';
import { expect, type Site, stats, test } from '../../support/fixtures.ts';
import { addsUp } from '../../support/in-page.ts';
import { numbered, type StandIn } from '../../support/stand-in.ts';
import { closeTab, untilSomebodyLeads } from '../../support/tabs.ts';

/** A tab that may close itself: one that a page has opened. */
async function openPopup(opener: Page): Promise<Page> {
  const [popup] = await Promise.all([
    opener.waitForEvent('popup'),
    opener.evaluate(() => void window.open('/shop')),
  ]);
  await popup.waitForFunction(() => Boolean(window.analytics));
  await untilSomebodyLeads(popup);
  return popup;
}

/** Makes the calls and closes the tab in one task. */
async function trackAndClose(page: Page, names: readonly string[], bytes = 0): Promise<void> {
  const closed = page.waitForEvent('close');
  await page
    .evaluate(
      ([all, size]) => {
        for (const name of all) void window.analytics.track(name, { filler: 'x'.repeat(size) });
        window.close();
      },
      [names, bytes] as const,
    )
    .catch(() => undefined);
  await closed;
}

/** The last request of a tab that is gone: its answer was read by nobody. */
const lastIds = async (site: Site): Promise<readonly string[]> => (await site.batches()).at(-1)?.ids ?? [];

/** Waits until all of these have arrived, and nothing comes after this. */
async function nextVisit(
  context: BrowserContext,
  site: Site,
  standIn: StandIn,
  names: readonly string[],
): Promise<Page> {
  const next = await context.newPage();
  await next.goto(`${site.origin}/shop`);
  await expect.poll(async () => (await standIn.account(names)).lost).toBe(0);
  await next.evaluate(() => window.analytics.flush());
  await expect.poll(async () => (await stats(next)).pending).toBe(0);
  return next;
}

/** At most these came again, each at most once. */
async function expectRepeatsWithin(
  given: Promise<ReadonlyMap<string, number>>,
  allowed: readonly string[],
): Promise<void> {
  const came = await given;
  expect([...came.keys()].filter((id) => !allowed.includes(id))).toEqual([]);
  expect([...came.values()].filter((times) => times > 2)).toEqual([]);
}

test.describe('20 calls, and closed', () => {
  for (const [when, act] of [
    [
      'at once',
      async (page: Page, names: readonly string[]) => {
        await trackAll(page, names);
        await closeTab(page);
      },
    ],
    ['in the same task', trackAndClose],
  ] as const) {
    test(`${when}: all arrive once, without another page; after the next visit only that request may have repeated`, async ({
      context,
      page,
      site,
      standIn,
    }) => {
      await page.goto(`${site.origin}/blank`);
      await act(await openPopup(page), numbered(20));
      await expectArrival(standIn, { names: numbered(20) });
      const last = await lastIds(site);
      expect(last).toHaveLength(20);
      await nextVisit(context, site, standIn, numbered(20));
      await expectRepeatsWithin(repeats(standIn), last);
    });
  }

  test('while the proxy is down: all arrive once with the next visit', async ({
    context,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: { status: 503 } });
    await page.goto(`${site.origin}/blank`);
    await trackAndClose(await openPopup(page), numbered(20));
    await expect.poll(async () => (await site.batches()).length).toBe(1);
    await site.faults();
    const next = await nextVisit(context, site, standIn, numbered(20));
    await expectArrival(standIn, { names: numbered(20), page: next });
    await expectStats(next, { tracked: 20, delivered: 20 });
  });

  test('where the browser keeps nothing: all arrive once, without another page', async ({
    context,
    open,
    standIn,
  }) => {
    const page = await open('/shop', { outbox: { storage: 'memory' } }, await context.newPage());
    await trackAll(page, numbered(20));
    await closeTab(page);
    await expectArrival(standIn, { names: numbered(20) });
  });
});

test.describe('20 events of 6 KB, and closed: more than a page can send as it leaves', () => {
  // What the browser lets all such requests of a page hold together.
  const QUOTA = 64 * 1024;

  test('in the same task: as much as fits arrives at once, the rest once with the next visit', async ({
    context,
    page,
    site,
    standIn,
  }) => {
    // A page that has just sent something waits, so that nothing but its last words can come of the calls.
    await context.addInitScript(() => {
      window.sdkOptions = { delivery: { flushIntervalMs: 60_000 } };
    });
    await page.goto(`${site.origin}/blank`);
    const popup = await openPopup(page);
    await trackStored(popup, ['Before']);
    await expectArrival(standIn, { names: ['Before'], page: popup });
    await trackAndClose(popup, numbered(20), 6_000);
    await expect.poll(async () => (await site.batches()).length).toBe(2);
    const [, atOnce] = await site.batches();
    const bytes = atOnce?.bytes ?? 0;
    const fit = atOnce?.ids ?? [];
    expect(bytes).toBeLessThanOrEqual(QUOTA);
    expect(bytes + bytes / fit.length).toBeGreaterThan(QUOTA - 2_048);
    await expect.poll(() => standIn.names()).toEqual(['Before', ...numbered(fit.length)]);

    const next = await nextVisit(context, site, standIn, numbered(20));
    await expectRepeatsWithin(repeats(standIn), fit);
    await expectStats(next, { tracked: 20, delivered: 20 });
  });

  test('while the proxy is down: all arrive once with the next visit', async ({
    context,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: { status: 503 } });
    await page.goto(`${site.origin}/blank`);
    await trackAndClose(await openPopup(page), numbered(20), 6_000);
    await expect.poll(async () => (await site.batches()).length).toBe(1);
    await site.faults();
    const next = await nextVisit(context, site, standIn, numbered(20));
    await expectArrival(standIn, { names: numbered(20), page: next });
    await expectStats(next, { tracked: 20, delivered: 20 });
  });

  test('while a large request is on its way: later small ones go at once, and nothing is lost', async ({
    context,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ times: 1, does: 'withhold-answer' });
    await page.goto(`${site.origin}/blank`);
    const popup = await openPopup(page);
    await trackAll(popup, numbered(20), 6_000);
    await expect.poll(async () => (await site.batches()).length).toBe(1);
    const first = (await site.batches())[0]?.ids ?? [];
    await trackStored(popup, numbered(5, 'Last'));
    await closeTab(popup);
    await expect.poll(async () => (await standIn.account(numbered(5, 'Last'))).lost).toBe(0);
    const last = await lastIds(site);
    expect(last).toHaveLength(5);

    await nextVisit(context, site, standIn, [...numbered(20), ...numbered(5, 'Last')]);
    await expectRepeatsWithin(repeats(standIn), [...first, ...last]);
  });

  test('by the page itself while a large request is on its way: nothing is lost', async ({
    context,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ times: 1, does: 'withhold-answer' });
    await page.goto(`${site.origin}/blank`);
    const popup = await openPopup(page);
    await trackAll(popup, numbered(20), 6_000);
    await expect.poll(async () => (await site.batches()).length).toBe(1);
    // Chromium rejects what is in flight before it tells the page that it goes.
    await trackAndClose(popup, numbered(5, 'Last'));
    const names = [...numbered(20), ...numbered(5, 'Last')];
    const next = await nextVisit(context, site, standIn, names);
    const times = await standIn.times();
    expect(times.size).toBe(25);
    // The large request, what the page sent as it went, and the next visit.
    expect(Math.max(...times.values())).toBeLessThanOrEqual(3);
    expect(addsUp(await stats(next))).toBe(true);
  });
});

test('what was stored and delivered before the close does not come again', async ({
  context,
  page,
  site,
  standIn,
}) => {
  await page.goto(`${site.origin}/blank`);
  const popup = await openPopup(page);
  await trackStored(popup, numbered(20));
  await expectArrival(standIn, { names: numbered(20), page: popup });
  await closeTab(popup);
  const next = await nextVisit(context, site, standIn, numbered(20));
  await expectArrival(standIn, { names: numbered(20), page: next });
});

test('thirty times three calls and a close, in one browser: none is lost, and each repeats at most once', async ({
  context,
  open,
  site,
  standIn,
}) => {
  test.slow();
  const names: string[] = [];
  for (let tab = 1; tab <= 30; tab++) {
    const own = numbered(3, `Tab ${tab}, event`);
    names.push(...own);
    const page = await open('/shop', {}, await context.newPage());
    await trackAll(page, own);
    await closeTab(page);
  }
  await nextVisit(context, site, standIn, names);
  const times = await standIn.times();
  expect(times.size).toBe(90);
});
