/** Five tabs of one site, 500 events each, closed and crashed at random while the proxy goes down and up. */
import type { BrowserContext, Page } from 'playwright';
import { seeded } from '../../fakes/random.ts';
import {
  expectArrival,
  expectRepeatsOfTheCut,
  expectStats,
  once,
  repeats,
} from '../../support/site/arrival.ts';
import { createReceipts, type Receipts, trackStored } from '../../support/page/calls.ts';
import { expect, impatient, type Site, stats, test } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { numbered, type StandIn } from '../../support/site/stand-in.ts';
import { closeTab, crash, openTabs } from '../../support/browser/tabs.ts';

const TABS = 5;
const BURSTS = 10;
const BURST = 50;

interface Tab {
  readonly page: Page;
  readonly left: string[];
  readonly called: string[];
}

interface Day {
  readonly receipts: Receipts;
  /** Names of the events of tabs that crashed, and of those that did not. */
  readonly crashed: string[];
  readonly calm: string[];
  /** The tab that is left. */
  readonly last: Page;
}

/** What happens is decided by the seed alone; when a browser and a server get round to it is not. */
async function liveThrough(
  context: BrowserContext,
  site: Site,
  { seed, crashes }: { seed: number; crashes: number },
): Promise<Day> {
  const random = seeded(seed);
  const receipts = createReceipts();
  const pages = await openTabs(context, `${site.origin}/shop`, TABS);
  const tabs: Tab[] = [];
  for (const [i, page] of pages.entries()) {
    await receipts.watch(page);
    const left = numbered(BURSTS * BURST, `Tab ${i + 1}, event`).slice();
    tabs.push({ page, left, called: [] });
  }
  const crashed: string[] = [];
  const calm: string[] = [];
  let crashesLeft = crashes;
  let isUp = true;

  while (tabs.some(({ left }) => left.length)) {
    if (random.chance(0.25)) {
      isUp = !isUp;
      await site.faults(...(isUp ? [] : [{ does: 'cut' } as const]));
    }
    const tab = tabs[random.below(tabs.length)];
    if (!tab) break;
    const names = tab.left.splice(0, BURST);
    tab.called.push(...names);
    await receipts.track(tab.page, names);
    const goes = tab.left.length === 0 || (crashesLeft > 0 && random.chance(0.125));
    if (!goes || tabs.length === 1) continue;
    tabs.splice(tabs.indexOf(tab), 1);
    if (crashesLeft > 0) {
      crashesLeft--;
      crashed.push(...tab.called);
      await crash(tab.page);
    } else {
      calm.push(...tab.called);
      await closeTab(tab.page);
    }
  }
  await site.faults();
  const [last] = tabs;
  if (!last) throw new Error('No tab is left');
  // A tab that crashed may have stored what it could tell nobody of: the next call shows it.
  await receipts.track(last.page, ['The end']);
  calm.push(...last.called, 'The end');
  return { receipts, crashed, calm, last: last.page };
}

/** No more waits, nothing can come after this, and nothing came twice. */
async function settle(last: Page, standIn: StandIn, names: readonly string[]): Promise<void> {
  await last.evaluate(() => window.analytics.flush());
  await expect.poll(async () => (await standIn.account(names)).lost, { timeout: 30_000 }).toBe(0);
  await expect.poll(async () => (await stats(last)).pending, { timeout: 30_000 }).toBe(0);
  expect(addsUp(await stats(last))).toBe(true);
  expect(await repeats(standIn)).toEqual(new Map());
}

test.beforeEach(({ context }) => impatient(context));

for (const seed of [1, 2, 3]) {
  test(`seed ${seed}, all closed as visitors close tabs: all 2 500 arrive once; only what was in flight when a tab went is sent again`, async ({
    context,
    site,
    standIn,
  }) => {
    test.slow();
    const { receipts, calm, last } = await liveThrough(context, site, { seed, crashes: 0 });
    expect(calm).toHaveLength(2_501);
    await settle(last, standIn, calm);
    expect(await standIn.account(calm)).toEqual(once(2_501));
    await expectRepeatsOfTheCut(site, receipts.delivered, TABS - 1);
    await expectStats(last, { tracked: 2_501, delivered: 2_501 });
  });
}

for (const seed of [4, 5, 6]) {
  test(`seed ${seed}, two of them crash: nothing that had its receipt is lost, nor anything of the others, and none comes twice`, async ({
    context,
    site,
    standIn,
  }) => {
    test.slow();
    const { receipts, crashed, calm, last } = await liveThrough(context, site, { seed, crashes: 2 });
    expect(crashed.length).toBeGreaterThanOrEqual(2 * BURST);
    const safe = [...new Set([...calm, ...receipts.stored])];
    await settle(last, standIn, safe);
    expect(await standIn.account(safe)).toEqual(once(safe.length));
    const times = await standIn.times();
    await expectRepeatsOfTheCut(site, receipts.delivered, TABS - 1);
    // What was called and had no receipt when its tab crashed is there or not.
    const arrived = new Set(await standIn.names());
    expect([...arrived].filter((name) => !calm.includes(name) && !crashed.includes(name))).toEqual([]);
    expect(times.size).toBe(arrived.size);
    await expectStats(last, { tracked: arrived.size, delivered: arrived.size });
  });
}

test('closed one after the other while nothing is on its way: each of 2 500 arrives exactly once', async ({
  context,
  site,
  standIn,
}) => {
  const pages = await openTabs(context, `${site.origin}/shop`, TABS);
  const names = pages.map((_, i) => numbered(500, `Tab ${i + 1}, event`));
  await site.faults({ does: { status: 503, headers: { 'Retry-After': '3' } } });
  await Promise.all(pages.map((page, i) => trackStored(page, names[i] ?? [])));
  const [first, ...others] = pages;
  if (!first) throw new Error('five tabs');
  await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(1);
  for (const page of others) await closeTab(page);
  await site.faults();
  await expectArrival(standIn, { names: names.flat(), page: first });
  expect(await standIn.account(names.flat())).toEqual(once(2_500));
  await expectStats(first, { tracked: 2_500, delivered: 2_500 });
});
