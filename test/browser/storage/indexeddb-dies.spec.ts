/** IndexedDB works, and then fails under the open page: at which step, how, and for how long. */
import type { Page } from 'playwright';
import { timesTaken } from '../../support/site/arrival.ts';
import { expect, stats } from '../../support/site/fixtures.ts';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { type IndexedDbFault, setIndexedDbFaults } from '../../support/page/indexeddb-faults.ts';
import { OUTBOX } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expectAccount, NOT_YET, type Row, test } from './broken-page.ts';
import { CUT, deliver, deliverFailingTwice, expectFailures, flush, quiet, REFUSING } from './setup.ts';
import { storageErrors, track, trackUnsent } from './setup.ts';

const words = ({ on, how, error = '' }: IndexedDbFault): string =>
  ({
    throw: `${on}() throws ${error}`,
    request: `${on}() fails with ${error}`,
    abort: `the transaction is aborted with ${error}`,
    hang: on === 'commit' ? 'the transaction ends without an event' : `${on}() is never answered`,
  })[how];

/** Each step fails with each of the errors that browsers are known for. */
const WRITING: readonly IndexedDbFault[] = [
  { on: 'transaction', how: 'throw', error: 'InvalidStateError' },
  { on: 'transaction', how: 'throw', error: 'NotFoundError' },
  { on: 'get', how: 'request', error: 'UnknownError' },
  { on: 'put', how: 'throw', error: 'TransactionInactiveError' },
  { on: 'put', how: 'request', error: 'UnknownError' },
  { on: 'commit', how: 'abort', error: 'AbortError' },
  { on: 'commit', how: 'abort', error: 'UnknownError' },
];
const READING: readonly IndexedDbFault[] = [
  { on: 'transaction', how: 'throw', error: 'InvalidStateError' },
  { on: 'get', how: 'request', error: 'UnknownError' },
  { on: 'getAll', how: 'request', error: 'UnknownError' },
  { on: 'getAll', how: 'throw', error: 'InvalidStateError' },
  { on: 'getAllKeys', how: 'request', error: 'AbortError' },
  { on: 'commit', how: 'abort', error: 'AbortError' },
];
const REMOVING: readonly IndexedDbFault[] = [
  { on: 'delete', how: 'throw', error: 'TransactionInactiveError' },
  { on: 'delete', how: 'request', error: 'UnknownError' },
  { on: 'put', how: 'request', error: 'UnknownError' },
  // The first transaction is that of reading the events.
  { on: 'commit', how: 'abort', error: 'AbortError', from: 2 },
];
const HANGING: readonly IndexedDbFault[] = [
  { on: 'get', how: 'hang' },
  { on: 'put', how: 'hang' },
  { on: 'commit', how: 'hang' },
];

const BEFORE = numbered(5, 'Before');
const AFTER = numbered(5, 'After');

async function trackDelivered(page: Page, names: readonly string[]): Promise<void> {
  await track(page, names, 'stored');
  await expect.poll(() => stats(page)).toMatchObject({ delivered: names.length, pending: 0 });
}

const writing = (fault: IndexedDbFault): readonly Row[] => [
  {
    name: `${words(fault)}, twice: stored at the third try, 10 of 10 delivered once`,
    async does({ page }) {
      await trackDelivered(page, BEFORE);
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      await track(page, AFTER, 'stored');
      await expectFailures(page, 2);
    },
    account: { arrived: [...BEFORE, ...AFTER] },
  },
  {
    name: `${words(fault)}, for ever: one error is told, 10 of 10 delivered once, the last 5 from memory`,
    async does({ page }) {
      await trackDelivered(page, BEFORE);
      await setIndexedDbFaults(page, fault);
      await track(page, AFTER, 'memory');
    },
    account: { arrived: [...BEFORE, ...AFTER], told: 1 },
  },
];

const reading = (fault: IndexedDbFault): readonly Row[] => [
  {
    name: `${words(fault)}, twice: 5 of 5 delivered once`,
    proxy: REFUSING,
    does: (visit) => deliverFailingTwice(visit, BEFORE, fault),
    account: { arrived: BEFORE },
  },
  {
    name: `${words(fault)}, for half a minute: 5 of 5 new events from memory, then the 5 that waited, all once`,
    fakeTimers: true,
    proxy: REFUSING,
    async does({ page, site, standIn }) {
      await trackUnsent(page, BEFORE);
      await setIndexedDbFaults(page, fault);
      await deliver({ page, site });
      expect(await storageErrors(page)).toBe(1);
      expect(await stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
      await track(page, AFTER, 'memory');
      await expectAccount(page, standIn, { arrived: AFTER, inOrder: true, pending: 5, told: 1 });

      await setIndexedDbFaults(page);
      await page.clock.fastForward(31_000);
      await flush(page);
    },
    account: { arrived: [...AFTER, ...BEFORE], inOrder: true, told: 1 },
  },
];

const removing = (fault: IndexedDbFault): readonly Row[] => [
  {
    name: `${words(fault)}, twice: 5 of 5 delivered once`,
    proxy: REFUSING,
    does: (visit) => deliverFailingTwice(visit, BEFORE, fault),
    account: { arrived: BEFORE },
    next: { delivered: 0 },
  },
  {
    name: `${words(fault)}, for ever: the next page sends the 5 events again, and none arrives twice`,
    proxy: REFUSING,
    async does({ page, site, standIn }) {
      const ids = await trackStored(page, BEFORE);
      await quiet(page);
      await setIndexedDbFaults(page, fault);
      await deliver({ page, site });
      expect(await standIn.names()).toHaveLength(5);
      await expectAccount(page, standIn, { arrived: BEFORE, told: 1 });
      await track(page, AFTER, 'memory');
      await expectAccount(page, standIn, { arrived: [...BEFORE, ...AFTER], told: 1 });

      await page.reload();
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      expect(await timesTaken(site, ids)).toEqual(ids.map(() => 2));
    },
    account: { arrived: [...BEFORE, ...AFTER], delivered: 5 },
  },
];

const hanging = (fault: IndexedDbFault): readonly Row[] => [
  {
    name: `${words(fault)}, once: stored at the second try, 10 of 10 delivered once`,
    fakeTimers: true,
    async does({ page }) {
      await trackDelivered(page, BEFORE);
      await setIndexedDbFaults(page, { ...fault, times: 1 });
      await trackAll(page, AFTER);
      await page.waitForFunction(() => window.brokenIndexedDb.failures() === 1);
      await page.clock.fastForward(10_000);
    },
    account: { arrived: [...BEFORE, ...AFTER] },
  },
  {
    name: `${words(fault)}, for ever: one error is told, 10 of 10 delivered once, the last 5 from memory`,
    fakeTimers: true,
    async does({ page }) {
      await trackDelivered(page, BEFORE);
      await setIndexedDbFaults(page, fault);
      await trackAll(page, AFTER);
      const errorsLater = async (): Promise<number> => {
        await page.clock.fastForward(10_000);
        return storageErrors(page);
      };
      await expect.poll(errorsLater).toBe(1);
    },
    account: { arrived: [...BEFORE, ...AFTER], told: 1 },
  },
];

const CONNECTION: readonly Row[] = [
  {
    name: 'by the browser, without an event, as by Safari: opened again, 10 of 10 delivered once',
    async does({ page }) {
      await track(page, BEFORE, 'stored');
      await page.evaluate(() => window.brokenIndexedDb.closeAll());
      await track(page, AFTER, 'stored');
    },
    account: { arrived: [...BEFORE, ...AFTER] },
  },
  {
    name: 'while events wait: 5 of 5 delivered once',
    proxy: CUT,
    async does({ page, site }) {
      await track(page, BEFORE, 'stored');
      await page.evaluate(() => window.brokenIndexedDb.closeAll());
      await deliver({ page, site });
    },
    account: { arrived: BEFORE },
  },
  {
    name: 'for a newer version in another tab: that tab is not blocked, 10 of 10 delivered once',
    proxy: CUT,
    async does({ context, page, site }) {
      await track(page, BEFORE, 'stored');
      const other = await context.newPage();
      await other.goto(`${site.origin}/blank`);
      const events = await other.evaluate(
        (name) =>
          new Promise<readonly string[]>((resolve) => {
            const seen: string[] = [];
            const opening = indexedDB.open(name, 2);
            opening.onblocked = () => seen.push('blocked');
            opening.onupgradeneeded = () => seen.push('upgraded');
            opening.onsuccess = () => resolve(seen);
          }),
        OUTBOX,
      );
      expect(events).toEqual(['upgraded']);
      await track(page, AFTER, 'stored');
      await deliver({ page, site });
    },
    account: { arrived: [...BEFORE, ...AFTER] },
  },
];

for (const [step, rows] of [
  ['while events are written', WRITING.flatMap(writing)],
  ['while waiting events are read', READING.flatMap(reading)],
  ['while delivered events are removed', REMOVING.flatMap(removing)],
  ['no answer', HANGING.flatMap(hanging)],
  ['the connection is closed', CONNECTION],
] as const) {
  test.describe(step, () => {
    for (const row of rows) test(row.name, ({ brokenPage }) => brokenPage({ breaks: NOT_YET, ...row }));
  });
}
