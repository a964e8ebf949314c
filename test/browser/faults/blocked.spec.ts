/** An extension of the browser blocks every request: few requests, one warning, and recovery. */
import type { Page } from 'playwright';
import { expectArrival, expectStats } from '../../support/arrival.ts';
import { trackStored } from '../../support/calls.ts';
import { expect, impatient, test, told, toldTimes } from '../../support/fixtures.ts';
import { addsUp } from '../../support/in-page.ts';
import { watchRequests } from '../../support/requests.ts';
import { numbered } from '../../support/stand-in.ts';
import { passTime } from '../../support/time.ts';

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

/** What the console has warned of. */
function warningsOf(page: Page): readonly string[] {
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
  });
  return warnings;
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

test('stays quiet for five minutes, then looks once', async ({ open, page }) => {
  await impatient(page);
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
  const before = blocker.blocked();
  await trackStored(page, ['B']);
  for (let minutes = 0; minutes < 4; minutes++) await passTime(page, requests, 60_000);
  expect(blocker.blocked()).toBe(before);
  await passTime(page, requests, 70_000);
  await expect.poll(blocker.blocked).toBe(before + 1);
  await expectStats(page, { tracked: 2, delivered: 0, pending: 2 });
});

test('a flush is one more request, and says what still waits', async ({ open, page }) => {
  await impatient(page);
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
  expect(blocker.blocked()).toBeLessThanOrEqual(before + 1);
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
