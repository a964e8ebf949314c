/** The tab that sends for all is hidden, frozen, busy without end or in the back/forward cache: another takes over. */
import type { Page } from 'playwright';
import { startRealTabs } from '../../support/browser/real-tabs.ts';
import { openTabs, setVisibility, suspend } from '../../support/browser/tabs.ts';
import { trackStored } from '../../support/page/calls.ts';
import { type Requests, watchRequests } from '../../support/page/requests.ts';
import { findChromium } from '../../support/setup/chromium.ts';
import { expectArrival, expectStats, timesTaken } from '../../support/site/arrival.ts';
import { expect, test as base, toldTimes } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { openInRealTab, trackInRealTab } from './setup.ts';

interface Pair {
  /** This tab has sent `First`, and sends for both tabs. */
  readonly leader: Page;
  readonly other: Page;
  readonly leaderRequests: Requests;
  readonly otherRequests: Requests;
  /** Tracks these events in a tab, and waits until all are stored. Returns their ids. */
  track(tab: Page, names: readonly string[]): Promise<readonly string[]>;
  /** Waits until all events of both tabs have arrived, each once. No event waits in this tab. */
  expectArrived(tab?: Page): Promise<void>;
  /** Waits until the `analytics.stats()` of these tabs count all events of both tabs as delivered. */
  expectCounted(...tabs: readonly Page[]): Promise<void>;
}

const test = base.extend<{ readonly pair: Pair }>({
  pair: async ({ context, site, standIn }, use) => {
    const [leader, other] = await openTabs(context, `${site.origin}/shop`, 2);
    if (!leader || !other) throw new Error('two tabs');
    const names: string[] = [];
    const pair: Pair = {
      leader,
      other,
      leaderRequests: watchRequests(leader),
      otherRequests: watchRequests(other),
      track(tab, added) {
        names.push(...added);
        return trackStored(tab, added);
      },
      expectArrived: (tab) => expectArrival(standIn, { names, page: tab }),
      async expectCounted(...tabs) {
        for (const tab of tabs) await expectStats(tab, { tracked: names.length, delivered: names.length });
      },
    };
    await pair.track(leader, ['First']);
    await pair.expectArrived(leader);
    expect([pair.leaderRequests.count(), pair.otherRequests.count()]).toEqual([1, 0]);
    await use(pair);
  },
});

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    // Playwright switches it off; every visitor has it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

test.describe('hidden, as browsers throttle it', () => {
  test('with nothing on its way: the tab that is shown sends from now on, each event once', async ({
    pair,
  }) => {
    const { leader, other, leaderRequests, otherRequests } = pair;
    await setVisibility(leader, 'hidden');
    await pair.track(other, numbered(50));
    await pair.expectArrived(other);
    const before = leaderRequests.count();
    await pair.track(other, numbered(50, 'More'));
    await pair.track(leader, numbered(50, 'Hidden'));
    await pair.expectArrived(other);
    expect(leaderRequests.count()).toBe(before);
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
    await pair.expectCounted(other, leader);
  });

  test('in the middle of a delivery: it ends what it has begun, and no event comes twice', async ({
    pair,
    site,
  }) => {
    const { leader, other } = pair;
    await site.faults({ delayMs: 500, does: 'pass' });
    await pair.track(leader, numbered(250));
    await setVisibility(leader, 'hidden');
    await pair.track(other, numbered(50, 'Other'));
    await pair.track(leader, numbered(50, 'Hidden'));
    await pair.expectArrived(other);
    await pair.expectCounted(other);
  });

  test('while the proxy has asked for a pause: the tab that takes over waits, too', async ({
    pair,
    site,
  }) => {
    const { leader, other } = pair;
    await site.faults({ times: 1, does: { status: 503, headers: { 'Retry-After': '3' } } });
    await pair.track(leader, numbered(20));
    await toldTimes(leader, 'retrying');
    await setVisibility(leader, 'hidden');
    await pair.track(other, numbered(20, 'Other'));
    await pair.expectArrived(other);
    const [, refused, next] = await site.batches();
    expect(refused?.fate).toBe(503);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(3_000);
  });

  test('ten times to and fro between two tabs that both track: each event once', async ({ pair }) => {
    const { leader, other } = pair;
    await setVisibility(other, 'hidden');
    for (let times = 0; times < 10; times++) {
      const [from, to] = times % 2 ? [other, leader] : [leader, other];
      await setVisibility(from, 'hidden');
      await setVisibility(to, 'visible');
      await pair.track(from, numbered(5, `Hidden ${times},`));
      await pair.track(to, numbered(5, `Shown ${times},`));
    }
    await pair.expectArrived(leader);
    await pair.expectCounted(leader, other);
  });
});

test.describe('frozen', () => {
  test('by the browser, which tells it: the tab that is shown sends, and the frozen one takes part again when it is shown', async ({
    site,
    standIn,
  }) => {
    test.slow();
    const tabs = await startRealTabs();
    try {
      const first = await openInRealTab(tabs, `${site.origin}/first`);
      await trackInRealTab(first, ['First']);
      const second = await openInRealTab(tabs, `${site.origin}/second`);
      await first.evaluate(`document.addEventListener('freeze', () => (window.wasFrozen = true))`);
      await first.freeze();
      await second.show();
      await trackInRealTab(second, numbered(20, 'Second'));
      await expectArrival(standIn, { names: ['First', ...numbered(20, 'Second')] });

      await first.show();
      await expect.poll(() => first.evaluate('window.wasFrozen')).toBe(true);
      await second.freeze();
      await first.show();
      await trackInRealTab(first, numbered(20, 'Resumed'));
      const names = ['First', ...numbered(20, 'Second'), ...numbered(20, 'Resumed')];
      await expectArrival(standIn, { names });
      await expect
        .poll(() => first.evaluate('analytics.stats()'))
        .toMatchObject({ tracked: 41, delivered: 41, pending: 0 });
    } finally {
      await tabs.close();
    }
  });

  test('told by `freeze`: it gives the lock up at once', async ({ pair }) => {
    const { leader, other, otherRequests } = pair;
    await leader.evaluate(() => document.dispatchEvent(new Event('freeze')));
    const resume = await suspend(leader);
    // The other tab does not wait for a sign of life here: the lock is free.
    await expect
      .poll(() => other.evaluate(async () => (await navigator.locks.query()).pending?.length))
      .toBe(0);
    await pair.track(other, numbered(50));
    await pair.expectArrived(other);
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);

    resume();
    await leader.evaluate(() => document.dispatchEvent(new Event('resume')));
    await pair.track(leader, numbered(50, 'Resumed'));
    await pair.expectArrived(leader);
    await pair.expectCounted(other, leader);
  });

  test('with its process, without an event: another tab waits for a sign of life, and then takes over', async ({
    pair,
  }) => {
    test.slow();
    const { leader, other, otherRequests } = pair;
    const resume = await suspend(leader);
    await pair.track(other, numbered(50));
    await pair.expectArrived(other);
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
    await pair.expectCounted(other);

    // The deposed tab waits for the lock again, and does not send beside the other.
    resume();
    await pair.track(leader, numbered(50, 'Back'));
    await pair.expectArrived(leader);
    await other.close();
    await pair.track(leader, ['Alone']);
    await pair.expectArrived(leader);
    await pair.expectCounted(leader);
  });

  test('with its process, with a request on its way: exactly that batch is sent twice, and arrives once', async ({
    pair,
    site,
  }) => {
    test.slow();
    const { leader, other } = pair;
    await site.faults({ times: 1, does: 'withhold-answer' });
    const ids = await pair.track(leader, numbered(20));
    await expect.poll(async () => (await site.batches()).length).toBe(2);
    const resume = await suspend(leader);
    await pair.track(other, numbered(20, 'Other'));
    await pair.expectArrived(other);
    resume();
    await pair.track(leader, ['Back']);
    await pair.expectArrived(leader);
    await pair.expectCounted(leader);
    expect(await timesTaken(site, ids)).toEqual(ids.map(() => 2));
  });
});

test('busy without end for 20 seconds: another tab takes over, and each event comes once', async ({
  pair,
  standIn,
}) => {
  test.slow();
  const { leader, other, otherRequests } = pair;
  const hangs = leader.evaluate(async () => {
    void window.analytics.track('Its own');
    const until = Date.now() + 20_000;
    while (Date.now() < until);
    return window.analytics.flush();
  });
  await pair.track(other, numbered(50));
  await pair.expectArrived();
  expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
  await hangs;
  await trackStored(leader, ['After']);
  await expectArrival(standIn, { names: ['First', ...numbered(50), 'Its own', 'After'], page: leader });
  for (const tab of [leader, other]) await expectStats(tab, { tracked: 53, delivered: 53 });
});

test.describe('in the back/forward cache', () => {
  /** Turns to another page and back. Returns whether the browser has kept the page. */
  async function backFrom(page: Page, meanwhile: () => Promise<unknown>): Promise<unknown> {
    await page.evaluate(() =>
      window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted })),
    );
    await page.goto(`${new URL(page.url()).origin}/blank`);
    await meanwhile();
    await page.goBack({ waitUntil: 'commit' });
    return page.evaluate(() => (window as unknown as { persisted?: boolean }).persisted);
  }

  test('another tab takes over at once, and the page comes back whole', async ({ pair }) => {
    const { leader, other, otherRequests } = pair;
    const persisted = await backFrom(leader, async () => {
      await pair.track(other, numbered(50));
      await pair.expectArrived(other);
    });
    expect(persisted).toBe(true);
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
    await pair.track(leader, numbered(50, 'Back'));
    await pair.expectArrived(leader);
    await pair.expectCounted(leader, other);
  });

  test('a page that waits for the lock gets it later, too', async ({ pair }) => {
    const { leader, other } = pair;
    expect(await backFrom(other, () => pair.track(leader, numbered(20)))).toBe(true);
    await pair.track(other, numbered(20, 'Back'));
    await pair.expectArrived(other);
    await pair.expectCounted(other);
  });

  test('a page whose lock was taken from it gets it again, too', async ({ pair }) => {
    test.slow();
    const { leader, other } = pair;
    const resume = await suspend(leader);
    await pair.track(other, numbered(20));
    await pair.expectArrived(other);
    resume();
    for (const [goes, stays, name] of [
      [leader, other, 'Leader gone'],
      [other, leader, 'Other gone'],
    ] as const) {
      const persisted = await backFrom(goes, async () => {
        await pair.track(stays, numbered(20, name));
        await pair.expectArrived(stays);
      });
      expect(persisted).toBe(true);
    }
    await pair.expectCounted(other);
  });
});
