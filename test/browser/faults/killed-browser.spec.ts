/** The page's process crashes, or the whole browser is killed: what had its receipt is there. */
import type { Page } from 'playwright';
import { expectArrival, expectStats, once, repeats, timesTaken } from '../../support/site/arrival.ts';
import { trackAllThenWrite } from '../../support/page/bare-write.ts';
import { createReceipts, type Receipts, trackStored } from '../../support/page/calls.ts';
import { expect, patient, stats, test, toldTimes, watch } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { createPersistentBrowser } from '../../support/browser/persistent.ts';
import { numbered, type StandIn } from '../../support/site/stand-in.ts';
import { crash } from '../../support/browser/tabs.ts';
import { openNextTab } from './setup.ts';

interface Phone {
  /** Starts the browser, with the profile that it had, and opens a page of the site. */
  readonly visit: () => Promise<Page>;
  readonly kill: () => Promise<void>;
}

/** A browser of its own, and nothing that its pages suffered. */
const withPhone = test.extend<{ phone: Phone }>({
  phone: async ({ site }, use) => {
    const browser = await createPersistentBrowser();
    const errors: (readonly string[])[] = [];
    await use({
      async visit() {
        const context = await browser.start();
        errors.push(watch(context, site));
        await patient(context);
        const page = await context.newPage();
        await page.addInitScript(() => {
          window.sdkOptions = { delivery: { maxBatchEvents: 20, flushIntervalMs: 50 } };
        });
        await page.goto(`${site.origin}/shop`);
        return page;
      },
      kill: browser.kill,
    });
    await browser.remove();
    expect(errors.flat()).toEqual([]);
  },
});

/** Waits until all events that had their receipt have arrived, and nothing waits in this page. No event came twice. */
async function expectStoredArrived(receipts: Receipts, standIn: StandIn, page: Page): Promise<void> {
  const stored = [...receipts.stored];
  await expect.poll(async () => (await standIn.account(stored)).lost).toBe(0);
  await expect.poll(async () => (await stats(page)).pending).toBe(0);
  expect(await standIn.account(stored)).toEqual(once(stored.length));
  expect(await repeats(standIn)).toEqual(new Map());
}

withPhone(
  'killed while idle, three times: all that was stored arrives once, in order',
  async ({ phone, site, standIn }) => {
    withPhone.slow();
    await site.faults({ does: 'cut' });
    const names: string[] = [];
    for (let visit = 1; visit <= 3; visit++) {
      const page = await phone.visit();
      const own = numbered(visit === 3 ? 1 : 20, `Visit ${visit}, event`);
      await trackStored(page, own);
      names.push(...own);
      // The last time at once: right after `await track()`.
      if (visit < 3) await toldTimes(page, 'retrying');
      await phone.kill();
    }
    await site.faults();
    const page = await phone.visit();
    await expectArrival(standIn, { names, page });
    expect(await standIn.names()).toEqual(names);
    await expectStats(page, { tracked: 41, delivered: 41 });
  },
);

withPhone(
  'killed in a burst, three times at different moments: nothing that had its receipt is lost',
  async ({ phone, site, standIn }) => {
    withPhone.slow();
    await site.faults({ does: 'cut' });
    const receipts = createReceipts();
    const called = new Set<string>();
    for (const moment of [10, 75, 300]) {
      const page = await phone.visit();
      await receipts.watch(page);
      const before = receipts.stored.size;
      for (let burst = 1; receipts.stored.size < before + moment; burst++) {
        const names = numbered(7, `Kill ${moment}, burst ${burst}, event`);
        for (const name of names) called.add(name);
        await receipts.track(page, names);
      }
      await phone.kill();
    }
    await site.faults();
    const page = await phone.visit();
    expect(receipts.stored.size).toBeGreaterThanOrEqual(385);
    await expectStoredArrived(receipts, standIn, page);
    // What was called and had no receipt yet may be there or not.
    const arrived = await standIn.names();
    expect(arrived.filter((name) => !called.has(name))).toEqual([]);
    expect(await stats(page)).toMatchObject({
      tracked: arrived.length,
      delivered: arrived.length,
      pending: 0,
    });
  },
);

withPhone(
  'killed during a delivery, three times: nothing is lost, only the batch in flight is sent again, and none comes twice',
  async ({ phone, site, standIn }) => {
    withPhone.slow();
    const inFlight: string[] = [];
    const tracked: string[] = [];
    for (const [visit, does] of (['hang', 'withhold-answer', 'withhold-answer'] as const).entries()) {
      await site.faults({ times: 2, does: 'pass' }, { does });
      const before = (await site.batches()).length;
      const page = await phone.visit();
      tracked.push(...(await trackStored(page, numbered(100, `Visit ${visit}, event`))));
      await expect.poll(async () => (await site.batches()).length).toBe(before + 3);
      const last = (await site.batches()).at(-1)?.ids ?? [];
      expect(last).toHaveLength(20);
      await phone.kill();
      if (does === 'withhold-answer') inFlight.push(...last);
      await site.faults({ does: { status: 503 } });
    }
    await site.faults();
    const page = await phone.visit();
    const names = [0, 1, 2].flatMap((visit) => numbered(100, `Visit ${visit}, event`));
    await expectArrival(standIn, { names, page });
    expect(addsUp(await stats(page))).toBe(true);
    expect(await timesTaken(site, tracked)).toEqual(tracked.map((id) => (inFlight.includes(id) ? 2 : 1)));
  },
);

for (const calls of [100, 1_000]) {
  withPhone(
    `killed after ${calls} calls that nobody waited for, as soon as a bare write of as much is done: at least 99 % are there`,
    async ({ phone, site, standIn }) => {
      withPhone.slow();
      await site.faults({ does: 'cut' });
      /** Reads nothing from its database meanwhile: a write waits for what is being read. */
      const visit = async (): Promise<Page> => {
        const page = await phone.visit();
        await trackStored(page, ['Before']);
        await toldTimes(page, 'retrying');
        return page;
      };
      let page = await visit();
      const due: string[] = [];
      for (const round of [1, 2, 3]) {
        const names = numbered(calls, `Round ${round}, event`);
        due.push(...names);
        await trackAllThenWrite(page, names);
        await phone.kill();
        page = await visit();
      }
      await site.faults();
      await expect
        .poll(async () => (await standIn.account(due)).delivered, { timeout: 20_000 })
        .toBeGreaterThanOrEqual(due.length * 0.99);
      await expect.poll(async () => (await stats(page)).pending).toBe(0);
      expect(await repeats(standIn)).toEqual(new Map());
      const delivered = (await standIn.names()).length;
      expect(await stats(page)).toMatchObject({ tracked: delivered, delivered, pending: 0 });
    },
  );
}

test.describe('the page’s process crashes', () => {
  test('while idle: another tab delivers, each event once', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: 'cut' });
    await open();
    await trackStored(page, numbered(10));
    await crash(page);
    await site.faults();
    const next = await openNextTab(context, site);
    await expectArrival(standIn, { names: numbered(10), page: next });
    await expectStats(next, { tracked: 10, delivered: 10 });
  });

  test('in a burst: nothing that had its receipt is lost, and nothing comes twice', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: 'cut' });
    const receipts = createReceipts();
    await open();
    await receipts.watch(page);
    for (let burst = 1; receipts.stored.size < 100; burst++)
      await receipts.track(page, numbered(7, `Burst ${burst}, event`));
    await crash(page);
    await site.faults();
    const next = await openNextTab(context, site);
    await expectStoredArrived(receipts, standIn, next);
    expect(addsUp(await stats(next))).toBe(true);
  });

  test('during a delivery: only the batch in flight is sent twice, and all arrive once', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ times: 2, does: 'pass' }, { times: 1, does: 'withhold-answer' });
    await open('/shop', { delivery: { maxBatchEvents: 20, flushIntervalMs: 50 } });
    const ids = await trackStored(page, numbered(100));
    await expect.poll(async () => (await site.batches()).length).toBe(3);
    await crash(page);
    const next = await openNextTab(context, site);
    await expectArrival(standIn, { names: numbered(100), page: next });
    await expectStats(next, { tracked: 60, delivered: 60 });
    expect(await timesTaken(site, ids)).toEqual(ids.map((_, at) => (at >= 40 && at < 60 ? 2 : 1)));
  });
});
