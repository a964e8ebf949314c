/** `test` with a site, its proxy, and the stand-in for Customer.io; every test has origins of its own. */
import type { BrowserContext, Page } from 'playwright';
import { test as base, expect } from 'playwright/test';
import type { AnalyticsOptions, Stats } from '../../../src/index.ts';
import { buildOriginal, buildSpa } from '../build/bundle.ts';
import type { Told } from '../page/in-page.ts';
import { type ServerProcess, startServer } from '../server/process.ts';
import type { OpenSite } from './site.ts';
import { openSite, type Site } from './site-client.ts';
import { createStandIn, type StandIn } from './stand-in.ts';

interface TestFixtures {
  readonly standIn: StandIn;
  readonly site: Site;
  /** Opens a page of the site with the npm build of the SDK, created with these options. */
  readonly open: (path?: string, options?: Partial<AnalyticsOptions>, page?: Page) => Promise<Page>;
  /**
   * Errors that reached a page: uncaught exceptions and unhandled rejections. The list must be empty at the
   * end of every test.
   */
  readonly unharmed: readonly string[];
}

interface WorkerFixtures {
  readonly servers: { readonly site: string; readonly standIn: string };
  /** Folders of what is built besides `dist`. */
  readonly spa: string;
  readonly original: string;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  servers: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
    async ({}, use) => {
      const started: ServerProcess[] = await Promise.all([
        startServer('test/support/site/site.ts'),
        startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY: 'write-key' }),
      ]);
      const [site, standIn] = started.map(({ origin }) => origin);
      await use({ site: site ?? '', standIn: standIn ?? '' });
      await Promise.all(started.map((each) => each.stop()));
    },
    { scope: 'worker' },
  ],

  spa: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use, { workerIndex }) => use(await buildSpa(workerIndex)),
    { scope: 'worker' },
  ],

  original: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use, { workerIndex }) => use(await buildOriginal(workerIndex)),
    { scope: 'worker' },
  ],

  standIn: async ({ servers }, use) => {
    const standIn = createStandIn(servers.standIn);
    await standIn.forget();
    await use(standIn);
  },

  site: async ({ servers, standIn }, use) => {
    const site = await openSite(servers.site, standIn.origin);
    await use(site);
    await site.close();
  },

  open: async ({ page, site }, use) => {
    await use(async (path = '/shop', options = {}, on = page) => {
      await on.addInitScript((given) => {
        // Options that cannot be serialized, such as functions, are missing here.
        window.sdkOptions = given as typeof window.sdkOptions;
      }, options);
      await on.goto(site.origin + path);
      return on;
    });
  },

  unharmed: [
    async ({ context, site }, use) => {
      const errors = watch(context, site);
      await use(errors);
      expect(errors).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect } from 'playwright/test';
export type { Site } from './site-client.ts';

/** Records uncaught errors of pages, and their requests to other servers than the site's. */
export function watch(context: BrowserContext, site: OpenSite): readonly string[] {
  const errors: string[] = [];
  const ports = new Set([site.origin, site.apiOrigin].map((origin) => new URL(origin).port));
  context.on('weberror', (error) => errors.push(String(error.error().stack)));
  context.on('request', (request) => {
    const { protocol, hostname, port } = new URL(request.url());
    const own = /(^|\.)localhost$|^127\.0\.0\.1$/.test(hostname) && ports.has(port);
    if (!own && protocol.startsWith('http')) errors.push(`A request to ${request.url()}`);
  });
  return errors;
}

/** The events with this name that the SDK of this page has emitted. */
export const told = (page: Page, name: Told['name']): Promise<readonly Told[]> =>
  page.evaluate((wanted) => window.told.filter((each) => each.name === wanted), name);

export const stats = (page: Page): Promise<Stats> => page.evaluate(() => window.analytics.stats());

/** Waits until the SDK has emitted this event `times` times. */
export async function toldTimes(page: Page, name: Told['name'], times = 1): Promise<readonly Told[]> {
  await page.waitForFunction(
    ([wanted, count]) => window.told.filter((each) => each.name === wanted).length >= count,
    [name, times] as const,
  );
  return told(page, name);
}

/** Makes the waits between attempts as long as possible. */
export const patient = (on: BrowserContext | Page): Promise<unknown> =>
  on.addInitScript(() => {
    Math.random = () => 0.999;
  });

/**
 * Makes the waits between attempts short: with full jitter, a wait is a random share of a growing maximum,
 * and this share is small.
 */
export const impatient = (on: BrowserContext | Page): Promise<unknown> =>
  on.addInitScript(() => {
    Math.random = () => 0.02;
  });
