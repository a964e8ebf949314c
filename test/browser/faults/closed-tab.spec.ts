/** A tab is closed right after its calls: what fits into 64 KiB arrives at once, the rest with the next visit. */
import type { BrowserContext, Page } from 'playwright';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { expect, type Site, stats, test } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { openPopup } from '../../support/page/leaving.ts';
import { numbered, type StandIn } from '../../support/site/stand-in.ts';
import { closeTab } from '../../support/browser/tabs.ts';
import { openNextTab } from './setup.ts';

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

/** Waits until all of these have arrived, each once, and nothing can come after this. */
async function nextVisit(
  context: BrowserContext,
  site: Site,
  standIn: StandIn,
  names: readonly string[],
): Promise<Page> {
  const next = await openNextTab(context, site);
  await expectArrival(standIn, { names, page: next });
  return next;
}

// A page whose last request is never answered is heard of only when its time is over.
test.setTimeout(60_000);

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
    test(`${when}: all arrive once, without another page, and none again with the next visit`, async ({
      context,
      page,
      site,
      standIn,
    }) => {
      await page.goto(`${site.origin}/blank`);
      await act(await openPopup(page), numbered(20));
      await expectArrival(standIn, { names: numbered(20) });
      expect(await lastIds(site)).toHaveLength(20);
      await nextVisit(context, site, standIn, numbered(20));
      expect(await site.batches()).toHaveLength(1);
    });
  }

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

for (const { what, bytes } of [
  { what: '20 calls, and closed', bytes: 0 },
  { what: '20 events of 6 KB, and closed', bytes: 6_000 },
]) {
  test(`${what} while the proxy is down: all arrive once with the next visit`, async ({
    context,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: { status: 503 } });
    await page.goto(`${site.origin}/blank`);
    await trackAndClose(await openPopup(page), numbered(20), bytes);
    await expect.poll(async () => (await site.batches()).length).toBe(1);
    await site.faults();
    const next = await nextVisit(context, site, standIn, numbered(20));
    await expectStats(next, { tracked: 20, delivered: 20 });
  });
}

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

    const next = await nextVisit(context, site, standIn, ['Before', ...numbered(20)]);
    await expectStats(next, { tracked: 20, delivered: 20 });
    const again = (await site.batches()).slice(2).flatMap(({ ids }) => ids);
    expect(again.filter((id) => fit.includes(id))).toEqual([]);
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
    await trackStored(popup, numbered(5, 'Last'));
    await closeTab(popup);
    await expect.poll(async () => (await standIn.account(numbered(5, 'Last'))).lost).toBe(0);
    expect(await lastIds(site)).toHaveLength(5);
    await nextVisit(context, site, standIn, [...numbered(20), ...numbered(5, 'Last')]);
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

test('thirty times three calls and a close, in one browser: none is lost, and none comes twice', async ({
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
});
