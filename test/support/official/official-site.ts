/** `test` with a page of Customer.io's own SDK, and our plugin under it. */
import type { BrowserContext, Page } from 'playwright';
import { expect, test as base } from '../site/fixtures.ts';
import { page as html } from '../site/site-pages.ts';
import { buildOfficial, type OfficialVersion } from './build-official.ts';
import type { OfficialPage, OfficialSetup, ToldByPlugin } from './official-page.ts';

export { expect } from '../site/fixtures.ts';

/** What the SDK's own destination has sent, which the test takes in its place. */
export type Direct = Readonly<Record<string, unknown>>;

export interface Official {
  /** Prepares a page of the context, before it goes anywhere. */
  prepare(setup: OfficialSetup, on?: Page): Promise<void>;
  /** Opens a page with the SDK, and waits until the SDK, and the plugin, are ready. */
  open(setup: OfficialSetup, path?: string, on?: Page): Promise<Page>;
  /** Events that went to the SDK's own destination. Must be empty where the plugin is there. */
  readonly direct: readonly Direct[];
  /** Makes the SDK's own destination fail. */
  failDirect(): void;
  /** The URLs of requests of in-app messages. */
  readonly inApp: readonly string[];
}

interface Versions {
  readonly folders: Readonly<Record<OfficialVersion, string>>;
}

export const test = base.extend<{ readonly version: OfficialVersion; readonly official: Official }, Versions>(
  {
    version: ['newest', { option: true }],

    folders: [
      // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
      async ({}, use, { workerIndex }) =>
        use({
          newest: await buildOfficial(workerIndex, 'newest'),
          oldest: await buildOfficial(workerIndex, 'oldest'),
        }),
      { scope: 'worker' },
    ],

    unharmed: async ({ context, site }, use) => {
      const errors: string[] = [];
      const ports = new Set([site.origin, site.apiOrigin].map((origin) => new URL(origin).port));
      context.on('weberror', (error) => errors.push(String(error.error().stack)));
      context.on('request', (request) => {
        const { protocol, hostname, port } = new URL(request.url());
        const isOwn = /^(localhost|127\.0\.0\.1)$/.test(hostname) && ports.has(port);
        // In-app messages of the SDK have hosts of their own, and the plugin leaves them as they are.
        const isInApp = hostname.endsWith('.gist.build');
        if (!isOwn && !isInApp && protocol.startsWith('http')) errors.push(`A request to ${request.url()}`);
      });
      await use(errors);
      expect(errors).toEqual([]);
    },

    official: async ({ context, page: first, site, folders, version }, use) => {
      const direct: Direct[] = [];
      const inApp: string[] = [];
      let isFailing = false;
      await site.change({ folder: folders[version] });
      await routeDirect(context, direct, () => isFailing);
      await context.route(/\.gist\.build\//, (route) => {
        inApp.push(route.request().url());
        return route.fulfill({ status: 204, headers: { 'Access-Control-Allow-Origin': '*' } });
      });
      const body = html(
        'Official',
        '<h1>Official</h1><script type="module" src="/app/official.js"></script>',
      );
      for (const path of ['/shop', '/next']) await site.page(path, { body });

      const official: Official = {
        direct,
        inApp,
        failDirect: () => void (isFailing = true),
        async prepare(setup, on = first) {
          await on.addInitScript((given) => {
            (window as unknown as { officialSetup: unknown }).officialSetup = JSON.parse(given);
          }, JSON.stringify(setup));
        },
        async open(setup, path = '/shop', on = first) {
          await official.prepare(setup, on);
          await on.goto(site.origin + path);
          await ready(on);
          return on;
        },
      };
      await use(official);
    },
  },
);

const routeDirect = (context: BrowserContext, direct: Direct[], isFailing: () => boolean): Promise<unknown> =>
  context.route('**/original/**', (route, request) => {
    direct.push(request.postDataJSON() as Direct);
    return isFailing() ? route.abort() : route.fulfill({ status: 200, body: '{}' });
  });

/** Waits until the SDK has loaded, and the plugin is registered. */
export const ready = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const { official, registered } = window as unknown as OfficialPage;
    await official;
    await registered;
  });

/** Calls `track` for each name in one task, and waits for the promises. */
export const track = (page: Page, names: readonly string[]): Promise<void> =>
  page.evaluate(async (all) => {
    const { official } = window as unknown as OfficialPage;
    await Promise.all(all.map((name) => official.track(name)));
  }, names);

export const told = (page: Page, name: string): Promise<readonly ToldByPlugin[]> =>
  page.evaluate(
    (wanted) => (window as unknown as OfficialPage).told.filter((each) => each.name === wanted),
    name,
  );

export const pluginStats = (page: Page): Promise<Record<string, unknown>> =>
  page.evaluate(() => ({ ...(window as unknown as OfficialPage).delivery?.stats() }));
