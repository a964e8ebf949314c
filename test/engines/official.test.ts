/**
 * The plugin `cio-first-party/official` under the newest version of Customer.io's own SDK, unmodified, in every
 * engine. The destination of that SDK has the hosts of Customer.io, and no request goes there.
 */
import { beforeAll, expect, test } from 'vitest';
import { buildOfficial } from '../support/official/build-official.ts';
import type { OfficialPage, OfficialSetup } from '../support/official/official-page.ts';
import { numbered } from '../support/site/stand-in.ts';
import { leave, type Tab, until } from './engine.ts';
import { officialPage } from './pages.ts';
import { inEveryEngine } from './setup.ts';

/** Makes the waits between attempts short: the wait is a random share of a growing maximum. */
const IMPATIENT = 'Math.random = () => 0.02;';

const PATHS = ['/shop', '/next'] as const;
const HOST = 'cdp.customer.io';

/** Waits until the SDK has loaded, the plugin is registered, and a tab of the site is the leader. */
const ready = (tab: Tab): Promise<void> =>
  until('the SDK', () =>
    tab.evaluate(async () => {
      const { official, registered, delivery } = window as unknown as OfficialPage;
      if (!official) return false;
      await official;
      await registered;
      const { held = [] } = await navigator.locks.query();
      return !delivery || held.length > 0;
    }),
  );

const track = (name: string): void => void (window as unknown as OfficialPage).official.track(name);

let folder: string;
beforeAll(async () => {
  folder = await buildOfficial('engines', 'newest');
});

inEveryEngine(({ openPlain, outerHosts, site, arrived }) => {
  async function open(setup: OfficialSetup, before = ''): Promise<Tab> {
    const page = officialPage({ cdn: { apiHost: `${HOST}/v1`, protocol: 'https' }, ...setup }, before);
    await site().change({ folder, pages: Object.fromEntries(PATHS.map((path) => [path, page])) });
    const tab = await openPlain(page, PATHS[0]);
    await ready(tab);
    return tab;
  }

  test('without the plugin, the same page sends to the host of Customer.io', async () => {
    const tab = await open({ way: 'without' });
    await tab.evaluate(track, 'A');
    await until('the request', () => Promise.resolve(outerHosts().includes(`${HOST}:443`)));
    expect(await site().batches()).toEqual([]);
  });

  for (const way of ['load', 'register'] as const) {
    test(`${way}: each event of a page that navigates at once arrives once`, async () => {
      const tab = await open({ way });
      for (const [at, name] of numbered(5, 'Click').entries()) {
        await leave(tab, PATHS[(at + 1) % 2] ?? '', track, name);
        await ready(tab);
      }
      await arrived(numbered(5, 'Click'));
      expect(outerHosts()).toEqual([]);
    });

    test(`${way}: each event of a tab that is closed at once arrives once`, async () => {
      for (const name of numbered(3, 'Close')) {
        const tab = await open({ way });
        await tab.evaluate(track, name);
        await tab.close();
      }
      await open({ way });
      await arrived(numbered(3, 'Close'));
      expect(outerHosts()).toEqual([]);
    });

    test(`${way}: each event arrives once when the proxy responds 500 at first`, async () => {
      await site().faults({ does: { status: 500 }, times: 4 });
      const tab = await open({ way, options: { delivery: { flushIntervalMs: 50 } } }, IMPATIENT);
      await tab.evaluate(async (names) => {
        const { official } = window as unknown as OfficialPage;
        await Promise.all(names.map((name) => official.track(name)));
      }, numbered(30));
      await arrived(numbered(30));
      await until('all responses', () =>
        tab.evaluate(() => (window as unknown as OfficialPage).delivery?.stats().delivered === 30),
      );
      const retries = await tab.evaluate(
        () => (window as unknown as OfficialPage).told.filter(({ name }) => name === 'retrying').length,
      );
      expect(retries).toBeGreaterThan(0);
      expect((await site().batches()).filter(({ fate }) => fate === 500)).toHaveLength(4);
      expect(outerHosts()).toEqual([]);
    });
  }
});
