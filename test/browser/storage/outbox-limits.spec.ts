/** The outbox is full, or events grow too old: the oldest go first, each with its reason, and the counts add up. */
import type { Page } from 'playwright';
import type { DropReason } from '../../../src/index.ts';
import { expect, stats, told, toldTimes } from '../../support/site/fixtures.ts';
import { trackAll } from '../../support/page/calls.ts';
import { readLog } from '../../support/page/outbox-database.ts';
import { DAY_MS, setClock, setNextClock } from '../../support/page/page-clock.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expectAccount, type Row, test } from './broken-page.ts';
import { deliver, quiet, REFUSING, track, trackUnsent } from './setup.ts';

/** Tracks one event after the other. Returns their ids. */
const trackEach = (page: Page, names: readonly string[], bytes = 0): Promise<readonly string[]> =>
  page.evaluate(
    async ([all, size]) => {
      const ids = [];
      for (const name of all) ids.push((await window.analytics.track(name, { filler: 'x'.repeat(size) })).id);
      return ids;
    },
    [names, bytes] as const,
  );

/** The page was told of these drops, in this order, and of no others. */
async function expectDrops(page: Page, ids: readonly string[], reason: DropReason): Promise<void> {
  const drops = await told(page, 'dropped');
  expect(drops.map((drop) => [drop.id, drop.reason])).toEqual(ids.map((id) => [id, reason]));
}

const OLD = numbered(5, 'Old');

const COUNT: readonly Row[] = [
  ...(['indexeddb', 'memory'] as const).map((storage): Row => ({
    name: `${storage}: of 16, the 6 oldest are dropped and told in their order, 10 delivered once`,
    options: { outbox: { maxEvents: 10, storage } },
    async does({ page, site }) {
      const ids = await trackEach(page, numbered(16));
      await quiet(page);
      await expectDrops(page, ids.slice(0, 6), 'outbox-full');
      expect(await stats(page)).toMatchObject({ tracked: 16, pending: 10, dropped: { 'outbox-full': 6 } });
      await deliver({ page, site });
    },
    account: { arrived: numbered(16).slice(6), inOrder: true, dropped: { 'outbox-full': 6 } },
  })),
  {
    name: 'by calls of one task: of 30, the 20 oldest are dropped, 10 delivered once',
    options: { outbox: { maxEvents: 10 } },
    async does({ page, site }) {
      await trackAll(page, numbered(30));
      await quiet(page);
      await toldTimes(page, 'dropped', 20);
      expect(await stats(page)).toMatchObject({ tracked: 30, pending: 10, dropped: { 'outbox-full': 20 } });
      await deliver({ page, site });
    },
    account: { arrived: numbered(30).slice(20), inOrder: true, dropped: { 'outbox-full': 20 } },
  },
  {
    name: 'by events of an earlier page: of 8 + 4, the 2 oldest are dropped, 10 delivered once',
    options: { outbox: { maxEvents: 10 } },
    async does({ page, site }) {
      await trackUnsent(page, numbered(8, 'Old'));
      await page.reload();
      await track(page, numbered(4, 'New'), 'stored');
      await toldTimes(page, 'dropped', 2);
      expect(await stats(page)).toMatchObject({ tracked: 12, pending: 10, dropped: { 'outbox-full': 2 } });
      await deliver({ page, site });
    },
    account: {
      arrived: [...numbered(8, 'Old').slice(2), ...numbered(4, 'New')],
      inOrder: true,
      dropped: { 'outbox-full': 2 },
    },
  },
];

const BYTES: readonly Row[] = [
  {
    name: 'the oldest are dropped until the rest fits, and no more than these',
    options: { outbox: { maxBytes: 20_000 } },
    async does({ page, site, standIn }) {
      const ids = await trackEach(page, numbered(9), 3_000);
      await quiet(page);
      const head = new Map(await readLog(page)).get('head') as { readonly bytes: number };
      const eventBytes = head.bytes / (await stats(page)).pending;
      expect(Number.isInteger(eventBytes)).toBe(true);
      const kept = Math.floor(20_000 / eventBytes);
      const dropped = { 'outbox-full': 9 - kept };
      expect(9 - kept).toBeGreaterThan(0);
      await expectDrops(page, ids.slice(0, 9 - kept), 'outbox-full');
      expect(await stats(page)).toMatchObject({ tracked: 9, pending: kept, dropped });
      await deliver({ page, site });
      await expectAccount(page, standIn, { arrived: numbered(9).slice(9 - kept), inOrder: true, dropped });
    },
  },
  {
    name: 'by one event alone: it is dropped, and the next event, which fits, is delivered once',
    proxy: { does: 'pass' },
    options: { outbox: { maxBytes: 5_000 } },
    async does({ page, standIn }) {
      const large = await trackEach(page, ['Large'], 6_000);
      await trackEach(page, ['Small']);
      await expect.poll(() => standIn.names()).toEqual(['Small']);
      await expectDrops(page, large, 'outbox-full');
    },
    account: { arrived: ['Small'], dropped: { 'outbox-full': 1 } },
  },
];

const AGE: readonly Row[] = [
  ...(['indexeddb', 'memory'] as const).map((storage): Row => ({
    name: `${storage}: of 5 + 3, the 5 old events expire, 3 delivered once`,
    clockOffsetMs: 0,
    options: { outbox: { maxAgeMs: 3_600_000, storage } },
    async does({ page, site, standIn }) {
      const ids = await trackEach(page, OLD);
      await quiet(page);
      await setClock(page, 3_700_000);
      await trackEach(page, numbered(3, 'New'));
      await deliver({ page, site });
      await expect.poll(() => standIn.names()).toEqual(numbered(3, 'New'));
      await expectDrops(page, ids, 'expired');
    },
    account: { arrived: numbered(3, 'New'), inOrder: true, dropped: { expired: 5 } },
  })),
  {
    name: 'a visitor who comes back after 8 days: 5 expired, told by the new page; its own event is delivered once',
    clockOffsetMs: -8 * DAY_MS,
    async does({ page, site, standIn }) {
      const ids = await trackEach(page, OLD);
      await quiet(page);
      await setNextClock(page, 0);
      await page.goto(`${site.origin}/next`);
      await site.faults();
      await track(page, ['New'], 'stored');
      await deliver({ page, site });
      await expect.poll(() => standIn.names()).toEqual(['New']);
      await expectDrops(page, ids, 'expired');
    },
    account: { arrived: ['New'], dropped: { expired: 5 } },
  },
  {
    name: 'a visitor who comes back after 6 days: 5 of 5 delivered once',
    clockOffsetMs: -6 * DAY_MS,
    async does({ page, site }) {
      await trackUnsent(page, OLD);
      await setNextClock(page, 0);
      await page.goto(`${site.origin}/next`);
      await deliver({ page, site });
    },
    account: { arrived: OLD },
  },
];

for (const [limit, rows] of [
  ['full by count', COUNT],
  ['full by bytes', BYTES],
  ['older than maxAgeMs', AGE],
] as const) {
  test.describe(limit, () => {
    for (const row of rows) test(row.name, ({ brokenPage }) => brokenPage({ proxy: REFUSING, ...row }));
  });
}
