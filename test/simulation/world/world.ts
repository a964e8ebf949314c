import { ACK_COOKIE_PREFIX } from '../../../src/protocol/wire.ts';
import type { Analytics } from '../../../src/sdk/api.ts';
import type { PageEvent } from '../../fakes/lifecycle.ts';
import { createAnalytics } from '../../../src/sdk/create-analytics.ts';
import type { OutboxEvent } from '../../../src/sdk/outbox/contract.ts';
import { type FakeClock, fakeClock, START_MS } from '../../fakes/clock.ts';
import { fakeCookieJar } from '../../fakes/cookie-jar.ts';
import { type FakeLifecycle, fakeLifecycle } from '../../fakes/lifecycle.ts';
import { fakeLocks } from '../../fakes/locks.ts';
import { type Random, seeded } from '../../fakes/random.ts';
import { type ExpectedEvents, type Call, createExpectedEvents } from './expected-events.ts';
import { furnish } from './browser.ts';
import { createAir } from './channel.ts';
import { createDisk } from './disk.ts';
import { facts } from './facts.ts';
import { createNetwork } from './network.ts';
import { type Origin, pageBrowser } from './page-browser.ts';
import { createPage, type Page } from './page.ts';
import { type Plan, planOf, SCOPE } from './plan.ts';
import { createSharedText } from './shared-text.ts';
import { eventsIn, watchDisk } from './watch-disk.ts';
import { checkReports, checkRequest } from './receipts-check.ts';

/** A browser tab with a page of the site. */
export interface Tab {
  readonly page: Page;
  readonly lifecycle: FakeLifecycle;
  readonly calls: Call[];
  analytics: Analytics;
  path: string;
  /** `stuck`: the main thread is blocked. `cached`: in the back/forward cache. */
  state: 'open' | 'frozen' | 'stuck' | 'cached';
  /** The reason why the order of this tab's events may be broken. */
  disturbed?: string;
  /** The calls of `flush` that have not settled yet. */
  readonly flushes: Set<unknown>;
}

interface Happened {
  readonly page: string;
  readonly atMs: number;
}

/** One browser with one site, from the first visit on. */
export interface World {
  readonly plan: Plan;
  readonly random: Random;
  readonly clock: FakeClock;
  readonly origin: Origin;
  readonly expectedEvents: ExpectedEvents;
  /** The tabs whose page has not ended. */
  readonly tabs: Tab[];
  /** Milliseconds since the world began, by a clock that is never set. */
  nowMs(): number;
  jump(ms: number): void;
  /** Records an event of this page that may cause a request. */
  nudge(tab: Tab): void;
  /** When such events happened, and when pages were stopped or ended, with the page's name. */
  readonly nudges: readonly Happened[];
  readonly stops: readonly Happened[];
  /**
   * Pages on which the SDK was closed and created again: the new instance knows only what the browser has
   * stored.
   */
  readonly renewed: Set<string>;
  /** A page was stuck, perhaps during a transaction, and has blocked the other pages. */
  wasStuck: boolean;
  /** A page was frozen, perhaps when it had read a lifeboat and not yet stored its events. */
  wasFrozen: boolean;
  /** When each page has last left without a crash. */
  readonly departed: Map<string, number>;
  /**
   * Pages that had to use memory storage: what they had not yet stored about deliveries may be lost with
   * them.
   */
  readonly inMemory: Set<string>;
  readonly story: string[];
  note(line: string): void;
  /**
   * Runs a check inside a page's call. The next check of the world throws its error, since the SDK would
   * catch it here.
   */
  attempt(act: () => void): void;
  failure(): Error | undefined;
  open(): Tab;
  /** The application closes the SDK on its page, and creates it again. */
  renew(tab: Tab): void;
  happen(tab: Tab, moment: PageEvent): void;
  suspend(tab: Tab, as: 'frozen' | 'stuck' | 'cached'): void;
  /** The page leaves with all its events; what it saves then is safe. */
  leave(tab: Tab): void;
  /** The page has ended. */
  end(tab: Tab): void;
  clearSiteData(): void;
  rot(): void;
  /** A stored value was made unreadable: the ledger may be wrong until the SDK has repaired it. */
  hasRotted: boolean;
  hasEverRotted: boolean;
  /** Marks everything that is stored on the disk and in lifeboats as deleted by the visitor. */
  forgetStored(): void;
}

const PAGE_URL = 'https://shop.example.com/';

export function createWorld(seed: number): World {
  const plan = planOf(seed);
  const random = seeded(seed);
  const clock = fakeClock(START_MS, 1);
  const expectedEvents = createExpectedEvents();
  const tabs: Tab[] = [];
  const story: string[] = [];
  const nudges: Happened[] = [];
  const stops: Happened[] = [];
  let failure: Error | undefined;
  let pages = 0;
  let skewMs = 0;

  const nowMs = (): number => clock.now() - START_MS - skewMs;
  const later = (run: () => void): unknown => clock.after(random.below(3), run);
  const disk = createDisk(clock, random, (...commit) => watchDisk(world, ...commit));
  const network = createNetwork({
    clock,
    random,
    proxy: plan.proxy,
    nowMs,
    onRequest: (request) => world.attempt(() => checkRequest(request, world)),
    onAccepted: ({ batch }) => world.attempt(() => expectedEvents.arrive(batch)),
    onNamedAnswer: (name) =>
      origin.cookies.write(`${ACK_COOKIE_PREFIX}${name}=1; Path=/; Max-Age=604800; SameSite=Lax`),
  });
  const origin: Origin = {
    url: PAGE_URL,
    clock,
    random,
    disk,
    network,
    text: createSharedText(random, (key, text) => {
      // A page that was stuck may process a withdrawal late.
      if (plan.withdraws && isLifeboat(key))
        for (const { id } of eventsOf(text)) expectedEvents.deleted.add(id);
    }),
    cookies: fakeCookieJar(PAGE_URL),
    locks: plan.locks ? fakeLocks(later) : undefined,
    air: plan.channel ? createAir(random) : undefined,
  };

  const world: World = {
    plan,
    random,
    clock,
    origin,
    expectedEvents,
    tabs,
    nowMs,
    jump(ms) {
      skewMs += ms;
      clock.set(clock.now() + ms);
    },
    nudges,
    stops,
    renewed: new Set(),
    wasStuck: false,
    wasFrozen: false,
    departed: new Map(),
    inMemory: new Set(),
    hasRotted: false,
    hasEverRotted: false,
    rot() {
      const waiting = eventsIn(disk.contents(SCOPE));
      disk.rot(SCOPE);
      const left = new Set(eventsIn(disk.contents(SCOPE)).map(({ id }) => id));
      for (const { id } of waiting) if (!left.has(id)) expectedEvents.deleted.add(id);
      world.hasRotted = world.hasEverRotted = true;
    },
    nudge: ({ page }) => void nudges.push({ page: page.name, atMs: nowMs() }),
    suspend(tab, as) {
      stops.push({ page: tab.page.name, atMs: nowMs() });
      tab.page.suspend(as !== 'cached');
      tab.state = as;
      // The page may have read one of these lifeboats and not yet stored its events.
      if (as === 'cached')
        for (const event of savedIn(origin)) expectedEvents.identify(event).cameBack = true;
      if (as === 'stuck') world.wasStuck = true;
      if (as === 'frozen') world.wasFrozen = true;
    },
    story,
    note: (line) => void story.push(`${(nowMs() / 1_000).toFixed(3)} ${line}`),
    attempt(act) {
      try {
        act();
      } catch (cause) {
        failure ??= cause as Error;
      }
    },
    failure: () => failure,
    open() {
      const page = createPage(`p${String((pages += 1)).padStart(3, '0')}`, clock);
      const lifecycle = fakeLifecycle();
      let opened: Tab | undefined;
      const furniture = { lifecycle, facts: () => facts(opened?.path ?? '/'), warn: () => undefined };
      furnish(page, pageBrowser(page, origin, furniture), disk.of(page));
      const tab: Tab = {
        page,
        lifecycle,
        calls: [],
        analytics: page.ask(() => createAnalytics(plan.options)),
        path: '/',
        state: 'open',
        flushes: new Set(),
      };
      opened = tab;
      lifecycle.setOnline(network.condition() !== 'down');
      checkReports(tab, world);
      tabs.push(tab);
      page.onDeath(() => {
        stops.push({ page: page.name, atMs: nowMs() });
        tabs.splice(tabs.indexOf(tab), 1);
      });
      world.nudge(tab);
      return tab;
    },
    renew(tab) {
      tab.page.run(() => {
        tab.analytics.close();
        tab.analytics = createAnalytics(plan.options);
      });
      tab.flushes.clear();
      world.renewed.add(tab.page.name);
      for (const call of tab.calls) call.closed = true;
      tab.disturbed ??= 'made anew';
      checkReports(tab, world);
    },
    happen(tab, moment) {
      world.nudge(tab);
      tab.page.run(() => tab.lifecycle.happen(moment));
    },
    leave(tab) {
      tab.disturbed ??= 'left';
      if (tab.page.life() === 'running') world.departed.set(tab.page.name, nowMs());
      if (plan.departs) world.happen(tab, 'depart');
      for (const moment of random.pick<readonly PageEvent[]>([
        ['leave', 'hide'],
        ['hide', 'leave'],
        ['leave'],
      ]))
        world.happen(tab, moment);
      const saved = savedIn(origin);
      for (const event of saved) expectedEvents.identify(event).saved = true;
      world.note(`  in lifeboats: ${saved.map(({ id }) => id).join()}`);
    },
    end: ({ page }) => page.die(),
    forgetStored() {
      for (const { id } of [...eventsIn(disk.contents(SCOPE)), ...savedIn(origin)])
        expectedEvents.deleted.add(id);
    },
    clearSiteData() {
      world.forgetStored();
      disk.clear();
      origin.text.clear();
      origin.cookies.clear();
    },
  };
  if (plan.text === 'missing') origin.text.store.refuse('none');
  return world;
}

const isLifeboat = (key: string): boolean => key.startsWith(`${SCOPE}:lifeboat:`);
const eventsOf = (lifeboat: string): readonly OutboxEvent[] => JSON.parse(lifeboat) as OutboxEvent[];

const savedIn = ({ text }: Origin): readonly OutboxEvent[] =>
  [...text.store.values].flatMap(([key, value]) => (isLifeboat(key) ? eventsOf(value) : []));
