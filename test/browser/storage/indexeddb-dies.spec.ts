/** IndexedDB works, and then fails under the open page: at which step, how, and for how long. */
import type { BrowserContext, Page } from 'playwright';
import { timesTaken } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, type Site, stats, test } from '../../support/site/fixtures.ts';
import {
  breakIndexedDb,
  type IndexedDbFault,
  setIndexedDbFaults,
} from '../../support/page/indexeddb-faults.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { OUTBOX } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, lost, once, quiet, REFUSING, storageErrors, track, trackAll } from './setup.ts';

const words = ({ on, how, error = '' }: IndexedDbFault): string =>
  ({
    throw: `${on}() throws ${error}`,
    request: `${on}() is answered ${error}`,
    abort: `the transaction is aborted with ${error}`,
    hang: on === 'commit' ? 'the transaction ends and does not say so' : `${on}() is never answered`,
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
  // The first is that of reading them.
  { on: 'commit', how: 'abort', error: 'AbortError', from: 2 },
];

test.describe('while events are written', () => {
  for (const fault of WRITING) {
    test(`${words(fault)}, twice: stored at the third try, 10 of 10 delivered once`, async ({
      open,
      page,
      standIn,
    }) => {
      await breakIndexedDb(page);
      await open();
      await track(page, numbered(5));
      await expect.poll(() => stats(page)).toMatchObject({ delivered: 5, pending: 0 });
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      expect(await track(page, numbered(5, 'Then'))).toEqual(numbered(5).map(() => 'stored'));
      expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(2);
      const all = [...numbered(5), ...numbered(5, 'Then')];
      await expect.poll(() => standIn.account(all)).toEqual(once(10));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
      expect(await storageErrors(page)).toBe(0);
    });

    test(`${words(fault)}, for ever: from memory, told once, 10 of 10 delivered once`, async ({
      open,
      page,
      standIn,
    }) => {
      await breakIndexedDb(page);
      await open();
      await track(page, numbered(5));
      await expect.poll(() => stats(page)).toMatchObject({ delivered: 5, pending: 0 });
      await setIndexedDbFaults(page, fault);
      expect(await track(page, numbered(5, 'Then'))).toEqual(numbered(5).map(() => 'memory'));
      const all = [...numbered(5), ...numbered(5, 'Then')];
      await expect.poll(() => standIn.account(all)).toEqual(once(10));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
      expect(addsUp(await stats(page))).toBe(true);
      expect(await storageErrors(page)).toBe(1);
    });
  }
});

test.describe('while waiting events are read', () => {
  for (const fault of READING) {
    test(`${words(fault)}, twice: 5 of 5 delivered once`, async ({ open, page, site, standIn }) => {
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      await track(page, numbered(5));
      await quiet(page);
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      await site.faults();
      await flush(page);
      expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(2);
      await expect.poll(() => standIn.account(numbered(5))).toEqual(once(5));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      expect(await storageErrors(page)).toBe(0);
    });

    test(`${words(fault)}, for half a minute: 5 of 5 new ones from memory, then 5 of 5 that waited, all once`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await page.clock.install();
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      await track(page, numbered(5));
      await quiet(page);
      await setIndexedDbFaults(page, fault);
      await site.faults();
      await flush(page);
      expect(await storageErrors(page)).toBe(1);
      expect(await stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
      expect(await track(page, numbered(5, 'Then'))).toEqual(numbered(5).map(() => 'memory'));
      await expect.poll(() => standIn.names()).toEqual(numbered(5, 'Then'));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 5, pending: 5 });

      await setIndexedDbFaults(page);
      await page.clock.fastForward(31_000);
      await flush(page);
      await expect.poll(() => standIn.names()).toEqual([...numbered(5, 'Then'), ...numbered(5)]);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
      expect(addsUp(await stats(page))).toBe(true);
      expect(await storageErrors(page)).toBe(1);
    });
  }
});

test.describe('while delivered events are removed', () => {
  for (const fault of REMOVING) {
    test(`${words(fault)}, twice: 5 of 5 delivered once`, async ({ open, page, site, standIn }) => {
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      await track(page, numbered(5));
      await quiet(page);
      await setIndexedDbFaults(page, { ...fault, times: 2 });
      await site.faults();
      await flush(page);
      expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(2);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      expect(await standIn.account(numbered(5))).toEqual(once(5));
      expect(await storageErrors(page)).toBe(0);
      await page.reload();
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
      expect(await standIn.account(numbered(5))).toEqual(once(5));
    });

    test(`${words(fault)}, for ever: counted as delivered; only the next page, which cannot know, sends them again, and none comes twice`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await breakIndexedDb(page);
      await site.faults(REFUSING);
      await open();
      const ids = await trackStored(page, numbered(5));
      await quiet(page);
      await setIndexedDbFaults(page, fault);
      await site.faults();
      await flush(page);
      expect(await standIn.account(numbered(5))).toEqual(once(5));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      expect(await storageErrors(page)).toBe(1);
      expect(await track(page, numbered(5, 'Then'))).toEqual(numbered(5).map(() => 'memory'));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
      expect(await standIn.account(numbered(5))).toEqual(once(5));

      await page.reload();
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
      expect(await timesTaken(site, ids)).toEqual(ids.map(() => 2));
      expect(await standIn.account(numbered(5))).toEqual(once(5));
      expect(await standIn.account(numbered(5, 'Then'))).toEqual(once(5));
      expect(new Set((await standIn.events()).map(({ messageId }) => messageId)).size).toBe(10);
    });
  }
});

test.describe('it gives no answer', () => {
  for (const on of ['get', 'put', 'commit'] as const) {
    const name = words({ on, how: 'hang' });
    test(`${name}, once: stored at the second try, 6 of 6 delivered once`, async ({
      open,
      page,
      standIn,
    }) => {
      await page.clock.install();
      await breakIndexedDb(page);
      await open();
      await track(page, ['First']);
      await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
      await setIndexedDbFaults(page, { on, how: 'hang', times: 1 });
      await trackAll(page, numbered(5));
      await page.waitForFunction(() => window.brokenIndexedDb.failures() === 1);
      await page.clock.fastForward(10_000);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
      expect(await standIn.account(['First', ...numbered(5)])).toEqual(once(6));
      expect(await storageErrors(page)).toBe(0);
      expect(addsUp(await stats(page))).toBe(true);
    });

    test(`${name}, for ever: from memory, told once, 6 of 6 delivered once`, async ({
      open,
      page,
      standIn,
    }) => {
      await page.clock.install();
      await breakIndexedDb(page);
      await open();
      await track(page, ['First']);
      await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
      await setIndexedDbFaults(page, { on, how: 'hang' });
      await trackAll(page, numbered(5));
      await expect
        .poll(async () => {
          await page.clock.fastForward(10_000);
          return storageErrors(page);
        })
        .toBe(1);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
      expect(await standIn.account(['First', ...numbered(5)])).toEqual(once(6));
      expect(addsUp(await stats(page))).toBe(true);
    });
  }
});

test.describe('the connection is closed', () => {
  test('without a word, as by Safari: opened again, 10 of 10 delivered once', async ({
    open,
    page,
    standIn,
  }) => {
    await breakIndexedDb(page);
    await open();
    await track(page, numbered(5));
    await page.evaluate(() => window.brokenIndexedDb.closeAll());
    expect(await track(page, numbered(5, 'Then'))).toEqual(numbered(5).map(() => 'stored'));
    const all = [...numbered(5), ...numbered(5, 'Then')];
    await expect.poll(() => standIn.account(all)).toEqual(once(10));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
    expect(await storageErrors(page)).toBe(0);
  });

  test('while events wait: 5 of 5 delivered once', async ({ open, page, site, standIn }) => {
    await breakIndexedDb(page);
    await site.faults({ does: 'cut' });
    await open();
    await track(page, numbered(5));
    await page.evaluate(() => window.brokenIndexedDb.closeAll());
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.account(numbered(5))).toEqual(once(5));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
  });

  test('for a newer version in another tab: that one need not wait, and 10 of 10 are delivered once', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: 'cut' });
    await open();
    await track(page, numbered(5));
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
    expect(await track(page, numbered(5, 'Then'))).toEqual(numbered(5).map(() => 'stored'));
    await site.faults();
    await flush(page);
    const all = [...numbered(5), ...numbered(5, 'Then')];
    await expect.poll(() => standIn.account(all)).toEqual(once(10));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
    expect(await storageErrors(page)).toBe(0);
  });
});

test.describe('deleted under the open page', () => {
  /** Nothing of the SDK's may hold the deletion up. */
  const deleteAll = (on: Page): Promise<void> =>
    on.evaluate(async () => {
      for (const { name = '' } of await indexedDB.databases()) {
        await new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase(name);
          request.addEventListener('success', () => resolve());
          request.addEventListener('blocked', () => reject(new Error(`${name} is held open`)));
        });
      }
    });

  type Deletion = (needs: {
    readonly context: BrowserContext;
    readonly page: Page;
    readonly site: Site;
  }) => Promise<void>;

  const DELETIONS: Readonly<Record<string, Deletion>> = {
    'by the page itself': ({ page }) => deleteAll(page),
    async 'by another tab'({ context, site }) {
      const other = await context.newPage();
      await other.goto(`${site.origin}/blank`);
      await deleteAll(other);
    },
    async 'by `Clear site data`'({ context, page, site }) {
      const session = await context.newCDPSession(page);
      await session.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'all' });
    },
  };

  for (const [name, destroy] of Object.entries(DELETIONS)) {
    test(`${name}, while nothing waits: it goes on, 6 of 6 delivered once`, async ({
      context,
      open,
      page,
      site,
      standIn,
    }) => {
      await open();
      await track(page, ['Before']);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
      await destroy({ context, page, site });
      expect(await track(page, numbered(5))).toEqual(numbered(5).map(() => 'stored'));
      await flush(page);
      await expect.poll(() => standIn.account(['Before', ...numbered(5)])).toEqual(once(6));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
    });

    test(`${name}, while events of this page wait: 8 of 8 delivered once, from memory`, async ({
      context,
      open,
      page,
      site,
      standIn,
    }) => {
      await site.faults({ does: 'cut' });
      await open();
      await track(page, numbered(5, 'Before'));
      await destroy({ context, page, site });
      expect(await track(page, numbered(3, 'After'))).toEqual(numbered(3).map(() => 'stored'));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 8, delivered: 0, pending: 8 });
      await site.faults();
      await flush(page);
      const all = [...numbered(5, 'Before'), ...numbered(3, 'After')];
      await expect.poll(() => standIn.account(all)).toEqual(once(8));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 8, delivered: 8, pending: 0 });
    });
  }

  test('while events of an earlier page wait: those 5 are lost, counted and told; 3 of 3 later ones arrive', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await open();
    await track(page, ['Delivered']);
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
    await site.faults({ does: 'cut' });
    await track(page, numbered(5, 'Before'));
    // To a page that is not the one which has them in memory; that one could not send them either.
    await page.goto(`${site.origin}/blank`);
    await page.goto(`${site.origin}/shop`);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
    await DELETIONS['by another tab']?.({ context, page, site });
    expect(await track(page, numbered(3, 'After'))).toEqual(numbered(3).map(() => 'stored'));
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.account(numbered(3, 'After'))).toEqual(once(3));
    expect(await standIn.account(numbered(5, 'Before'))).toEqual(lost(5));
    await expect
      .poll(() => stats(page))
      .toMatchObject({ tracked: 8, delivered: 3, pending: 0, dropped: { storage: 5 } });
    expect(addsUp(await stats(page))).toBe(true);
    expect(await storageErrors(page)).toBe(1);
  });
});
