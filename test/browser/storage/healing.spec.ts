/** IndexedDB was broken and works again: events that wait in memory move there, nothing is sent twice, and the counts go on. */
import type { Page } from 'playwright';
import { expect, stats, told } from '../../support/site/fixtures.ts';
import { type IndexedDbFault, setIndexedDbFaults } from '../../support/page/indexeddb-faults.ts';
import { type Log, readLog } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expectAccount, NOT_YET, type Row, test } from './broken-page.ts';
import { deliver, flush, localKeys, quiet, REFUSING, REFUSING_FOR_AN_HOUR, setVisibility } from './setup.ts';
import { storageErrors, track, trackUnsent } from './setup.ts';

/** Nothing of IndexedDB works. */
const BROKEN: readonly IndexedDbFault[] = [
  { on: 'open', how: 'request', error: 'UnknownError' },
  { on: 'transaction', how: 'throw', error: 'InvalidStateError' },
];

/** The SDK tries IndexedDB again 30 s after it has failed. */
const TRIED_AGAIN_MS = 31_000;

const STORED = numbered(3, 'Stored');
const MEMORY = numbered(5, 'In memory');
const NEW = numbered(2, 'New');
const DELIVERED = numbered(5, 'Delivered');

/** Three events are stored, then IndexedDB breaks, and five more events are in memory. */
async function breakDown(page: Page): Promise<void> {
  await trackUnsent(page, STORED);
  await setIndexedDbFaults(page, ...BROKEN);
  await track(page, MEMORY, 'memory');
  expect(await storageErrors(page)).toBe(1);
}

/** IndexedDB works again, and it is time to try it. */
async function heal(page: Page): Promise<void> {
  await setIndexedDbFaults(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
}

/** Forgets how long the proxy wants to be left alone: the next page sends at once. */
const forgetTheWait = (page: Page): Promise<void> => page.evaluate(() => localStorage.clear());

/** Names of the events that the log holds, in their order. */
const logged = (log: Log): readonly string[] =>
  log.flatMap(([, value]) =>
    ((value as { readonly events?: readonly { readonly json: string }[] }).events ?? []).map(
      ({ json }) => (JSON.parse(json) as { readonly event: string }).event,
    ),
  );

/** Ids that were told as stored, each as often as it was told. */
const storedIds = async (page: Page): Promise<readonly string[]> =>
  (await told(page, 'stored')).flatMap(({ ids }) => ids ?? []);

const WHEN: readonly Row[] = [
  {
    name: 'at a call, 30 s later and not sooner: all are stored, in their order, and the next page delivers 11 of 11 once',
    proxy: REFUSING_FOR_AN_HOUR,
    async does({ page, site }) {
      await breakDown(page);
      await setIndexedDbFaults(page);
      await page.clock.fastForward(20_000);
      await track(page, ['Too soon'], 'memory');
      await page.clock.fastForward(TRIED_AGAIN_MS - 20_000);
      await track(page, NEW, 'stored');
      expect(logged(await readLog(page))).toEqual([...STORED, ...MEMORY, 'Too soon', ...NEW]);
      expect(await stats(page)).toMatchObject({ tracked: 11, delivered: 0, pending: 11 });
      const ids = await storedIds(page);
      expect([ids.length, new Set(ids).size]).toEqual([11, 11]);
      expect(await storageErrors(page)).toBe(1);
      await forgetTheWait(page);
      await site.faults();
      await page.goto(`${site.origin}/next`);
    },
    account: { arrived: [...STORED, ...MEMORY, 'Too soon', ...NEW], inOrder: true },
  },
  {
    name: 'as the page becomes visible, without a call: 8 of 8 are stored, none is sent',
    proxy: REFUSING_FOR_AN_HOUR,
    async does({ page }) {
      await breakDown(page);
      await heal(page);
      await setVisibility(page, 'hidden');
      await setVisibility(page, 'visible');
      await expect.poll(async () => logged(await readLog(page))).toEqual([...STORED, ...MEMORY]);
      await expect.poll(async () => (await storedIds(page)).length).toBe(8);
      expect(await stats(page)).toMatchObject({ tracked: 8, delivered: 0, pending: 8 });
    },
    account: { arrived: [], pending: 8, told: 1 },
  },
  {
    name: 'while the proxy works: 5 from memory, then 3 of the log and 2 new events; 10 of 10 delivered once',
    proxy: REFUSING,
    async does({ page, site, standIn }) {
      await breakDown(page);
      await deliver({ page, site });
      await expectAccount(page, standIn, { arrived: MEMORY, inOrder: true, pending: 3, told: 1 });
      await heal(page);
      await track(page, NEW, 'stored');
      await flush(page);
    },
    account: { arrived: [...MEMORY, ...STORED, ...NEW], inOrder: true, told: 1 },
    next: { delivered: 0 },
  },
  {
    name: 'never opened before: 3 of an earlier page, 5 from memory and 2 new events, 10 of 10 delivered once',
    async before({ context, open, site }) {
      const earlier = await open('/shop', {}, await context.newPage());
      await site.faults(REFUSING_FOR_AN_HOUR);
      await trackUnsent(earlier, STORED);
      await earlier.close();
    },
    breaks: BROKEN,
    proxy: REFUSING_FOR_AN_HOUR,
    async does({ context, open, page, site }) {
      await track(page, MEMORY, 'memory');
      expect(await stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
      await heal(page);
      await track(page, NEW, 'stored');
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
      await forgetTheWait(page);
      await site.faults();
      await page.close();
      return open('/shop', {}, await context.newPage());
    },
    account: { arrived: [...STORED, ...MEMORY, ...NEW] },
  },
  {
    name: 'still broken at the next try: no second error, stored at the try after that, 9 of 9 delivered once',
    proxy: REFUSING,
    async does({ page, site }) {
      await breakDown(page);
      await page.clock.fastForward(TRIED_AGAIN_MS);
      await track(page, ['Still broken'], 'memory');
      await heal(page);
      expect(await storageErrors(page)).toBe(1);
      await deliver({ page, site });
    },
    account: { arrived: [...STORED, ...MEMORY, 'Still broken'], told: 1 },
  },
  {
    name: 'broken, whole, broken, whole: told twice, the next page delivers 21 of 21 once, in their order',
    proxy: REFUSING_FOR_AN_HOUR,
    async does({ page, site }) {
      for (const turn of [1, 2]) {
        await track(page, numbered(5, `Whole ${turn}`), 'stored');
        await setIndexedDbFaults(page, ...BROKEN);
        await track(page, numbered(5, `Broken ${turn}`), 'memory');
        await heal(page);
      }
      await track(page, ['Last'], 'stored');
      expect(await stats(page)).toMatchObject({ tracked: 21, delivered: 0, pending: 21 });
      expect(await storageErrors(page)).toBe(2);
      await forgetTheWait(page);
      await site.faults();
      await page.goto(`${site.origin}/next`);
    },
    account: {
      arrived: [
        ...[...numbered(5, 'Whole 1'), ...numbered(5, 'Broken 1')],
        ...[...numbered(5, 'Whole 2'), ...numbered(5, 'Broken 2'), 'Last'],
      ],
      inOrder: true,
    },
  },
  {
    name: 'delivered events that could not be removed are removed, not sent again: 6 of 6 delivered once',
    proxy: REFUSING,
    async does({ page, site }) {
      await trackUnsent(page, DELIVERED);
      await setIndexedDbFaults(page, { on: 'delete', how: 'request', error: 'UnknownError' });
      await deliver({ page, site });
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      await heal(page);
      await track(page, ['New'], 'stored');
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
      await page.goto(`${site.origin}/next`);
      await flush(page);
    },
    account: { arrived: [...DELIVERED, 'New'], delivered: 0 },
  },
  {
    name: 'one of two tabs is broken: it sends by itself, then shares the log of the other tab, 8 of 8 delivered once',
    // The other tab of the visitor.
    before: async ({ context, open }) => open('/shop', {}, await context.newPage()),
    breaks: BROKEN,
    async does({ context, page, site, standIn }) {
      const other = context.pages().find((each) => each !== page);
      if (!other) throw new Error('There is no other tab');
      await track(page, MEMORY, 'memory');
      await track(other, ['Other'], 'stored');
      await expect.poll(async () => [...(await standIn.names())].sort()).toEqual([...MEMORY, 'Other']);
      await site.faults(REFUSING_FOR_AN_HOUR);
      await track(page, ['Waits'], 'memory');
      await quiet(page);
      await heal(page);
      await track(page, ['New'], 'stored');
      await site.faults();
      await page.close();
      await forgetTheWait(other);
      await other.reload();
      return other;
    },
    account: { arrived: [...MEMORY, 'Other', 'Waits', 'New'], delivered: 2 },
  },
];

const LEAVES: readonly Row[] = [
  {
    name: 'the proxy down: the next page takes 5 events from the lifeboat, 8 of 8 delivered once',
    proxy: REFUSING,
    async does({ page, site }) {
      await breakDown(page);
      await page.goto(`${site.origin}/blank`);
      expect(await localKeys(page, 'lifeboat')).toHaveLength(1);
      await site.faults();
      await page.goto(`${site.origin}/next`);
    },
    account: { arrived: [...STORED, ...MEMORY] },
    alsoCheck: ({ page }) => expect.poll(() => localKeys(page, 'lifeboat')).toEqual([]),
  },
  {
    name: 'IndexedDB refused on the next pages too: kept from page to page, until 5 of 5 are delivered once',
    breaks: BROKEN,
    proxy: REFUSING,
    async does({ page, site, standIn }) {
      await track(page, MEMORY, 'memory');
      await quiet(page);
      for (const path of ['/second', '/third']) {
        await page.goto(site.origin + path);
        await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
        await quiet(page);
      }
      await deliver({ page, site });
      await expect.poll(() => standIn.names()).toEqual(MEMORY);
      await page.goto(`${site.origin}/fourth`);
      await expect.poll(() => storageErrors(page)).toBe(1);
    },
    account: { arrived: MEMORY, inOrder: true, delivered: 0, told: 1 },
  },
  {
    name: 'the proxy up, and nothing sent yet: 6 of 6 delivered by a request that outlives the page',
    breaks: BROKEN,
    options: { delivery: { flushIntervalMs: 60_000 } },
    async does({ page, site }) {
      await track(page, ['First'], 'memory');
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
      await track(page, MEMORY, 'memory');
      await page.goto(`${site.origin}/blank`);
    },
    account: { arrived: ['First', ...MEMORY], pageHasLeft: true },
  },
];

for (const row of WHEN)
  test(row.name, ({ brokenPage }) => brokenPage({ fakeTimers: true, breaks: NOT_YET, ...row }));

test.describe('the page leaves before IndexedDB works again', () => {
  for (const row of LEAVES) test(row.name, ({ brokenPage }) => brokenPage({ breaks: NOT_YET, ...row }));
});
