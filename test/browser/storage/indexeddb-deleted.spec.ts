/** The database is deleted under the open page: the page goes on, and delivers from memory what its own calls have put in. */
import type { Page } from 'playwright';
import { expect, stats } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { type Row, test, type Visit } from './broken-page.ts';
import { CUT, deliver, flush, track } from './setup.ts';

const BEFORE = numbered(5, 'Before');
const AFTER = numbered(3, 'After');

/** Fails where the SDK holds the deletion up. */
const deleteAll = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    for (const { name = '' } of await indexedDB.databases()) {
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.addEventListener('success', () => resolve());
        request.addEventListener('blocked', () => reject(new Error(`${name} is held open`)));
      });
    }
  });

async function deleteInAnotherTab({ context, site }: Visit): Promise<void> {
  const other = await context.newPage();
  await other.goto(`${site.origin}/blank`);
  await deleteAll(other);
}

async function clearSiteData({ context, page, site }: Visit): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'all' });
}

const DELETIONS = [
  { by: 'by the page itself', deletes: ({ page }: Visit) => deleteAll(page) },
  { by: 'by another tab', deletes: deleteInAnotherTab },
  { by: 'by `Clear site data`', deletes: clearSiteData },
] as const;

const ROWS: readonly Row[] = [
  ...DELETIONS.flatMap(({ by, deletes }): readonly Row[] => [
    {
      name: `${by}, while nothing waits: one error is told, 8 of 8 delivered once`,
      async does(visit) {
        await track(visit.page, BEFORE, 'stored');
        await expect.poll(() => stats(visit.page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
        await deletes(visit);
        await track(visit.page, AFTER, 'stored');
        await flush(visit.page);
      },
      account: { arrived: [...BEFORE, ...AFTER], told: 1 },
    },
    {
      name: `${by}, while events of this page wait: one error is told, 8 of 8 delivered once`,
      proxy: CUT,
      async does(visit) {
        await track(visit.page, BEFORE, 'stored');
        await deletes(visit);
        await track(visit.page, AFTER, 'stored');
        await expect.poll(() => stats(visit.page)).toMatchObject({ tracked: 8, delivered: 0, pending: 8 });
        await deliver(visit);
      },
      account: { arrived: [...BEFORE, ...AFTER], told: 1 },
    },
  ]),
  {
    name: 'while events of an earlier page wait: those 5 are lost, counted and told; 3 of 3 later events arrive',
    async does(visit) {
      const { page, site } = visit;
      await track(page, ['Delivered'], 'stored');
      await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
      await site.faults(CUT);
      await track(page, BEFORE, 'stored');
      // The last page does not have the events in memory, and the first page has left: neither can send them.
      await page.goto(`${site.origin}/blank`);
      await page.goto(`${site.origin}/shop`);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
      await deleteInAnotherTab(visit);
      await track(page, AFTER, 'stored');
      await deliver(visit);
    },
    account: { arrived: ['Delivered', ...AFTER], delivered: 3, dropped: { storage: 5 }, told: 1 },
  },
];

for (const row of ROWS) test(row.name, ({ brokenPage }) => brokenPage(row));
