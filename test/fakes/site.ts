import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { onTestFinished } from 'vitest';
import { createAnalytics } from '../../src/sdk/create-analytics.ts';
import type { Analytics } from '../../src/sdk/api.ts';
import type { AnalyticsEvents, EventName } from '../../src/sdk/events.ts';
import type { AnalyticsOptions } from '../../src/sdk/options/options.ts';
import { type FakeLocks, fakeLocks } from './locks.ts';
import { type ProxyServer, startProxyServer } from './proxy-server.ts';

type Told = { readonly [Name in EventName]: readonly AnalyticsEvents[Name][] };

export interface Tab {
  readonly analytics: Analytics;
  /** The payloads of all events that the SDK has emitted on this tab, by event name. */
  readonly told: Told;
  /** Resolves when at least `count` events are delivered. */
  delivered(count: number): Promise<void>;
}

/** A site with its proxy, in a browser that has stored nothing of the site yet, for one test. */
export interface Site {
  readonly server: ProxyServer;
  /** A key that differs in each test, because tabs with the same key communicate with each other. */
  readonly clientKey: string;
  readonly locks: FakeLocks;
  /** Opens a page of the site. A second page is a second tab. */
  open(options?: Partial<AnalyticsOptions>): Tab;
  databases(): Promise<readonly string[]>;
  /** Changes the URL of the page to another path of the site. */
  visit(path: string): void;
}

interface HappyWindow {
  readonly happyDOM: { setURL(url: string): void };
}

let sites = 0;

export async function openSite(): Promise<Site> {
  sites += 1;
  const clientKey = `web-${sites}`;
  const server = await startProxyServer();
  const locks = fakeLocks();
  globalThis.indexedDB = new IDBFactory();
  globalThis.IDBKeyRange = IDBKeyRange;
  Object.defineProperty(navigator, 'locks', { value: locks, configurable: true });
  const visit = (path: string): void => (window as unknown as HappyWindow).happyDOM.setURL(server.url + path);
  visit('/');
  localStorage.clear();
  for (const pair of document.cookie.split('; '))
    document.cookie = `${pair.split('=')[0]}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/`;
  const tabs: Analytics[] = [];
  onTestFinished(() => {
    for (const tab of tabs) tab.close();
  });

  return {
    server,
    clientKey,
    locks,
    visit,
    databases: async () => (await indexedDB.databases()).map(({ name = '' }) => name),
    open(options = {}) {
      forgetInstances();
      const analytics = createAnalytics({
        proxyUrl: '/e',
        clientKey,
        ...options,
        delivery: { flushIntervalMs: 1, ...options.delivery },
      });
      tabs.push(analytics);
      const told: { [Name in EventName]: AnalyticsEvents[Name][] } = {
        stored: [],
        delivered: [],
        retrying: [],
        dropped: [],
        blocked: [],
        consent: [],
        identity: [],
        token: [],
        message: [],
        error: [],
      };
      let arrived = 0;
      let look = (): void => undefined;
      for (const name of Object.keys(told) as EventName[]) {
        // The list under a name has the payload type of that name.
        analytics.on(name, (payload) => void (told[name] as unknown[]).push(payload));
      }
      analytics.on('delivered', ({ ids }) => {
        arrived += ids.length;
        look();
      });
      return {
        analytics,
        told,
        delivered: (count) =>
          new Promise((resolve) => {
            look = () => void (arrived >= count && resolve());
            look();
          }),
      };
    },
  };
}

/**
 * Removes the registry of instances that the SDK keeps on `globalThis`, since a page that loads does not have
 * it.
 */
export function forgetInstances(): void {
  const page = globalThis as unknown as Record<symbol, unknown>;
  Reflect.deleteProperty(page, Symbol.for('cio-first-party'));
  Reflect.deleteProperty(page, '__cioFirstParty');
}

export function expectedTotal(dropped: Readonly<Record<string, number>>): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
