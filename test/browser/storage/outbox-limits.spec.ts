/** The outbox is full, or events grow too old: the oldest go first, each with its reason, and the counts add up. */
import type { Page } from 'playwright';
import { expect, stats, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { readLog } from '../../support/page/outbox-database.ts';
import { DAY_MS, setClock, setNextClock, wrongClock } from '../../support/page/page-clock.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, lost, once, quiet, REFUSING, track } from './setup.ts';

/** Ids of calls, in their order, and what each receipt said. */
const receipts = (
  page: Page,
  names: readonly string[],
  bytes = 0,
): Promise<readonly { readonly id: string; readonly state: string }[]> =>
  page.evaluate(
    async ([all, size]) => {
      const given = [];
      for (const name of all) given.push(await window.analytics.track(name, { filler: 'x'.repeat(size) }));
      return given;
    },
    [names, bytes] as const,
  );

/** Which were dropped, in order, and why. */
const drops = async (page: Page): Promise<readonly (readonly [unknown, unknown])[]> =>
  (await told(page, 'dropped')).map(({ id, reason }) => [id, reason] as const);

test.describe('full by count', () => {
  for (const storage of ['indexeddb', 'memory'] as const) {
    test(`${storage}: of 16, the 6 oldest are dropped and told in their order, 10 delivered once`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await site.faults(REFUSING);
      await open('/shop', { outbox: { maxEvents: 10, storage } });
      const made = await receipts(page, numbered(16));
      await quiet(page);
      expect(await drops(page)).toEqual(made.slice(0, 6).map(({ id }) => [id, 'outbox-full']));
      expect(await stats(page)).toMatchObject({ tracked: 16, pending: 10, dropped: { 'outbox-full': 6 } });
      await site.faults();
      await flush(page);
      await expect.poll(() => standIn.names()).toEqual(numbered(16).slice(6));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 16, delivered: 10, pending: 0 });
      expect(addsUp(await stats(page))).toBe(true);
    });
  }

  test('by one burst alone: of 30, the 20 oldest are dropped, 10 delivered once', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults(REFUSING);
    await open('/shop', { outbox: { maxEvents: 10 } });
    await track(page, numbered(30));
    await quiet(page);
    await toldTimes(page, 'dropped', 20);
    expect(await stats(page)).toMatchObject({ tracked: 30, pending: 10, dropped: { 'outbox-full': 20 } });
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.names()).toEqual(numbered(30).slice(20));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 30, delivered: 10, pending: 0 });
    expect(await standIn.account(numbered(20))).toEqual(lost(20));
  });

  test('by what an earlier page has left: of 8 + 4, its 2 oldest are dropped, 10 delivered once', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults(REFUSING);
    await open('/shop', { outbox: { maxEvents: 10 } });
    await track(page, numbered(8, 'Old'));
    await quiet(page);
    await page.reload();
    await track(page, numbered(4, 'New'));
    await toldTimes(page, 'dropped', 2);
    expect(await stats(page)).toMatchObject({ tracked: 12, pending: 10, dropped: { 'outbox-full': 2 } });
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.names()).toEqual([...numbered(8, 'Old').slice(2), ...numbered(4, 'New')]);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 12, delivered: 10, pending: 0 });
  });
});

test.describe('full by bytes', () => {
  test('the oldest go until the rest fits, and no more than these', async ({ open, page, site, standIn }) => {
    await site.faults(REFUSING);
    await open('/shop', { outbox: { maxBytes: 20_000 } });
    const made = await receipts(page, numbered(9), 3_000);
    await quiet(page);
    const head = new Map(await readLog(page)).get('head') as { readonly bytes: number };
    const each = head.bytes / (await stats(page)).pending;
    expect(Number.isInteger(each)).toBe(true);
    const fit = Math.floor(20_000 / each);
    const gone = 9 - fit;
    expect(gone).toBeGreaterThan(0);
    expect(await drops(page)).toEqual(made.slice(0, gone).map(({ id }) => [id, 'outbox-full']));
    expect(await stats(page)).toMatchObject({ tracked: 9, pending: fit, dropped: { 'outbox-full': gone } });
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.names()).toEqual(numbered(9).slice(gone));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 9, delivered: fit, pending: 0 });
    expect(await standIn.account(numbered(gone))).toEqual(lost(gone));
    expect(addsUp(await stats(page))).toBe(true);
  });

  test('by one event alone: it is dropped, and the next that fits is delivered', async ({
    open,
    page,
    standIn,
  }) => {
    await open('/shop', { outbox: { maxBytes: 5_000 } });
    const [large] = await receipts(page, ['Large'], 6_000);
    await receipts(page, ['Small']);
    await expect.poll(() => standIn.names()).toEqual(['Small']);
    expect(await drops(page)).toEqual([[large?.id, 'outbox-full']]);
    await expect
      .poll(() => stats(page))
      .toMatchObject({ tracked: 2, delivered: 1, pending: 0, dropped: { 'outbox-full': 1 } });
  });
});

test.describe('older than maxAgeMs', () => {
  for (const storage of ['indexeddb', 'memory'] as const) {
    test(`${storage}: of 5 + 3, the 5 old ones expire, 3 delivered once`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await wrongClock(page);
      await site.faults(REFUSING);
      await open('/shop', { outbox: { maxAgeMs: 3_600_000, storage } });
      const old = await receipts(page, numbered(5, 'Old'));
      await quiet(page);
      await setClock(page, 3_700_000);
      await receipts(page, numbered(3, 'New'));
      await site.faults();
      await flush(page);
      await expect.poll(() => standIn.names()).toEqual(numbered(3, 'New'));
      expect(await drops(page)).toEqual(old.map(({ id }) => [id, 'expired']));
      await expect
        .poll(() => stats(page))
        .toMatchObject({ tracked: 8, delivered: 3, pending: 0, dropped: { expired: 5 } });
      expect(await standIn.account(numbered(5, 'Old'))).toEqual(lost(5));
      expect(addsUp(await stats(page))).toBe(true);
    });
  }

  test('a visitor who comes back after 8 days: 5 expired, told by the new page; its own is delivered', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await wrongClock(page, -8 * DAY_MS);
    await site.faults(REFUSING);
    await open();
    const old = await receipts(page, numbered(5, 'Old'));
    await quiet(page);
    await setNextClock(page, 0);
    await page.goto(`${site.origin}/next`);
    await site.faults();
    await track(page, ['New']);
    await flush(page);
    await expect.poll(() => standIn.names()).toEqual(['New']);
    expect(await drops(page)).toEqual(old.map(({ id }) => [id, 'expired']));
    await expect
      .poll(() => stats(page))
      .toMatchObject({ tracked: 6, delivered: 1, pending: 0, dropped: { expired: 5 } });
  });

  test('a visitor who comes back after 6 days: 5 of 5 delivered once', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await wrongClock(page, -6 * DAY_MS);
    await site.faults(REFUSING);
    await open();
    await track(page, numbered(5, 'Old'));
    await quiet(page);
    await setNextClock(page, 0);
    await page.goto(`${site.origin}/next`);
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.account(numbered(5, 'Old'))).toEqual(once(5));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
    expect(await told(page, 'dropped')).toEqual([]);
  });
});
