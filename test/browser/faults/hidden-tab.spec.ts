/** A tab is hidden: the visitor turns to another one and back, or never comes back because the browser discards it. */
import { expectArrival, expectStats, timesTaken } from '../../support/site/arrival.ts';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { type RealTabs, startRealTabs } from '../../support/browser/real-tabs.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { crash, setVisibility } from '../../support/browser/tabs.ts';
import { openInRealTab, openNextTab, trackInRealTab } from './setup.ts';

test.describe('switched away and back ten times', () => {
  test('with a call before each: no event twice', async ({ open, page, standIn }) => {
    await open();
    for (const name of numbered(10)) {
      await trackAll(page, [name]);
      await setVisibility(page, 'hidden');
      await setVisibility(page, 'visible');
    }
    await page.evaluate(() => window.analytics.flush());
    await expectArrival(standIn, { names: numbered(10), page });
    await expectStats(page, { tracked: 10, delivered: 10 });
  });

  test('in one task: no event twice', async ({ open, page, standIn }) => {
    await open();
    await page.evaluate(() => {
      let state: DocumentVisibilityState = 'visible';
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
      for (let i = 1; i <= 10; i++) {
        void window.analytics.track(`Event ${i}`);
        for (state of ['hidden', 'visible'] as const) document.dispatchEvent(new Event('visibilitychange'));
      }
    });
    await expectArrival(standIn, { names: numbered(10), page });
    await expectStats(page, { tracked: 10, delivered: 10 });
  });

  test('while the proxy is slow: no event twice', async ({ open, page, site, standIn }) => {
    await site.faults({ delayMs: 400, does: 'pass' });
    await open();
    await trackStored(page, numbered(30));
    for (let times = 0; times < 10; times++) {
      await setVisibility(page, 'hidden');
      await setVisibility(page, 'visible');
    }
    await expectArrival(standIn, { names: numbered(30), page });
    await expectStats(page, { tracked: 30, delivered: 30 });
  });

  test('batching goes on: each time at most two requests, and afterwards a burst is one', async ({
    open,
    page,
    standIn,
  }) => {
    await open('/shop', { delivery: { flushIntervalMs: 60_000 } });
    const requests = watchRequests(page);
    await trackStored(page, ['First']);
    await expectArrival(standIn, { names: ['First'], page });
    const names = ['First'];
    for (let times = 1; times <= 10; times++) {
      const own = numbered(30, `Time ${times}, event`);
      names.push(...own);
      // One call after the other, each stored before the next.
      await page.evaluate(async (all) => {
        for (const name of all) await window.analytics.track(name);
      }, own);
      await setVisibility(page, 'hidden');
      await setVisibility(page, 'visible');
      await expectArrival(standIn, { names, page });
    }
    expect(requests.count()).toBeLessThanOrEqual(1 + 2 * 10);
    const before = requests.count();
    for (const name of numbered(30, 'After')) await trackStored(page, [name]);
    await page.evaluate(() => window.analytics.flush());
    await expectArrival(standIn, { names: [...names, ...numbered(30, 'After')], page });
    expect(requests.count() - before).toBe(1);
    await expectStats(page, { tracked: 331, delivered: 331 });
  });
});

test('hidden with events that were not sent yet: they go at once, not after the interval', async ({
  open,
  page,
  standIn,
}) => {
  await open('/shop', { delivery: { flushIntervalMs: 60_000 } });
  await trackStored(page, ['First']);
  await expectArrival(standIn, { names: ['First'], page });
  await trackStored(page, numbered(20));
  await setVisibility(page, 'hidden');
  await expectArrival(standIn, { names: ['First', ...numbered(20)], page });
  await expectStats(page, { tracked: 21, delivered: 21 });
});

test.describe('hidden, and then discarded by the browser', () => {
  let tabs: RealTabs;
  test.beforeEach(async () => {
    tabs = await startRealTabs();
  });
  test.afterEach(() => tabs.close());

  for (const [what, down] of [
    ['all arrive at once, and none again when the visitor comes back', false],
    ['with the proxy down: all arrive once when the visitor comes back', true],
  ] as const) {
    test(what, async ({ site, standIn }) => {
      test.slow();
      const shop = await openInRealTab(tabs, `${site.origin}/shop`);
      expect(await trackInRealTab(shop, ['First'])).toEqual(['stored']);
      await expect.poll(() => shop.evaluate('analytics.stats().pending')).toBe(0);

      await site.faults(...(down ? [{ does: 'cut' } as const] : []));
      expect(await shop.evaluate('document.visibilityState')).toBe('visible');
      await trackInRealTab(shop, numbered(20));
      await shop.discard();
      await expectArrival(standIn, { names: down ? ['First'] : ['First', ...numbered(20)] });

      await site.faults();
      await shop.show();
      await expect
        .poll(() => shop.evaluate('document.wasDiscarded && typeof window.analytics'))
        .toBe('object');
      await shop.evaluate('analytics.flush()');
      await expectArrival(standIn, { names: ['First', ...numbered(20)] });
      expect(await shop.evaluate('analytics.stats()')).toMatchObject({
        tracked: down ? 20 : 0,
        delivered: down ? 20 : 0,
        pending: 0,
      });
    });
  }
});

test('hidden, and its process dies before the answer: exactly what was on its way is sent again, and all arrive once', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  test.slow(); // the next page cannot know that no answer will come
  await open('/shop', { delivery: { flushIntervalMs: 60_000 } });
  const [first = ''] = await trackStored(page, ['First']);
  await expectArrival(standIn, { names: ['First'], page });
  const ids = await trackStored(page, numbered(20));
  await site.faults({ times: 1, does: 'withhold-answer' });
  await setVisibility(page, 'hidden');
  await expectArrival(standIn, { names: ['First', ...numbered(20)] });
  await crash(page);
  const next = await openNextTab(context, site);
  await expect.poll(async () => (await site.batches()).length, { timeout: 20_000 }).toBe(3);
  await expectArrival(standIn, { names: ['First', ...numbered(20)], page: next });
  await expectStats(next, { tracked: 20, delivered: 20 });
  expect(await timesTaken(site, [first, ...ids])).toEqual([1, ...ids.map(() => 2)]);
});
