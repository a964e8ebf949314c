/** The tab that sends for all is hidden, frozen, busy without end or in the back/forward cache: another takes over. */
import type { BrowserContext, Page } from 'playwright';
import { expectArrival, expectStats, timesTaken } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { findChromium } from '../../support/setup/chromium.ts';
import { expect, type Site, test, toldTimes } from '../../support/site/fixtures.ts';
import { type RealTab, startRealTabs } from '../../support/browser/real-tabs.ts';
import { type Requests, watchRequests } from '../../support/page/requests.ts';
import { numbered, type StandIn } from '../../support/site/stand-in.ts';
import { openTabs, setVisibility, suspend } from '../../support/browser/tabs.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    // Playwright switches it off; every visitor has it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

interface Pair {
  /** Has sent `First` and leads. */
  readonly leader: Page;
  readonly other: Page;
  readonly leaderRequests: Requests;
  readonly otherRequests: Requests;
}

async function openPair(context: BrowserContext, site: Site, standIn: StandIn): Promise<Pair> {
  const [leader, other] = await openTabs(context, `${site.origin}/shop`, 2);
  if (!leader || !other) throw new Error('two tabs');
  const leaderRequests = watchRequests(leader);
  const otherRequests = watchRequests(other);
  await trackStored(leader, ['First']);
  await expectArrival(standIn, { names: ['First'], page: leader });
  expect([leaderRequests.count(), otherRequests.count()]).toEqual([1, 0]);
  return { leader, other, leaderRequests, otherRequests };
}

test.describe('hidden, as browsers throttle it', () => {
  test('with nothing on its way: the tab that is shown sends from now on, each event once', async ({
    context,
    site,
    standIn,
  }) => {
    const { leader, other, leaderRequests, otherRequests } = await openPair(context, site, standIn);
    await setVisibility(leader, 'hidden');
    await trackStored(other, numbered(50));
    await expectArrival(standIn, { names: ['First', ...numbered(50)], page: other });
    const before = leaderRequests.count();
    await trackStored(other, numbered(50, 'More'));
    await trackStored(leader, numbered(50, 'Hidden'));
    const names = ['First', ...numbered(50), ...numbered(50, 'More'), ...numbered(50, 'Hidden')];
    await expectArrival(standIn, { names, page: other });
    expect(leaderRequests.count()).toBe(before);
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
    await expectStats(other, { tracked: 151, delivered: 151 });
    await expectStats(leader, { tracked: 151, delivered: 151 });
  });

  test('in the middle of a delivery: it ends what it has begun, and no event comes twice', async ({
    context,
    site,
    standIn,
  }) => {
    const { leader, other } = await openPair(context, site, standIn);
    await site.faults({ delayMs: 500, does: 'pass' });
    await trackStored(leader, numbered(250));
    await setVisibility(leader, 'hidden');
    await trackStored(other, numbered(50, 'Other'));
    await trackStored(leader, numbered(50, 'Hidden'));
    const names = ['First', ...numbered(250), ...numbered(50, 'Other'), ...numbered(50, 'Hidden')];
    await expectArrival(standIn, { names, page: other });
    await expectStats(other, { tracked: 351, delivered: 351 });
  });

  test('while the proxy has asked to be left alone: whoever takes over keeps to it', async ({
    context,
    site,
    standIn,
  }) => {
    const { leader, other } = await openPair(context, site, standIn);
    await site.faults({ times: 1, does: { status: 503, headers: { 'Retry-After': '3' } } });
    await trackStored(leader, numbered(20));
    await toldTimes(leader, 'retrying');
    await setVisibility(leader, 'hidden');
    await trackStored(other, numbered(20, 'Other'));
    const names = ['First', ...numbered(20), ...numbered(20, 'Other')];
    await expectArrival(standIn, { names, page: other });
    const [, refused, next] = await site.batches();
    expect(refused?.fate).toBe(503);
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(3_000);
  });

  test('ten times to and fro between two tabs that both track: each event once', async ({
    context,
    site,
    standIn,
  }) => {
    const { leader, other } = await openPair(context, site, standIn);
    const names = ['First'];
    await setVisibility(other, 'hidden');
    for (let times = 0; times < 10; times++) {
      const [from, to] = times % 2 ? [other, leader] : [leader, other];
      await setVisibility(from, 'hidden');
      await setVisibility(to, 'visible');
      for (const [page, name] of [
        [from, `Hidden ${times},`],
        [to, `Shown ${times},`],
      ] as const) {
        names.push(...numbered(5, name));
        await trackStored(page, numbered(5, name));
      }
    }
    await expectArrival(standIn, { names, page: leader });
    await expectStats(leader, { tracked: 101, delivered: 101 });
    await expectStats(other, { tracked: 101, delivered: 101 });
  });
});

test.describe('frozen', () => {
  test('by the browser, which tells it: the tab that is shown sends, and the frozen one takes part again when it is shown', async ({
    site,
    standIn,
  }) => {
    test.slow();
    const tabs = await startRealTabs();
    const track = (tab: RealTab, names: readonly string[]): Promise<unknown> =>
      tab.evaluate(
        `Promise.all(${JSON.stringify(names)}.map((name) => analytics.track(name))).then((all) => all.map(({ state }) => state))`,
      );
    const isReady = (tab: RealTab): Promise<unknown> => tab.evaluate('typeof window.analytics');
    try {
      const first = await tabs.open(`${site.origin}/first`);
      await expect.poll(() => isReady(first)).toBe('object');
      await track(first, ['First']);
      const second = await tabs.open(`${site.origin}/second`);
      await expect.poll(() => isReady(second)).toBe('object');
      await first.evaluate(`document.addEventListener('freeze', () => (window.wasFrozen = true))`);
      await first.freeze();
      await second.show();
      await track(second, numbered(20, 'Second'));
      await expectArrival(standIn, { names: ['First', ...numbered(20, 'Second')] });

      await first.show();
      await expect.poll(() => first.evaluate('window.wasFrozen')).toBe(true);
      await second.freeze();
      await first.show();
      await track(first, numbered(20, 'Resumed'));
      const names = ['First', ...numbered(20, 'Second'), ...numbered(20, 'Resumed')];
      await expectArrival(standIn, { names });
      await expect
        .poll(() => first.evaluate('analytics.stats()'))
        .toMatchObject({ tracked: 41, delivered: 41, pending: 0 });
    } finally {
      await tabs.close();
    }
  });

  test('told by `freeze`: it gives the lock up at once', async ({ context, site, standIn }) => {
    const { leader, other, otherRequests } = await openPair(context, site, standIn);
    await leader.evaluate(() => document.dispatchEvent(new Event('freeze')));
    const resume = await suspend(leader);
    // Nobody waits for a sign of life here: the lock is there to be had.
    await expect
      .poll(() => other.evaluate(async () => (await navigator.locks.query()).pending?.length))
      .toBe(0);
    await trackStored(other, numbered(50));
    await expectArrival(standIn, { names: ['First', ...numbered(50)], page: other });
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);

    resume();
    await leader.evaluate(() => document.dispatchEvent(new Event('resume')));
    await trackStored(leader, numbered(50, 'Resumed'));
    const names = ['First', ...numbered(50), ...numbered(50, 'Resumed')];
    await expectArrival(standIn, { names, page: leader });
    await expectStats(other, { tracked: 101, delivered: 101 });
    await expectStats(leader, { tracked: 101, delivered: 101 });
  });

  test('with its process, without a word: another tab waits for a sign of life, and then takes over', async ({
    context,
    site,
    standIn,
  }) => {
    test.slow();
    const { leader, other, otherRequests } = await openPair(context, site, standIn);
    const resume = await suspend(leader);
    await trackStored(other, numbered(50));
    await expectArrival(standIn, { names: ['First', ...numbered(50)], page: other });
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
    await expectStats(other, { tracked: 51, delivered: 51 });

    // The deposed one lines up again, and does not send beside the other.
    resume();
    await trackStored(leader, numbered(50, 'Back'));
    const names = ['First', ...numbered(50), ...numbered(50, 'Back')];
    await expectArrival(standIn, { names, page: leader });
    await other.close();
    await trackStored(leader, ['Alone']);
    await expectArrival(standIn, { names: [...names, 'Alone'], page: leader });
    await expectStats(leader, { tracked: 102, delivered: 102 });
  });

  test('with its process, with a request on its way: exactly that batch is sent twice, and arrives once', async ({
    context,
    site,
    standIn,
  }) => {
    test.slow();
    const { leader, other } = await openPair(context, site, standIn);
    await site.faults({ times: 1, does: 'withhold-answer' });
    const ids = await trackStored(leader, numbered(20));
    await expect.poll(async () => (await site.batches()).length).toBe(2);
    const resume = await suspend(leader);
    await trackStored(other, numbered(20, 'Other'));
    const names = ['First', ...numbered(20), ...numbered(20, 'Other')];
    await expectArrival(standIn, { names, page: other });
    resume();
    await trackStored(leader, ['Back']);
    await expectArrival(standIn, { names: [...names, 'Back'], page: leader });
    await expectStats(leader, { tracked: 42, delivered: 42 });
    expect(await timesTaken(site, ids)).toEqual(ids.map(() => 2));
  });
});

test('busy without end for 20 seconds: another tab takes over, and each event comes once', async ({
  context,
  site,
  standIn,
}) => {
  test.slow();
  const { leader, other, otherRequests } = await openPair(context, site, standIn);
  const hangs = leader.evaluate(async () => {
    void window.analytics.track('Its own');
    const until = Date.now() + 20_000;
    while (Date.now() < until);
    return window.analytics.flush();
  });
  await trackStored(other, numbered(50));
  await expectArrival(standIn, { names: ['First', ...numbered(50)] });
  expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
  await hangs;
  await trackStored(leader, ['After']);
  await expectArrival(standIn, { names: ['First', ...numbered(50), 'Its own', 'After'], page: leader });
  await expectStats(leader, { tracked: 53, delivered: 53 });
  await expectStats(other, { tracked: 53, delivered: 53 });
});

test.describe('in the back/forward cache', () => {
  /** Turns to another page and back. Says whether the page was kept. */
  async function backFrom(page: Page, meanwhile: () => Promise<unknown>): Promise<unknown> {
    await page.evaluate(() =>
      window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted })),
    );
    await page.goto(`${new URL(page.url()).origin}/blank`);
    await meanwhile();
    await page.goBack({ waitUntil: 'commit' });
    return page.evaluate(() => (window as unknown as { persisted?: boolean }).persisted);
  }

  test('another tab takes over at once, and the page comes back whole', async ({
    context,
    site,
    standIn,
  }) => {
    const { leader, other, otherRequests } = await openPair(context, site, standIn);
    const names = ['First', ...numbered(50)];
    const persisted = await backFrom(leader, async () => {
      await trackStored(other, numbered(50));
      await expectArrival(standIn, { names, page: other });
    });
    expect(persisted).toBe(true);
    expect(otherRequests.count()).toBeGreaterThanOrEqual(1);
    await trackStored(leader, numbered(50, 'Back'));
    await expectArrival(standIn, { names: [...names, ...numbered(50, 'Back')], page: leader });
    await expectStats(leader, { tracked: 101, delivered: 101 });
    await expectStats(other, { tracked: 101, delivered: 101 });
  });

  test('a page that stands in line for the lock is let in, too', async ({ context, site, standIn }) => {
    const { leader, other } = await openPair(context, site, standIn);
    const persisted = await backFrom(other, () => trackStored(leader, numbered(20)));
    expect(persisted).toBe(true);
    await trackStored(other, numbered(20, 'Back'));
    const names = ['First', ...numbered(20), ...numbered(20, 'Back')];
    await expectArrival(standIn, { names, page: other });
    await expectStats(other, { tracked: 41, delivered: 41 });
  });

  test('a page whose lock was taken from it is let in, too', async ({ context, site, standIn }) => {
    test.slow();
    const { leader, other } = await openPair(context, site, standIn);
    const resume = await suspend(leader);
    await trackStored(other, numbered(20));
    await expectArrival(standIn, { names: ['First', ...numbered(20)], page: other });
    resume();
    const names = ['First', ...numbered(20)];
    for (const [goes, stays, name] of [
      [leader, other, 'Leader gone'],
      [other, leader, 'Other gone'],
    ] as const) {
      names.push(...numbered(20, name));
      const persisted = await backFrom(goes, async () => {
        await trackStored(stays, numbered(20, name));
        await expectArrival(standIn, { names, page: stays });
      });
      expect(persisted).toBe(true);
    }
    await expectStats(other, { tracked: 61, delivered: 61 });
  });
});
