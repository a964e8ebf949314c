/**
 * Runs scenarios in every engine: `inEveryEngine` gives them a browser, and each scenario a site of its own.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { repeats } from '../support/site/arrival.ts';
import { type ServerProcess, startServer } from '../support/server/process.ts';
import { openSite, type Site } from '../support/site/site-client.ts';
import type { SitePage } from '../support/site/site-pages.ts';
import { createStandIn, type StandIn } from '../support/site/stand-in.ts';
import { type Engine, type Tab, until } from './engine.ts';
import { type OuterHosts, watchOuterHosts } from './outer-hosts.ts';
import { modulePage, type PageOptions } from './pages.ts';
import { startPuppeteer } from './puppeteer.ts';
import { startWebKit } from './webkit.ts';

const ENGINES: Readonly<Record<Engine['name'], (outerPort: number) => Promise<Engine>>> = {
  chromium: (outerPort) => startPuppeteer('chromium', outerPort),
  firefox: (outerPort) => startPuppeteer('firefox', outerPort),
  webkit: startWebKit,
};

/** The objects that a scenario uses. */
export interface Stage {
  readonly engine: () => Engine;
  readonly site: () => Site;
  readonly standIn: () => StandIn;
  /** The hosts that the browser has tried to reach in this test, other than this machine: `example.com:443`. */
  readonly outerHosts: () => readonly string[];
  /**
   * Opens a tab on a page with the SDK. Every other page of the site uses the same SDK options from now on.
   */
  open(options?: PageOptions, path?: string): Promise<Tab>;
  /** Opens a tab on the given page. */
  openPage(page: SitePage, path?: string): Promise<Tab>;
  /** Opens a page without the SDK, or with Customer.io's own. */
  openPlain(page: SitePage, path: string): Promise<Tab>;
  /** Opens the page in a private window. */
  openPrivate(options?: PageOptions): Promise<Tab>;
  /** Opens the page in a browser whose settings forbid sites to store data. */
  openWhereNothingIsKept(options?: PageOptions): Promise<Tab>;
  /**
   * Waits until all these events have arrived at Customer.io, each exactly once, and checks that no other
   * event has arrived. `events`: the total number.
   */
  arrived(
    names: readonly string[],
    limits?: { readonly ms?: number; readonly events?: number },
  ): Promise<void>;
}

/** The paths of the pages with the SDK. */
const PATHS = ['/shop', '/next', '/last'];

/** `CIO_ENGINES=firefox,webkit` selects the engines. */
const wanted = (process.env['CIO_ENGINES'] ?? Object.keys(ENGINES).join(',')).split(',');

export function inEveryEngine(scenarios: (stage: Stage) => void): void {
  describe.each(wanted)('%s', (name) => {
    let engine: Engine;
    let servers: readonly ServerProcess[];
    let outer: OuterHosts;
    let site: Awaited<ReturnType<typeof openSite>>;
    let standIn: StandIn;
    let tabs: Tab[] = [];

    beforeAll(async () => {
      servers = await Promise.all([
        startServer('test/support/site/site.ts'),
        startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY: 'write-key' }),
      ]);
      outer = await watchOuterHosts();
      engine = await ENGINES[name as Engine['name']](outer.port);
    });
    afterAll(async () => {
      await engine?.close();
      outer?.close();
      await Promise.all(servers?.map((each) => each.stop()) ?? []);
    });
    beforeEach(async () => {
      const [control, upstream] = servers.map(({ origin }) => origin);
      standIn = createStandIn(upstream ?? '');
      await standIn.forget();
      outer.forget();
      site = await openSite(control ?? '', standIn.origin);
    });
    afterEach(async () => {
      const hits = await site.hits();
      for (const tab of tabs) await tab.close().catch(() => undefined);
      tabs = [];
      await site.close();
      const harm = hits.filter((hit) => hit.startsWith('POST /harm')).map(decodeURIComponent);
      expect(harm, 'what reached the page').toEqual([]);
    });

    async function visit(tab: Tab, path: string): Promise<Tab> {
      tabs.push(tab);
      await tab.goto(site.origin + path);
      await until('the SDK', () => tab.evaluate(() => Boolean(window.analytics)));
      return tab;
    }

    scenarios({
      engine: () => engine,
      site: () => site,
      standIn: () => standIn,
      outerHosts: () => outer.hosts(),
      openPage: async (page, path = '/shop') => {
        await site.page(path, page);
        return visit(await engine.openTab(), path);
      },
      async openPlain(page, path) {
        await site.page(path, page);
        const tab = await engine.openTab();
        tabs.push(tab);
        await tab.goto(site.origin + path);
        return tab;
      },
      openPrivate: async (options = {}) => {
        await site.page('/shop', modulePage(options));
        return visit(await engine.openPrivateTab(), '/shop');
      },
      openWhereNothingIsKept: async (options = {}) => {
        await site.page('/shop', modulePage(options));
        return visit(await engine.openTabThatKeepsNothing(), '/shop');
      },
      async open(options = {}, path = '/shop') {
        const { sdk = {} } = options;
        for (const each of PATHS) await site.page(each, modulePage(each === path ? options : { sdk }));
        return visit(await engine.openTab(), path);
      },
      async arrived(names, { ms = 20_000, events = names.length } = {}) {
        const account = () => standIn.account(names);
        await until('the events', async () => (await account()).lost === 0, ms).catch(() => undefined);
        expect(await account()).toEqual({ delivered: names.length, lost: 0, duplicated: 0 });
        expect(await repeats(standIn)).toEqual(new Map());
        expect((await standIn.events()).length).toBe(events);
      },
    });
  });
}
