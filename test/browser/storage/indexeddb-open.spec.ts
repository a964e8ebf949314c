/** IndexedDB cannot be opened: the page is unharmed, events wait in memory and are delivered, and it is told once. */
import { expect, stats, test, told } from '../../support/site/fixtures.ts';
import { breakIndexedDb, type IndexedDbFault } from '../../support/page/indexeddb-faults.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { OUTBOX } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, storageErrors, track, trackAll } from './setup.ts';

/** Each runs in the page before anything else. */
const REFUSALS: Readonly<Record<string, () => void>> = {
  'it has a newer version of the database': () => {
    const open = indexedDB.open.bind(indexedDB);
    indexedDB.open = (name) => {
      const newer = open(name, 9);
      newer.addEventListener('success', () => newer.result.close());
      return name.includes('cio') ? open(name, 1) : newer;
    };
  },
  'somebody else has made the database, without its store': () => {
    const open = indexedDB.open.bind(indexedDB);
    open('cio-first-party:client-api-key-web').addEventListener('success', ({ target }) =>
      (target as IDBOpenDBRequest).result.close(),
    );
  },
  'indexedDB is undefined': () => {
    Object.defineProperty(window, 'indexedDB', { value: undefined });
  },
  'indexedDB is null': () => {
    Object.defineProperty(window, 'indexedDB', { value: null });
  },
  'the getter of indexedDB throws': () => {
    Object.defineProperty(window, 'indexedDB', {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  },
};

const FAULTS: readonly IndexedDbFault[] = [
  { on: 'open', how: 'throw', error: 'SecurityError' },
  { on: 'open', how: 'throw', error: 'InvalidStateError' },
  ...['UnknownError', 'InvalidStateError', 'AbortError', 'QuotaExceededError'].map(
    (error) => ({ on: 'open', how: 'request', error }) as const,
  ),
];

const words = ({ how, error }: IndexedDbFault): string =>
  how === 'throw' ? `open() throws ${error}` : `open() is answered ${error}`;

const WAYS = [...Object.entries(REFUSALS), ...FAULTS.map((fault) => [words(fault), fault] as const)] as const;

test.describe('for ever: told once, kept in memory, 20 of 20 delivered once', () => {
  for (const [name, way] of WAYS) {
    test(name, async ({ open, page, site, standIn }) => {
      if (typeof way === 'function') await page.addInitScript(way);
      else await breakIndexedDb(page, way);
      await site.faults({ does: 'cut' });
      await open();
      expect(await track(page, numbered(20))).toEqual(numbered(20).map(() => 'memory'));
      expect(await stats(page)).toMatchObject({ tracked: 20, delivered: 0, pending: 20 });
      await site.faults();
      await flush(page);
      await expect.poll(() => standIn.account(numbered(20))).toEqual(once(20));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: 20, pending: 0 });
      expect(addsUp(await stats(page))).toBe(true);
      expect(await standIn.names()).toEqual(numbered(20));
      expect(await storageErrors(page)).toBe(1);
    });
  }

  test('open() never answers', async ({ open, page, standIn }) => {
    await page.clock.install();
    await breakIndexedDb(page, { on: 'open', how: 'hang' });
    await open();
    await trackAll(page, numbered(20));
    await expect
      .poll(async () => {
        await page.clock.fastForward(2_000);
        return (await told(page, 'error')).map(({ code }) => code);
      })
      .toEqual(['storage-unavailable']);
    await expect.poll(() => standIn.account(numbered(20))).toEqual(once(20));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: 20, pending: 0 });
    expect(await track(page, ['After'])).toEqual(['memory']);
  });
});

test.describe('at first only: stored as ever, and nothing is told', () => {
  const AT_FIRST: readonly (readonly [name: string, fault: IndexedDbFault])[] = [
    ...FAULTS.map((fault) => [`${words(fault)}, twice`, { ...fault, times: 2 }] as const),
    ['open() never answers the first time, as in Safari', { on: 'open', how: 'hang', times: 1 }],
  ];
  for (const [name, fault] of AT_FIRST) {
    test(name, async ({ open, page, site, standIn }) => {
      await breakIndexedDb(page, fault);
      await site.faults({ does: 'cut' });
      await open();
      expect(await track(page, numbered(20))).toEqual(numbered(20).map(() => 'stored'));
      expect(await page.evaluate(() => window.brokenIndexedDb.failures())).toBe(fault.times);
      expect(await told(page, 'error')).toEqual([]);
      await site.faults();
      await flush(page);
      await expect.poll(() => standIn.account(numbered(20))).toEqual(once(20));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: 20, pending: 0 });
    });
  }
});

test("never asked for: storage 'memory' writes no database", async ({ open, page, standIn }) => {
  await open('/shop', { outbox: { storage: 'memory' } });
  expect(await track(page, numbered(3))).toEqual(['memory', 'memory', 'memory']);
  await expect.poll(() => standIn.account(numbered(3))).toEqual(once(3));
  expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
  expect(await told(page, 'error')).toEqual([]);
});

test('opened for the first time: one database, of this client key', async ({ open, page }) => {
  await open();
  expect(await track(page, ['A'])).toEqual(['stored']);
  const databases = await page.evaluate(() => indexedDB.databases());
  expect(databases.map(({ name }) => name)).toEqual([OUTBOX]);
});

test.describe('and the file that stands in for it cannot be loaded either', () => {
  test('at first only: loaded again 30 s later, 5 of 5 delivered once from memory', async ({
    open,
    page,
    standIn,
  }) => {
    await page.clock.install();
    await breakIndexedDb(page, { on: 'open', how: 'throw', error: 'SecurityError' });
    await page.route('**/cio-recovery*.js*', (route) => route.fulfill({ status: 404, body: '' }), {
      times: 1,
    });
    await open();
    await trackAll(page, numbered(5));
    await expect.poll(() => storageErrors(page)).toBe(1);
    expect(await stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
    await page.clock.fastForward(31_000);
    await expect.poll(() => standIn.account(numbered(5))).toEqual(once(5));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
    expect(await track(page, ['After'])).toEqual(['memory']);
  });

  test('for ever: 5 of 5 delivered once as the page leaves', async ({ open, page, site, standIn }) => {
    await breakIndexedDb(page, { on: 'open', how: 'throw', error: 'SecurityError' });
    await page.route('**/cio-recovery*.js*', (route) => route.fulfill({ status: 404, body: '' }));
    await open();
    await trackAll(page, numbered(5));
    await expect.poll(() => storageErrors(page)).toBe(1);
    await page.goto(`${site.origin}/blank`);
    await expect.poll(() => standIn.account(numbered(5))).toEqual(once(5));
  });
});
