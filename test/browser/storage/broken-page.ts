/** The fixture of the specs of storage: opens the page of a row, whose storage is broken, and compares what became of its events. */
import type { BrowserContext, Page } from 'playwright';
import type { AnalyticsOptions, Stats } from '../../../src/index.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { breakIndexedDb, type IndexedDbFault } from '../../support/page/indexeddb-faults.ts';
import { wrongClock } from '../../support/page/page-clock.ts';
import { test as base, expect, type Site, stats, told } from '../../support/site/fixtures.ts';
import type { Fault } from '../../support/site/proxy-faults.ts';
import { nameOf, type StandIn } from '../../support/site/stand-in.ts';
import { storageErrors } from './setup.ts';

/** What a row works with. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly site: Site;
  readonly standIn: StandIn;
  /** Opens a page of the site with the SDK; by default `/shop` in `page`. */
  readonly open: (path?: string, options?: Partial<AnalyticsOptions>, page?: Page) => Promise<Page>;
}

/** The account of all events: what has arrived, what the page counts, and which errors it was told of. */
export interface Account {
  /** Names of all events that have arrived at Customer.io's stand-in, each exactly once. */
  readonly arrived: readonly string[];
  /** Whether the events have arrived in the order of `arrived`. @default false */
  readonly inOrder?: boolean;
  /** `analytics.stats().delivered`. @default the number of events in `arrived` */
  readonly delivered?: number;
  /** `analytics.stats().pending`. @default 0 */
  readonly pending?: number;
  /** `analytics.stats().dropped`; reasons that are not named are 0. @default nothing is dropped, and the page was told so */
  readonly dropped?: Partial<Stats['dropped']>;
  /** Number of `storage-unavailable` errors that the page was told of. @default 0 */
  readonly told?: number;
}

/** One test: the fields are used from top to bottom. */
export interface Steps {
  /** Happens before the page is opened. */
  before?(visit: Visit): Promise<unknown>;
  /** Milliseconds by which the visitor's clock is wrong. @default the clock cannot be set */
  readonly clockOffsetMs?: number;
  /** Whether `page.clock` can move the page's timers. @default false */
  readonly fakeTimers?: boolean;
  /** Runs in every document of the page, before any other script: takes an API away, or breaks it. Only an arrow function can be sent to the page. */
  readonly refuses?: () => void;
  /** How IndexedDB fails from the beginning. `NOT_YET`: `setIndexedDbFaults` breaks it later. @default it cannot be broken */
  readonly breaks?: readonly IndexedDbFault[];
  /** What the proxy does wrong from the beginning. @default nothing */
  readonly proxy?: Fault;
  /** Options of the SDK. */
  readonly options?: Partial<AnalyticsOptions>;
  /** Happens in the open page. Returns a page if `account` is about that page instead of this one. */
  does(visit: Visit): Promise<Page | void>;
  /** The account at the end. @default `does` compares by itself what is known only then */
  readonly account?: Account | ArrivedWithoutPage;
  /** The account of the next page of the same tab, which `/next` opens afterwards; by default the same events have arrived. */
  readonly next?: Partial<Account>;
  /** Compares more than the account, with the page that `account` is about. */
  alsoCheck?(visit: Visit): Promise<unknown>;
}

/** The page has left, so that no page can count: only what has arrived is compared. */
export interface ArrivedWithoutPage {
  readonly arrived: readonly string[];
  readonly pageHasLeft: true;
}

/** One test of a table. */
export interface Row extends Steps {
  /** The title of the test. */
  readonly name: string;
}

export const NOT_YET: readonly IndexedDbFault[] = [];

/** Compares the names of all events that have arrived at the stand-in: none lost, none twice. */
async function expectArrived(standIn: StandIn, { arrived, inOrder = false }: Account): Promise<void> {
  const names = async (): Promise<readonly string[]> => {
    const all = await standIn.names();
    return inOrder ? all : [...all].sort();
  };
  await expect.poll(names, { timeout: 20_000 }).toEqual(inOrder ? arrived : [...arrived].sort());
}

/** Compares the account at the stand-in, in `analytics.stats()` of the page, and in what the page was told. */
export async function expectAccount(page: Page, standIn: StandIn, account: Account): Promise<void> {
  const { arrived, delivered = arrived.length, pending = 0, dropped = {}, told: errors = 0 } = account;
  await expectArrived(standIn, account);
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  const tracked = delivered + pending + lost;
  await expect.poll(() => stats(page)).toMatchObject({ tracked, delivered, pending, dropped });
  expect(addsUp(await stats(page))).toBe(true);
  // The counts are final now: no event may have arrived a second time until they were.
  const events = await standIn.events();
  expect(events.map(nameOf).sort()).toEqual([...arrived].sort());
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(arrived.length);
  expect(await storageErrors(page)).toBe(errors);
  if (!lost) expect(await told(page, 'dropped')).toEqual([]);
}

async function run(row: Steps, visit: Visit): Promise<void> {
  const { open, page, site, standIn } = visit;
  await row.before?.(visit);
  if (row.clockOffsetMs !== undefined) await wrongClock(page, row.clockOffsetMs);
  if (row.fakeTimers) await page.clock.install();
  if (row.refuses) await page.addInitScript(row.refuses);
  if (row.breaks) await breakIndexedDb(page, ...row.breaks);
  if (row.proxy) await site.faults(row.proxy);
  await open('/shop', row.options);
  const last = (await row.does(visit)) ?? page;
  if (row.account && 'pageHasLeft' in row.account) await expectArrived(standIn, row.account);
  else if (row.account) await expectAccount(last, standIn, row.account);
  if (row.next) {
    await page.goto(`${site.origin}/next`);
    await expectAccount(page, standIn, { arrived: row.account?.arrived ?? [], ...row.next });
  }
  await row.alsoCheck?.({ ...visit, page: last });
}

export const test = base.extend<{
  /** Runs the steps of a row from `before` to `alsoCheck`. */
  readonly brokenPage: (row: Steps) => Promise<void>;
}>({
  brokenPage: async ({ context, open, page, site, standIn }, use) => {
    await use((row) => run(row, { context, open, page, site, standIn }));
  },
});
