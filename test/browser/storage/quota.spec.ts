/** The disk is full: what was stored is delivered, what could not be stored is delivered from memory. */
import type { BrowserContext, Page } from 'playwright';
import { expect, stats, test, told } from '../../support/site/fixtures.ts';
import {
  breakIndexedDb,
  type IndexedDbFault,
  setIndexedDbFaults,
} from '../../support/page/indexeddb-faults.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { DAY_MS, setClock, wrongClock } from '../../support/page/page-clock.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, quiet, REFUSING, storageErrors, track } from './setup.ts';

/** How much the browser keeps for an origin, really. Without a number: as much as ever. */
async function setQuota(
  context: BrowserContext,
  page: Page,
  origin: string,
  quotaSize?: number,
): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin, ...(quotaSize ? { quotaSize } : {}) });
}

/** Each of 11 KB that no disk can pack any smaller, in one task. */
const trackLarge = (page: Page, names: readonly string[]): Promise<readonly string[]> =>
  page.evaluate(async (all) => {
    const noise = (): string =>
      Array.from(crypto.getRandomValues(new Uint8Array(5_500)), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join('');
    const receipts = all.map((name) => window.analytics.track(name, { noise: noise() }));
    return (await Promise.all(receipts)).map(({ state }) => state);
  }, names);
/** So many of them fit into the 64 KiB that a page may send as it leaves. */
const FAREWELL = 5;

const ROUNDS = 8;
const round = (i: number): readonly string[] => numbered(10, `Round ${i} event`);
const ALL = Array.from({ length: ROUNDS }, (_, i) => round(i)).flat();

test.describe('really full', () => {
  for (const kilobytes of [50, 600]) {
    test(`${kilobytes} KB, the proxy down, then up, and room again for the next page: 80 of 80 delivered`, async ({
      context,
      open,
      page,
      site,
      standIn,
    }) => {
      await setQuota(context, page, site.origin, kilobytes * 1_000);
      await site.faults(REFUSING);
      await open();
      const states: string[] = [];
      for (let i = 0; i < ROUNDS; i++) states.push(...(await trackLarge(page, round(i))));
      const stored = states.filter((state) => state === 'stored').length;
      // The smaller one holds not even an empty database; how much an event takes, the browser decides.
      if (kilobytes === 50) expect(stored).toBe(0);
      else expect(stored).toBeGreaterThan(FAREWELL);
      expect(stored).toBeLessThan(80);
      // Once refused, always refused: what is stored is older than all that is in memory.
      expect(states).toEqual(ALL.map((_, i) => (i < stored ? 'stored' : 'memory')));
      expect(await stats(page)).toMatchObject({ tracked: 80, delivered: 0, pending: 80 });
      expect(await storageErrors(page)).toBe(1);

      await quiet(page);
      await site.faults();
      await flush(page);
      await expect.poll(() => standIn.account(ALL.slice(stored))).toEqual(once(80 - stored));
      await expect
        .poll(() => stats(page))
        .toMatchObject({ tracked: 80, delivered: 80 - stored, pending: stored });
      expect(addsUp(await stats(page))).toBe(true);

      await setQuota(context, page, site.origin);
      await page.goto(`${site.origin}/next`);
      await flush(page);
      await expect.poll(() => standIn.account(ALL), { timeout: 20_000 }).toEqual(once(80));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: stored, delivered: stored, pending: 0 });
      expect(await track(page, ['After'])).toEqual(['stored']);
    });
  }

  test('600 KB, the proxy down, room again and 30 s later a call, then the proxy up: 81 of 81 delivered once, by the same page', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await page.clock.install();
    await setQuota(context, page, site.origin, 600_000);
    await site.faults(REFUSING);
    await open();
    const states: string[] = [];
    for (let i = 0; i < ROUNDS; i++) states.push(...(await trackLarge(page, round(i))));
    expect(new Set(states)).toEqual(new Set(['stored', 'memory']));
    await setQuota(context, page, site.origin);
    await page.clock.fastForward(31_000);
    expect(await track(page, ['Room again'])).toEqual(['stored']);
    expect(await stats(page)).toMatchObject({ tracked: 81, delivered: 0, pending: 81 });
    await quiet(page);
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.names()).toEqual([...ALL, 'Room again']);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 81, delivered: 81, pending: 0 });
    expect(addsUp(await stats(page))).toBe(true);
    expect(await storageErrors(page)).toBe(1);
    await page.goto(`${site.origin}/next`);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
    expect(await standIn.account([...ALL, 'Room again'])).toEqual(once(81));
  });

  test('to the last byte, while stored events wait: they are delivered and removed all the same, 80 of 80 once', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults(REFUSING);
    await open();
    for (let i = 0; i < ROUNDS; i++) await trackLarge(page, round(i));
    await quiet(page);
    await setQuota(context, page, site.origin, 100_000);
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.account(ALL)).toEqual(once(80));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 80, delivered: 80, pending: 0 });
    await page.goto(`${site.origin}/next`);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
    expect(await standIn.account(ALL)).toEqual(once(80));
  });
});

const full = (
  on: IndexedDbFault['on'],
  how: IndexedDbFault['how'],
  more: Partial<IndexedDbFault> = {},
): IndexedDbFault => ({ on, how, error: 'QuotaExceededError', ...more });

/** The steps at which browsers find out. */
const found = ({ on, how }: IndexedDbFault): string =>
  how === 'abort'
    ? 'by its transaction’s end'
    : `by ${on}(), ${how === 'throw' ? 'at once' : 'in its answer'}`;

const WAITING = numbered(5, 'Waiting');
const NEW = numbered(5, 'New');

test.describe('found out while events are written', () => {
  for (const fault of [full('put', 'throw'), full('put', 'request'), full('commit', 'abort')]) {
    test(`${found(fault)}, twice: stored, 10 of 10 delivered once`, async ({ open, page, site, standIn }) => {
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      await track(page, WAITING);
      await quiet(page);
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      expect(await track(page, NEW)).toEqual(NEW.map(() => 'stored'));
      expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(2);
      await site.faults();
      await flush(page);
      await expect.poll(() => standIn.names()).toEqual([...WAITING, ...NEW]);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
      expect(await storageErrors(page)).toBe(0);
    });

    test(`${found(fault)}, for ever: 5 of 5 from memory; the 5 that are stored with the next page, and none twice`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      await track(page, WAITING);
      await quiet(page);
      await setIndexedDbFaults(page, fault);
      expect(await track(page, NEW)).toEqual(NEW.map(() => 'memory'));
      await site.faults();
      await flush(page);
      await expect.poll(() => standIn.names()).toEqual(NEW);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 5, pending: 5 });
      expect(addsUp(await stats(page))).toBe(true);
      expect(await storageErrors(page)).toBe(1);
      await page.goto(`${site.origin}/next`);
      await expect.poll(() => standIn.account([...WAITING, ...NEW]), { timeout: 20_000 }).toEqual(once(10));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      expect(new Set((await standIn.events()).map(({ messageId }) => messageId)).size).toBe(10);
    });
  }
});

test.describe('found out while events are read, of which some have expired', () => {
  for (const fault of [
    full('put', 'throw'),
    full('put', 'request'),
    full('delete', 'request'),
    full('commit', 'abort'),
  ]) {
    test(`${found(fault)}, twice: 5 expired, 5 of 5 delivered once`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await wrongClock(page, -8 * DAY_MS);
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      await track(page, WAITING);
      await quiet(page);
      await setClock(page, 0);
      await track(page, NEW);
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      await site.faults();
      await flush(page);
      expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(2);
      await expect.poll(() => standIn.names()).toEqual(NEW);
      await expect
        .poll(() => stats(page))
        .toMatchObject({ tracked: 10, delivered: 5, pending: 0, dropped: { expired: 5 } });
      expect(await told(page, 'dropped')).toHaveLength(5);
      expect(await storageErrors(page)).toBe(0);
    });
  }
});

test.describe('found out while delivered events are removed', () => {
  for (const fault of [
    full('put', 'throw'),
    full('put', 'request'),
    full('delete', 'request'),
    // The first is that of reading them.
    full('commit', 'abort', { from: 2 }),
  ]) {
    test(`${found(fault)}, twice: 5 of 5 delivered once`, async ({ open, page, site, standIn }) => {
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      await track(page, WAITING);
      await quiet(page);
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      await site.faults();
      await flush(page);
      expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(2);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      await page.goto(`${site.origin}/next`);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
      expect(await standIn.account(WAITING)).toEqual(once(5));
    });
  }
});
