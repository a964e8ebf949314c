/** An extension of the browser blocks every request: few requests, one warning, and recovery. */
import type { Page } from 'playwright';
import { expect, impatient, patient, stats } from '../../support/site/fixtures.ts';
import { warningsOf } from '../../support/site/fronts.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

interface Blocker {
  /** Number of requests that it has blocked. */
  blocked(): number;
  stop(): Promise<void>;
}

async function block(page: Page): Promise<Blocker> {
  let blocked = 0;
  await page.route('**/v1/batch', (route) => {
    blocked++;
    return route.abort('blockedbyclient');
  });
  return { blocked: () => blocked, stop: () => page.unroute('**/v1/batch') };
}

test('an hour, 1 000 events: at most 30 requests, one warning; then all arrive once', async ({ shop }) => {
  const { page, site } = shop;
  const origins = new Set<string>();
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  const warnings = warningsOf(page);
  const blocker = await block(page);
  await page.clock.install();
  await shop.open();
  const names = numbered(1_000);
  // Every 30 seconds, 8 or 9 events.
  for (let step = 0; step < 120; step++) {
    await shop.track(names.slice(Math.round((step * 1_000) / 120), Math.round(((step + 1) * 1_000) / 120)));
    await shop.passTime(30_000);
  }
  expect(blocker.blocked()).toBeLessThanOrEqual(30);
  expect(blocker.blocked()).toBeGreaterThanOrEqual(10);
  await shop.expectTold({ blocked: [{}], dropped: [] });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('blocked');
  await shop.expectAccount({ pending: 1_000 });

  await blocker.stop();
  await shop.expectAccount({ fastForwardMs: 300_000, inOrder: true });
  expect(origins).toEqual(new Set([site.origin]));
});

test('the SDK goes on trying, with waits that grow to five minutes', async ({ shop }) => {
  const { page } = shop;
  await patient(page);
  await page.clock.install();
  const blocker = await block(page);
  await shop.open();
  await shop.track(['A']);
  await expect
    .poll(async () => {
      await shop.passTime(1_000);
      return (await shop.told('blocked')).length;
    })
    .toBe(1);
  await shop.track(['B']);
  /** Returns the number of requests while so many steps of time pass. */
  async function requestsIn(steps: number, stepMs: number): Promise<number> {
    const before = blocker.blocked();
    for (let step = 0; step < steps; step++) await shop.passTime(stepMs);
    return blocker.blocked() - before;
  }
  // Nobody has to wait five minutes for the first of them.
  const [first, then] = [await requestsIn(4, 15_000), await requestsIn(16, 15_000)];
  expect(first).toBeGreaterThanOrEqual(1);
  expect(first + then).toBeGreaterThanOrEqual(3);
  expect(first + then).toBeLessThanOrEqual(12);
  // One in five minutes, for as long as it takes.
  await requestsIn(5, 60_000);
  const later = await requestsIn(10, 60_000);
  expect(later).toBeGreaterThanOrEqual(1);
  expect(later).toBeLessThanOrEqual(3);
  await shop.expectTold({ blocked: [{}] });
  await shop.expectAccount({ pending: 2 });
});

test('a flush tries once more, and returns what still waits', async ({ shop }) => {
  const { page } = shop;
  // With long waits, no request but that of the flush is sent meanwhile.
  await patient(page);
  const warnings = warningsOf(page);
  const blocker = await block(page);
  await shop.open();
  await shop.track(['A']);
  await shop.untilTold('blocked');
  const before = blocker.blocked();
  await shop.track(['B', 'C']);
  expect(await page.evaluate(() => window.analytics.flush({ timeoutMs: 500 }))).toEqual({
    delivered: 0,
    pending: 3,
    dropped: 0,
  });
  expect(blocker.blocked()).toBeLessThanOrEqual(before + 2);
  expect(warnings).toHaveLength(1);
});

test.describe('recovers, and everything arrives once', () => {
  for (const { when, sign } of [
    {
      when: 'the page becomes visible',
      sign: (page: Page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))),
    },
    {
      when: '`online` is told',
      sign: (page: Page) => page.evaluate(() => window.dispatchEvent(new Event('online'))),
    },
    {
      when: 'the next page comes',
      sign: (page: Page) => page.goto(`${new URL(page.url()).origin}/next`),
    },
  ]) {
    test(`when ${when}`, async ({ shop }) => {
      const { page } = shop;
      await impatient(page);
      const blocker = await block(page);
      await shop.open();
      await shop.track(numbered(50));
      await shop.untilTold('blocked');
      await blocker.stop();
      await sign(page);
      await shop.expectAccount();
      expect(addsUp(await stats(page))).toBe(true);
    });
  }
});
