/** The disk is full: what was stored is delivered, what could not be stored is delivered from memory. */
import type { Page } from 'playwright';
import { expect, stats, told } from '../../support/site/fixtures.ts';
import { type IndexedDbFault, setIndexedDbFaults } from '../../support/page/indexeddb-faults.ts';
import { DAY_MS, setClock } from '../../support/page/page-clock.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expectAccount, NOT_YET, type Row, test, type Visit } from './broken-page.ts';
import { deliver, deliverFailingTwice, expectFailures, flush, quiet, REFUSING } from './setup.ts';
import { storageErrors, track, trackUnsent } from './setup.ts';

/** Sets how many bytes the browser really keeps for the origin of the site. Without a number: as many as ever. */
async function setQuota({ context, page, site }: Visit, quotaSize?: number): Promise<void> {
  const session = await context.newCDPSession(page);
  const quota = quotaSize ? { quotaSize } : {};
  await session.send('Storage.overrideQuotaForOrigin', { origin: site.origin, ...quota });
}

const ROUNDS = Array.from({ length: 8 }, (_, i) => numbered(10, `Round ${i} event`));
const ALL = ROUNDS.flat();

/** Tracks `ALL`, ten events in one task; each has 11 KB that no disk can compress. Returns the states of the receipts. */
async function trackLarge(page: Page): Promise<readonly string[]> {
  const states: string[] = [];
  for (const round of ROUNDS) {
    states.push(
      ...(await page.evaluate(async (names) => {
        const noise = (): string =>
          Array.from(crypto.getRandomValues(new Uint8Array(5_500)), (byte) =>
            byte.toString(16).padStart(2, '0'),
          ).join('');
        const receipts = names.map((name) => window.analytics.track(name, { noise: noise() }));
        return (await Promise.all(receipts)).map(({ state }) => state);
      }, round)),
    );
  }
  return states;
}

/** This many large events fit into the 64 KiB that a page may send as it leaves. */
const FAREWELL = 5;

const REALLY_FULL: readonly Row[] = [
  ...[50_000, 600_000].map((quotaBytes): Row => ({
    name: `${quotaBytes / 1_000} KB, the proxy down, then up, and room again for the next page: 80 of 80 delivered once`,
    before: (visit) => setQuota(visit, quotaBytes),
    async does(visit) {
      const { page, site, standIn } = visit;
      const states = await trackLarge(page);
      const stored = states.filter((state) => state === 'stored').length;
      // 50 KB hold not even an empty database. The browser decides how much room an event takes in 600 KB.
      if (quotaBytes === 50_000) expect(stored).toBe(0);
      else expect(stored).toBeGreaterThan(FAREWELL);
      expect(stored).toBeLessThan(80);
      // After the first refusal nothing is stored any more: all stored events are older than all in memory.
      expect(states).toEqual(ALL.map((_, i) => (i < stored ? 'stored' : 'memory')));
      expect(await stats(page)).toMatchObject({ tracked: 80, delivered: 0, pending: 80 });
      expect(await storageErrors(page)).toBe(1);

      await quiet(page);
      await deliver({ page, site });
      await expectAccount(page, standIn, { arrived: ALL.slice(stored), pending: stored, told: 1 });

      await setQuota(visit);
      await page.goto(`${site.origin}/next`);
      await flush(page);
      await expectAccount(page, standIn, { arrived: ALL, delivered: stored });
      await track(page, ['After'], 'stored');
    },
  })),
  {
    name: '600 KB, room again, and a call 30 s later, then the proxy up: 81 of 81 delivered once, by the same page',
    before: (visit) => setQuota(visit, 600_000),
    fakeTimers: true,
    async does(visit) {
      const { page } = visit;
      expect(new Set(await trackLarge(page))).toEqual(new Set(['stored', 'memory']));
      await setQuota(visit);
      await page.clock.fastForward(31_000);
      await track(page, ['Room again'], 'stored');
      expect(await stats(page)).toMatchObject({ tracked: 81, delivered: 0, pending: 81 });
      await quiet(page);
      await deliver(visit);
    },
    account: { arrived: [...ALL, 'Room again'], inOrder: true, told: 1 },
    next: { delivered: 0 },
  },
  {
    name: 'to the last byte, while stored events wait: they are delivered and removed all the same, 80 of 80 once',
    async does(visit) {
      await trackLarge(visit.page);
      await quiet(visit.page);
      await setQuota(visit, 100_000);
      await deliver(visit);
    },
    account: { arrived: ALL },
    next: { delivered: 0 },
  },
];

/** A step at which browsers find out that the disk is full. */
type Step = IndexedDbFault & { readonly found: string };

const error = 'QuotaExceededError';
const PUT_THROWS: Step = { on: 'put', how: 'throw', error, found: 'put() throws' };
const PUT_FAILS: Step = { on: 'put', how: 'request', error, found: 'put() fails' };
const DELETE_FAILS: Step = { on: 'delete', how: 'request', error, found: 'delete() fails' };
const ABORTED: Step = { on: 'commit', how: 'abort', error, found: 'the transaction is aborted' };

const WAITING = numbered(5, 'Waiting');
const NEW = numbered(5, 'New');

const WRITING = [PUT_THROWS, PUT_FAILS, ABORTED].flatMap(({ found, ...fault }): readonly Row[] => [
  {
    name: `${found}, twice: stored at the third try, 10 of 10 delivered once`,
    async does({ page, site }) {
      await trackUnsent(page, WAITING);
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      await track(page, NEW, 'stored');
      await expectFailures(page, 2);
      await deliver({ page, site });
    },
    account: { arrived: [...WAITING, ...NEW], inOrder: true },
  },
  {
    name: `${found}, for ever: 5 of 5 from memory, the 5 that are stored with the next page, and none twice`,
    async does({ page, site, standIn }) {
      await trackUnsent(page, WAITING);
      await setIndexedDbFaults(page, fault);
      await track(page, NEW, 'memory');
      await deliver({ page, site });
      await expectAccount(page, standIn, { arrived: NEW, inOrder: true, pending: 5, told: 1 });
      await page.goto(`${site.origin}/next`);
    },
    account: { arrived: [...WAITING, ...NEW], delivered: 5 },
  },
]);

const READING = [PUT_THROWS, PUT_FAILS, DELETE_FAILS, ABORTED].map(({ found, ...fault }): Row => ({
  name: `${found}, twice: 5 expired, 5 of 5 delivered once`,
  clockOffsetMs: -8 * DAY_MS,
  breaks: NOT_YET,
  proxy: REFUSING,
  async does({ page, site }) {
    await trackUnsent(page, WAITING);
    await setClock(page, 0);
    await track(page, NEW, 'stored');
    await setIndexedDbFaults(page, { ...fault, times: 2 });
    await deliver({ page, site });
    await expectFailures(page, 2);
  },
  account: { arrived: NEW, inOrder: true, dropped: { expired: 5 } },
  alsoCheck: async ({ page }) => expect(await told(page, 'dropped')).toHaveLength(5),
}));

// The first transaction is that of reading the events.
const REMOVING = [PUT_THROWS, PUT_FAILS, DELETE_FAILS, { ...ABORTED, from: 2 }].map(
  ({ found, ...fault }): Row => ({
    name: `${found}, twice: 5 of 5 delivered once`,
    does: (visit) => deliverFailingTwice(visit, WAITING, fault),
    account: { arrived: WAITING },
    next: { delivered: 0 },
  }),
);

test.describe('really full', () => {
  for (const row of REALLY_FULL) test(row.name, ({ brokenPage }) => brokenPage({ proxy: REFUSING, ...row }));
});

for (const [when, rows] of [
  ['found out while events are written', WRITING],
  ['found out while events are read, of which some have expired', READING],
  ['found out while delivered events are removed', REMOVING],
] as const) {
  test.describe(when, () => {
    for (const row of rows)
      test(row.name, ({ brokenPage }) => brokenPage({ breaks: NOT_YET, proxy: REFUSING, ...row }));
  });
}
