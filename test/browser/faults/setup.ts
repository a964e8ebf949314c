/** What the tests of faults share: one page of the shop, and the account of all events that were tracked. */
import type { BrowserContext, Page } from 'playwright';
import type { AnalyticsOptions } from '../../../src/index.ts';
import type { RealTab, RealTabs } from '../../support/browser/real-tabs.ts';
import { trackStored } from '../../support/page/calls.ts';
import type { Told } from '../../support/page/in-page.ts';
import { type Requests, watchRequests } from '../../support/page/requests.ts';
import { passTime } from '../../support/page/time.ts';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { expect, type Site, test as base, told, toldTimes } from '../../support/site/fixtures.ts';
import type { Fault } from '../../support/site/proxy-faults.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { numbered, type StandIn } from '../../support/site/stand-in.ts';

/** A row of a table: a fault of the proxy, and what it means for a page. */
export interface FaultRow {
  readonly fault: Fault;
  /** How long the SDK waits after the first failure, in milliseconds: at least, and at most. */
  readonly waits: readonly [atLeastMs: number, atMostMs: number];
  /** What the page was told while the proxy had the fault. */
  readonly told: ToldEvents;
  /** So many requests have reached the proxy before `told` is compared. Default: 1. */
  readonly requests?: number;
}

/**
 * For each of these names, all events of that name that the page was told, in order: `{ error: [{ code: 'not-a-proxy' }],
 * dropped: [] }`. Only the fields that are given are compared.
 */
export type ToldEvents = Readonly<Record<string, readonly Partial<Record<keyof Told, unknown>>[]>>;

/** What became of the events that `Shop.track` has tracked. */
export interface Account {
  /** Number of events that wait in the page: the last ones that were tracked. Default: 0. */
  readonly pending?: number;
  /** Names of the events that the SDK has dropped, by reason. Default: none. */
  readonly dropped?: Readonly<Record<string, readonly string[]>>;
  /** Names of the events that Customer.io has: each once, and no others. Default: all that neither wait nor were dropped. */
  readonly arrived?: readonly string[];
  /** Customer.io has received them in the order of the calls. Default: the order is not compared. */
  readonly inOrder?: boolean;
  /** Number of events that the page counts as delivered. Default: as many as have arrived. */
  readonly delivered?: number;
  /** Until an event arrives, so much of the page's fake time passes again and again. */
  readonly fastForwardMs?: number;
  /** The page whose `analytics.stats()` are compared. Default: `Shop.page`. */
  readonly page?: Page;
}

/** A page with the SDK, its proxy, and Customer.io's stand-in. */
export interface Shop {
  readonly page: Page;
  readonly site: Site;
  readonly standIn: StandIn;
  /** The requests of `page` to the proxy, since the test began. */
  readonly requests: Requests;
  /** Opens the shop, with these options of the SDK. */
  open(options?: Partial<AnalyticsOptions>): Promise<void>;
  /** Opens a page that listens to no event of the SDK. */
  openWithoutListeners(): Promise<void>;
  /** Goes to another page of the site, which has the SDK, too. */
  goTo(path: string): Promise<void>;
  /** Tracks these events in one task, and waits until all are stored. Returns their ids. */
  track(names: readonly string[], page?: Page): Promise<readonly string[]>;
  /** Tracks these events, and waits until all events so far have arrived. */
  trackDelivered(names: readonly string[]): Promise<void>;
  /** Tracks 20 events for each of these words, and waits until they have arrived before it goes on with the next. */
  trackBursts(...words: readonly string[]): Promise<void>;
  flush(): Promise<unknown>;
  /** Lets fake time pass while no request is on its way: requests would time out. Needs `page.clock.install()`. */
  passTime(ms: number): Promise<void>;
  told(name: string): Promise<readonly Told[]>;
  /** Waits until the page was told an event of this name so often. */
  untilTold(name: string, times?: number): Promise<readonly Told[]>;
  expectTold(expected: ToldEvents): Promise<void>;
  /** Waits until Customer.io's stand-in and `analytics.stats()` show exactly this. */
  expectAccount(account?: Account): Promise<void>;
  /** The faults of the proxy end, and the page sends at once: this becomes of all events. */
  expectRecovery(account?: Account): Promise<void>;
  /**
   * The common first half of many tests: the proxy has the fault of the row, the shop is opened, and the page tracks these events.
   * All of them are kept, and the page is told what the row says.
   */
  expectKept(names: readonly string[], row: FaultRow): Promise<void>;
}

const QUIET_SCRIPT = `<script type="module">
  import { createAnalytics } from '/dist/index.js';
  window.analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
</script>`;

type OpenPage = (path: string, options?: Partial<AnalyticsOptions>) => Promise<unknown>;

function createShop(page: Page, site: Site, standIn: StandIn, openPage: OpenPage): Shop {
  const tracked: string[] = [];
  const requests = watchRequests(page);
  const shop: Shop = {
    page,
    site,
    standIn,
    requests,
    open: async (options) => void (await openPage('/shop', options)),
    async openWithoutListeners() {
      await site.page('/quiet', { body: html('Quiet', QUIET_SCRIPT) });
      await shop.goTo('/quiet');
    },
    goTo: async (path) => void (await page.goto(site.origin + path)),
    track(names, on = page) {
      tracked.push(...names);
      return trackStored(on, names);
    },
    async trackDelivered(names) {
      await shop.track(names);
      await shop.expectAccount();
    },
    async trackBursts(...words) {
      for (const word of words) await shop.trackDelivered(numbered(20, word));
    },
    flush: () => page.evaluate(() => window.analytics.flush()),
    passTime: (ms) => passTime(page, requests, ms),
    told: (name) => told(page, name),
    untilTold: (name, times) => toldTimes(page, name, times),
    async expectTold(expected) {
      for (const [name, events] of Object.entries(expected))
        expect(await told(page, name), `events "${name}"`).toMatchObject([...events]);
    },
    async expectAccount({ pending = 0, dropped = {}, inOrder = false, fastForwardMs = 0, ...rest } = {}) {
      const droppedNames = new Set(Object.values(dropped).flat());
      const {
        arrived = tracked.slice(0, tracked.length - pending).filter((name) => !droppedNames.has(name)),
      } = rest;
      const { delivered = arrived.length, page: on = page } = rest;
      await expectArrival(standIn, { names: arrived, page: pending ? undefined : on, fastForwardMs });
      if (inOrder) expect(await standIn.names()).toEqual(arrived);
      const counts = Object.entries(dropped).map(([reason, names]) => [reason, names.length] as const);
      await expectStats(on, {
        tracked: delivered + pending + droppedNames.size,
        delivered,
        pending,
        dropped: Object.fromEntries(counts),
      });
    },
    async expectRecovery(account) {
      await site.faults();
      await shop.flush();
      await shop.expectAccount(account);
    },
    async expectKept(names, { fault, waits: [atLeastMs, atMostMs], told: expected, requests: count = 1 }) {
      await site.faults(fault);
      await shop.open();
      await shop.track(names);
      const [retrying] = await shop.untilTold('retrying');
      expect(retrying?.delayMs).toBeGreaterThanOrEqual(atLeastMs);
      expect(retrying?.delayMs).toBeLessThanOrEqual(atMostMs);
      await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(count);
      await shop.expectAccount({ pending: names.length });
      await shop.expectTold(expected);
    },
  };
  return shop;
}

export const test = base.extend<{ readonly shop: Shop }>({
  shop: async ({ open, page, site, standIn }, use) => {
    await use(createShop(page, site, standIn, open));
  },
});

/** How often the proxy received a batch that was packed with gzip. */
export const packedCount = async (site: Site): Promise<number> =>
  (await site.batches()).filter(({ encoding }) => encoding === 'gzip').length;

/** Two ways in which a device loses its network. */
export const NETWORKS = [
  {
    onLine: false,
    lose: (page: Page) => page.context().setOffline(true),
    restore: (page: Page) => page.context().setOffline(false),
    /** The browser tells `online`, and the SDK sends at once. */
    recoversWithinMs: 0,
  },
  {
    onLine: true,
    lose: (page: Page) => page.route('**/v1/batch', (route) => route.abort('internetdisconnected')),
    restore: (page: Page) => page.unroute('**/v1/batch'),
    /** No event of the browser tells of the network: the next try of the SDK finds out. */
    recoversWithinMs: 300_000,
  },
] as const;

/** Opens the shop in another tab of the same browser, as a visitor does who comes again. */
export async function openNextTab(context: BrowserContext, site: Site): Promise<Page> {
  const next = await context.newPage();
  await next.goto(`${site.origin}/shop`);
  return next;
}

/** Opens a page in a tab that Playwright does not control, and waits until the SDK is there. */
export async function openInRealTab(tabs: RealTabs, url: string): Promise<RealTab> {
  const tab = await tabs.open(url);
  await expect.poll(() => tab.evaluate('typeof window.analytics')).toBe('object');
  return tab;
}

/** Tracks these events in one task. Returns the state of each receipt. */
export const trackInRealTab = (tab: RealTab, names: readonly string[]): Promise<unknown> =>
  tab.evaluate(
    `Promise.all(${JSON.stringify(names)}.map((name) => analytics.track(name))).then((all) => all.map(({ state }) => state))`,
  );
