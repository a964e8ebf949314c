/** localStorage and cookies throw, are missing or are full: the page is unharmed, and nothing is lost or sent twice. */
import { expect, stats, told } from '../../support/site/fixtures.ts';
import { trackAll } from '../../support/page/calls.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { type Row, test, type Visit } from './broken-page.ts';
import { CUT, deliver, track } from './setup.ts';

interface Refusal {
  readonly name: string;
  /** Whether the next page knows the visitor again. */
  readonly remembers: boolean;
  /** Runs in the page before any other script. */
  readonly refuses: () => void;
}

const REFUSALS: readonly Refusal[] = [
  {
    name: 'localStorage, sessionStorage and cookies throw when they are read',
    remembers: false,
    refuses: () => {
      const deny = (): never => {
        throw new DOMException('denied', 'SecurityError');
      };
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, { get: deny });
      Object.defineProperty(Document.prototype, 'cookie', { get: deny, set: deny });
    },
  },
  {
    name: 'localStorage is null, and cookies are ignored',
    remembers: false,
    refuses: () => {
      Object.defineProperty(window, 'localStorage', { value: null });
      Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} });
    },
  },
  {
    name: 'every method of localStorage throws',
    remembers: true,
    refuses: () => {
      for (const name of ['getItem', 'setItem', 'removeItem', 'clear', 'key'] as const)
        Storage.prototype[name] = () => {
          throw new DOMException('broken', 'InvalidStateError');
        };
    },
  },
  {
    name: 'localStorage is full',
    remembers: true,
    refuses: () => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    },
  },
  {
    name: 'cookies throw',
    remembers: true,
    refuses: () => {
      const deny = (): never => {
        throw new DOMException('denied', 'SecurityError');
      };
      Object.defineProperty(Document.prototype, 'cookie', { get: deny, set: deny });
    },
  },
];

const FIVE = numbered(5);
const BEFORE = numbered(5, 'Before');
const AFTER = numbered(5, 'After');

async function expectVisitors(standIn: Visit['standIn'], count: number): Promise<void> {
  expect(new Set((await standIn.events()).map(({ anonymousId }) => anonymousId)).size).toBe(count);
}

const rows = ({ refuses, remembers }: Refusal): readonly Row[] => [
  {
    name: 'one visitor for as long as the page lives, 11 of 11 delivered once',
    refuses,
    proxy: CUT,
    async does({ page, site }) {
      await track(page, BEFORE, 'stored');
      await page.evaluate(() => window.analytics.identify('u1', { plan: 'pro' }));
      await track(page, AFTER, 'stored');
      expect(await stats(page)).toMatchObject({ tracked: 11, delivered: 0, pending: 11 });
      await deliver({ page, site });
    },
    account: { arrived: [...BEFORE, 'identify', ...AFTER], inOrder: true },
    async alsoCheck({ page, standIn }) {
      await expectVisitors(standIn, 1);
      const users = (await standIn.events()).map(({ userId }) => userId);
      expect(users).toEqual([...BEFORE.map(() => undefined), 'u1', ...AFTER.map(() => 'u1')]);
      expect(await told(page, 'error')).toEqual([]);
    },
  },
  {
    name: `waiting events survive the page, 2 of 2 delivered once, of ${remembers ? 'one visitor' : 'two visitors'}`,
    refuses,
    proxy: CUT,
    async does({ page, site }) {
      await track(page, ['First page'], 'stored');
      await page.reload();
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 1, pending: 1 });
      await site.faults();
      await track(page, ['Second page'], 'stored');
      await deliver({ page, site });
    },
    account: { arrived: ['First page', 'Second page'] },
    alsoCheck: ({ standIn }) => expectVisitors(standIn, remembers ? 1 : 2),
  },
  {
    name: 'the page leaves before anything is stored: 5 of 5 delivered once, by a request that outlives the page',
    refuses,
    breaks: [{ on: 'open', how: 'hang' }],
    async does({ page, site }) {
      await trackAll(page, FIVE);
      await page.goto(`${site.origin}/blank`);
    },
    account: { arrived: FIVE, pageHasLeft: true },
  },
];

for (const refusal of REFUSALS) {
  test.describe(refusal.name, () => {
    for (const row of rows(refusal)) test(row.name, ({ brokenPage }) => brokenPage(row));
  });
}
