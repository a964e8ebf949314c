/** An extension of the browser blocks every request: few requests, one warning, and recovery. */
import type { Page } from 'playwright';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, impatient, patient, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { warningsOf } from '../../support/site/fronts.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { passTime } from '../../support/page/time.ts';

interface Blocker {
  /** Requests that it has blocked. */
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

test('for an hour, 1 000 events: at most 30 requests, one warning, `blocked` told; then all arrive once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  const origins = new Set<string>();
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  const warnings = warningsOf(page);
  const blocker = await block(page);
  await page.clock.install();
  const requests = watchRequests(page);
  await open();
  const names = numbered(1_000);
  // Every 30 seconds, 8 or 9 events.
  for (let step = 0; step < 120; step++) {
    await trackStored(
      page,
      names.slice(Math.round((step * 1_000) / 120), Math.round(((step + 1) * 1_000) / 120)),
    );
    await passTime(page, requests, 30_000);
  }
  expect(blocker.blocked()).toBeLessThanOrEqual(30);
  expect(blocker.blocked()).toBeGreaterThanOrEqual(10);
  expect(await told(page, 'blocked')).toHaveLength(1);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('blocked');
  await expectStats(page, { tracked: 1_000, delivered: 0, pending: 1_000 });
  expect(await told(page, 'dropped')).toEqual([]);

  await blocker.stop();
  await expectArrival(standIn, { names, page, fastForwardMs: 300_000 });
  await expectStats(page, { tracked: 1_000, delivered: 1_000 });
  expect(await standIn.names()).toEqual(names);
  expect(origins).toEqual(new Set([site.origin]));
});

test('goes on looking after it was told, with waits that grow to five minutes', async ({ open, page }) => {
  await patient(page);
  await page.clock.install();
  const requests = watchRequests(page);
  const blocker = await block(page);
  await open();
  await trackStored(page, ['A']);
  await expect
    .poll(async () => {
      await passTime(page, requests, 1_000);
      return (await told(page, 'blocked')).length;
    })
    .toBe(1);
  await trackStored(page, ['B']);
  /** How many requests there were while so many steps of time passed. */
  async function looks(steps: number, stepMs: number): Promise<number> {
    const before = blocker.blocked();
    for (let step = 0; step < steps; step++) await passTime(page, requests, stepMs);
    return blocker.blocked() - before;
  }
  // Nobody has to wait five minutes for the first of them.
  const [first, then] = [await looks(4, 15_000), await looks(16, 15_000)];
  expect(first).toBeGreaterThanOrEqual(1);
  expect(first + then).toBeGreaterThanOrEqual(3);
  expect(first + then).toBeLessThanOrEqual(12);
  // One in five minutes, for as long as it takes.
  await looks(5, 60_000);
  const later = await looks(10, 60_000);
  expect(later).toBeGreaterThanOrEqual(1);
  expect(later).toBeLessThanOrEqual(3);
  expect(await told(page, 'blocked')).toHaveLength(1);
  await expectStats(page, { tracked: 2, delivered: 0, pending: 2 });
});

test('a flush asks once more, with the events and without, and says what still waits', async ({
  open,
  page,
}) => {
  // So that nothing else comes of itself meanwhile.
  await patient(page);
  const warnings = warningsOf(page);
  const blocker = await block(page);
  await open();
  await trackStored(page, ['A']);
  await toldTimes(page, 'blocked');
  const before = blocker.blocked();
  await trackStored(page, ['B', 'C']);
  expect(await page.evaluate(() => window.analytics.flush({ timeoutMs: 500 }))).toEqual({
    delivered: 0,
    pending: 3,
    dropped: 0,
  });
  expect(blocker.blocked()).toBeLessThanOrEqual(before + 2);
  expect(warnings).toHaveLength(1);
});

test.describe('recovers, and everything arrives once', () => {
  for (const [when, sign] of [
    [
      'the page becomes visible',
      (page: Page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))),
    ],
    ['`online` is told', (page: Page) => page.evaluate(() => window.dispatchEvent(new Event('online')))],
    ['the next page comes', (page: Page) => page.goto(`${new URL(page.url()).origin}/next`)],
  ] as const) {
    test(`when ${when}`, async ({ open, page, standIn }) => {
      await impatient(page);
      const blocker = await block(page);
      await open();
      await trackStored(page, numbered(50));
      await toldTimes(page, 'blocked');
      await blocker.stop();
      await sign(page);
      await expectArrival(standIn, { names: numbered(50), page });
      await expectStats(page, { tracked: 50, delivered: 50 });
      expect(addsUp(await page.evaluate(() => window.analytics.stats()))).toBe(true);
    });
  }
});
