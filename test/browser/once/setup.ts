/**
 * The ways on which events reach Customer.io. Whatever a visitor does, no event may be lost and none may
 * arrive twice; the stand-in for Customer.io counts the arrivals.
 */
import type { BrowserContext, Page } from 'playwright';
import { once, repeats } from '../../support/site/arrival.ts';
import { test as base, expect, type Site, stats } from '../../support/site/fixtures.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { type RedisServer, startRedis } from '../../support/brokers/redis-server.ts';
import type { Account, StandIn } from '../../support/site/stand-in.ts';

export interface Setting {
  readonly name: string;
  readonly copies: number;
  /** Whether the copies share their memory, in a Redis. */
  readonly redis: boolean;
  /** Whether the proxy has an origin of its own. */
  readonly elsewhere: boolean;
}

const SETTINGS: readonly Setting[] = [
  { name: 'one copy', copies: 1, redis: false, elsewhere: false },
  {
    name: 'two copies without a store, on the origin of the page',
    copies: 2,
    redis: false,
    elsewhere: false,
  },
  { name: 'two copies with Redis, on another origin', copies: 2, redis: true, elsewhere: true },
];

/** The response times of Customer.io. */
const LATENCIES_MS = [0, 120, 2_000] as const;

interface Place {
  /** Prepares the browser before its first page. */
  prepare(context: BrowserContext): Promise<void>;
}

interface Options {
  readonly setting: Setting;
  readonly latencyMs: number;
}

export const test = base.extend<Options & { place: Place }, { redisUrl: () => Promise<string> }>({
  redisUrl: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
    async ({}, use) => {
      let server: Promise<RedisServer> | undefined;
      await use(async () => (await (server ??= startRedis())).url);
      await (await server)?.remove();
    },
    { scope: 'worker' },
  ],

  setting: [{ name: 'one copy', copies: 1, redis: false, elsewhere: false }, { option: true }],
  latencyMs: [0, { option: true }],

  place: [
    async ({ context, latencyMs, redisUrl, setting, site, standIn }, use) => {
      const { copies: count, redis, elsewhere } = setting;
      await site.change({ copies: { count, ...(redis ? { redis: await redisUrl() } : {}) } });
      await standIn.faults({ latencyMs });
      // Another site, not only another port, so that the two origins share no cookies.
      const proxyUrl = elsewhere ? site.apiOrigin.replace('localhost', '127.0.0.1') : '/e';
      const place: Place = {
        prepare: async (browser) =>
          void (await browser.addInitScript((given) => {
            window.sdkOptions = { proxyUrl: given, ...window.sdkOptions };
          }, proxyUrl)),
      };
      await place.prepare(context);
      await use(place);
    },
    { auto: true },
  ],
});

export { expect } from 'playwright/test';

/** Runs the same tests in every setting, with a Customer.io that is fast, usual and slow. */
export function everywhere(tests: (given: Options) => void): void {
  for (const setting of SETTINGS)
    for (const latencyMs of LATENCIES_MS)
      test.describe(`${setting.name}, Customer.io takes ${latencyMs} ms`, () => {
        test.use({ setting, latencyMs });
        // The tests wait for slow responses many times.
        test.setTimeout(60_000);
        tests({ setting, latencyMs });
      });
}

/** The number of rounds of a test; fewer if each takes seconds. */
export const rounds = (usual: number, latencyMs: number): number =>
  latencyMs < 1_000 ? usual : Math.ceil(usual / 3);

export interface Scene {
  readonly site: Site;
  readonly standIn: StandIn;
  /** The last page that is open; that page must deliver what earlier pages have left. */
  readonly page: Page;
}

/** Longer than a page waits before it repeats events that another page's last request may have delivered. */
const LONGEST_MS = 25_000;

/** Waits until all these events have arrived, none waits in the page, and no request is in flight. */
export async function settled({ site, standIn, page }: Scene, names: readonly string[]): Promise<void> {
  await expect.poll(async () => (await standIn.account(names)).lost, { timeout: LONGEST_MS }).toBe(0);
  await expect.poll(async () => (await stats(page)).pending, { timeout: LONGEST_MS }).toBe(0);
  await expect.poll(site.underWay).toBe(0);
  expect(addsUp(await stats(page))).toBe(true);
}

/** Checks that all these events have arrived exactly once, and no others. */
export async function expectOnce(scene: Scene, names: readonly string[]): Promise<void> {
  await settled(scene, names);
  const { site, standIn } = scene;
  // A slow store never stops a delivery. Here only a slow machine could make the store slow.
  expect(await site.storeFailures(), 'times that Redis took too long').toBe(0);
  expect(await standIn.account(names)).toEqual(once(names.length));
  expect(await repeats(standIn)).toEqual(new Map());
  expect(await standIn.names()).toHaveLength(names.length);
}

/**
 * The same check after a process has died: a copy that cannot know what another copy has sent may send it
 * again, with the same `messageId`. The number of such repeats is printed.
 *
 * @param inFlight the events whose delivery the process did not know when it died
 */
export async function expectOnceButFor(
  scene: Scene,
  names: readonly string[],
  { inFlight, setting }: { readonly inFlight: readonly string[]; readonly setting: Setting },
): Promise<void> {
  if (setting.copies === 1 || setting.redis) return expectOnce(scene, names);
  await settled(scene, names);
  const { standIn } = scene;
  const again = await repeats(standIn);
  console.log(
    `${again.size} of ${names.length} came twice, of ${inFlight.length} in flight: ${setting.name}`,
  );
  expect([...again.keys()].filter((id) => !inFlight.includes(id))).toEqual([]);
  expect(new Set(again.values())).toEqual(new Set(again.size ? [2] : []));
  const came: Account = await standIn.account(names);
  expect(came).toEqual({ ...once(names.length), duplicated: again.size });
  expect((await standIn.times()).size).toBe(names.length);
}
