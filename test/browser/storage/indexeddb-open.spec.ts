/** IndexedDB cannot be opened: the page is unharmed, events wait in memory and are delivered, and one error is told. */
import { expect, stats, told } from '../../support/site/fixtures.ts';
import { trackAll } from '../../support/page/calls.ts';
import type { IndexedDbFault } from '../../support/page/indexeddb-faults.ts';
import { OUTBOX } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { type Row, test, type Visit } from './broken-page.ts';
import { CUT, deliver, expectFailures, storageErrors, track } from './setup.ts';

const TWENTY = numbered(20);
const FIVE = numbered(5);
/** The lazy file with the store in memory. */
const RECOVERY_FILE = '**/cio-recovery*.js*';

/** Each runs in the page before any other script. */
const REFUSALS: Readonly<Record<string, () => void>> = {
  'the browser has a newer version of the database': () => {
    const open = indexedDB.open.bind(indexedDB);
    indexedDB.open = (name) => {
      const newer = open(name, 9);
      newer.addEventListener('success', () => newer.result.close());
      return name.includes('cio') ? open(name, 1) : newer;
    };
  },
  'another script has made the database, without the store of the SDK': () => {
    const open = indexedDB.open.bind(indexedDB);
    open('cio-first-party:client-api-key-web').addEventListener('success', ({ target }) =>
      (target as IDBOpenDBRequest).result.close(),
    );
  },
  'indexedDB is undefined': () => void Object.defineProperty(window, 'indexedDB', { value: undefined }),
  'indexedDB is null': () => void Object.defineProperty(window, 'indexedDB', { value: null }),
  'the getter of indexedDB throws': () => {
    const get = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(window, 'indexedDB', { get });
  },
};

const FAULTS: readonly IndexedDbFault[] = [
  { on: 'open', how: 'throw', error: 'SecurityError' },
  { on: 'open', how: 'throw', error: 'InvalidStateError' },
  { on: 'open', how: 'request', error: 'UnknownError' },
  { on: 'open', how: 'request', error: 'InvalidStateError' },
  { on: 'open', how: 'request', error: 'AbortError' },
  { on: 'open', how: 'request', error: 'QuotaExceededError' },
];

const words = ({ how, error }: IndexedDbFault): string =>
  how === 'throw' ? `open() throws ${error}` : `open() fails with ${error}`;

const FOR_EVER: readonly Pick<Row, 'name' | 'refuses' | 'breaks'>[] = [
  ...Object.entries(REFUSALS).map(([name, refuses]) => ({ name, refuses })),
  ...FAULTS.map((fault) => ({ name: words(fault), breaks: [fault] })),
];

const AT_FIRST: readonly { readonly name: string; readonly fault: IndexedDbFault; readonly times: number }[] =
  [
    ...FAULTS.map((fault) => ({ name: `${words(fault)}, twice`, fault, times: 2 })),
    {
      name: 'open() never answers the first time, as in Safari',
      fault: { on: 'open', how: 'hang' },
      times: 1,
    },
  ];

/** Waits until the page was told that IndexedDB fails. */
const errorTold = (page: Visit['page']): Promise<void> => expect.poll(() => storageErrors(page)).toBe(1);

test.describe('for ever: one error is told, kept in memory, 20 of 20 delivered once', () => {
  for (const refusal of FOR_EVER) {
    test(refusal.name, ({ brokenPage }) =>
      brokenPage({
        ...refusal,
        proxy: CUT,
        async does({ page, site }) {
          await track(page, TWENTY, 'memory');
          expect(await stats(page)).toMatchObject({ tracked: 20, delivered: 0, pending: 20 });
          await deliver({ page, site });
        },
        account: { arrived: TWENTY, inOrder: true, told: 1 },
      }),
    );
  }

  test('open() never answers', ({ brokenPage }) =>
    brokenPage({
      fakeTimers: true,
      breaks: [{ on: 'open', how: 'hang' }],
      async does({ page }) {
        await trackAll(page, TWENTY);
        const errorsLater = async (): Promise<unknown> => {
          await page.clock.fastForward(2_000);
          return (await told(page, 'error')).map(({ code }) => code);
        };
        await expect.poll(errorsLater).toEqual(['storage-unavailable']);
      },
      account: { arrived: TWENTY, told: 1 },
      alsoCheck: ({ page }) => track(page, ['After'], 'memory'),
    }));
});

test.describe('at first only: stored as ever, no error is told, 20 of 20 delivered once', () => {
  for (const { name, fault, times } of AT_FIRST) {
    const row: Row = {
      name,
      breaks: [{ ...fault, times }],
      proxy: CUT,
      async does({ page, site }) {
        await track(page, TWENTY, 'stored');
        await expectFailures(page, times);
        expect(await told(page, 'error')).toEqual([]);
        await deliver({ page, site });
      },
      account: { arrived: TWENTY },
    };
    test(row.name, ({ brokenPage }) => brokenPage(row));
  }
});

const ROWS: readonly Row[] = [
  {
    name: "storage 'memory': no database is made, 3 of 3 delivered once",
    options: { outbox: { storage: 'memory' } },
    does: ({ page }) => track(page, numbered(3), 'memory'),
    account: { arrived: numbered(3) },
    async alsoCheck({ page }) {
      expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
      expect(await told(page, 'error')).toEqual([]);
    },
  },
  {
    name: 'opened for the first time: one database, of this client key',
    async does({ page }) {
      await track(page, ['A'], 'stored');
      const databases = await page.evaluate(() => indexedDB.databases());
      expect(databases.map(({ name }) => name)).toEqual([OUTBOX]);
    },
    account: { arrived: ['A'] },
  },
  {
    name: 'the file of the store in memory cannot be loaded at first: loaded 30 s later, 5 of 5 delivered once',
    before: ({ page }) => page.route(RECOVERY_FILE, (route) => route.fulfill({ status: 404 }), { times: 1 }),
    fakeTimers: true,
    breaks: [{ on: 'open', how: 'throw', error: 'SecurityError' }],
    async does({ page }) {
      await trackAll(page, FIVE);
      await errorTold(page);
      expect(await stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
      await page.clock.fastForward(31_000);
    },
    // The first error is that of the file, the second that of IndexedDB, which is tried again then.
    account: { arrived: FIVE, told: 2 },
    alsoCheck: ({ page }) => track(page, ['After'], 'memory'),
  },
  {
    name: 'the file of the store in memory can never be loaded: 5 of 5 delivered once as the page leaves',
    before: ({ page }) => page.route(RECOVERY_FILE, (route) => route.fulfill({ status: 404 })),
    breaks: [{ on: 'open', how: 'throw', error: 'SecurityError' }],
    async does({ page, site }) {
      await trackAll(page, FIVE);
      await errorTold(page);
      await page.goto(`${site.origin}/blank`);
    },
    account: { arrived: FIVE, pageHasLeft: true },
  },
];

for (const row of ROWS) test(row.name, ({ brokenPage }) => brokenPage(row));
