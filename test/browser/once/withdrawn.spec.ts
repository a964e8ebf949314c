/**
 * Consent is withdrawn, or the instance closed, while a cookie reports the last request of an earlier page.
 */
import type { BrowserContext, Page } from 'playwright';
import { trackAll } from '../../support/page/calls.ts';
import type { Site } from '../../support/site/fixtures.ts';
import { ackCookies, leftRecords } from '../../support/page/left-records.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered, type StandIn } from '../../support/site/stand-in.ts';
import { closeTab, openTab, untilSomebodyLeads } from '../../support/browser/tabs.ts';
import { expect, expectOnce, test } from './setup.ts';

/**
 * Tracks in a tab, closes it, and waits for the response to its last request. Returns a page of the site
 * without the SDK.
 */
async function leaveBehind(context: BrowserContext, site: Site, standIn: StandIn): Promise<Page> {
  const tab = await openTab(context, `${site.origin}/shop`);
  await trackAll(tab, numbered(5));
  await closeTab(tab);
  await expect.poll(async () => (await standIn.account(numbered(5))).lost).toBe(0);
  await expect.poll(async () => (await ackCookies(context)).length).toBe(1);
  const page = await context.newPage();
  await page.goto(`${site.origin}/blank`);
  expect(Object.keys(await leftRecords(page))).toHaveLength(1);
  return page;
}

async function expectNothing(context: BrowserContext, page: Page): Promise<void> {
  await expect.poll(() => context.cookies()).toEqual([]);
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage))).toEqual([]);
}

test('a page with consent denied from the start deletes both the record and the cookie', async ({
  context,
  site,
  standIn,
}) => {
  const page = await leaveBehind(context, site, standIn);
  await page.addInitScript(() => {
    window.sdkOptions = { consent: 'denied' };
  });
  await page.goto(`${site.origin}/shop`);
  await expectNothing(context, page);
  expect(await site.batches()).toHaveLength(1);
});

test('`consent.deny()` as the first call of a page deletes both', async ({ context, site, standIn }) => {
  const page = await leaveBehind(context, site, standIn);
  await page.addInitScript(() => {
    const denies = (): unknown => window.analytics && window.analytics.consent.deny();
    addEventListener('DOMContentLoaded', denies);
  });
  await page.goto(`${site.origin}/shop`);
  await expectNothing(context, page);
  expect(await site.batches()).toHaveLength(1);
});

test('`consent.deny()` before the response arrives: the next page deletes the late cookie', async ({
  context,
  page,
  site,
  standIn,
}) => {
  await standIn.faults({ latencyMs: 1_500 });
  await page.goto(`${site.origin}/shop`);
  await trackAndLeave(page, numbered(5), '/next');
  await page.evaluate(() => window.analytics.consent.deny());
  await expectNothing(context, page);
  await expect.poll(async () => (await standIn.account(numbered(5))).lost).toBe(0);
  await expect.poll(site.underWay).toBe(0);
  await page.addInitScript(() => {
    window.sdkOptions = { consent: 'denied' };
  });
  await page.goto(`${site.origin}/shop`);
  await expectNothing(context, page);
  expect(await site.batches()).toHaveLength(1);
});

test('`close()` deletes what is known by then, and the next page loses nothing and repeats nothing', async ({
  context,
  site,
  standIn,
}) => {
  const page = await leaveBehind(context, site, standIn);
  // The file that processes what earlier pages have left.
  await Promise.all([page.waitForResponse(/cio-reclaim/), page.goto(`${site.origin}/next`)]);
  await untilSomebodyLeads(page);
  await page.waitForTimeout(100);
  await page.evaluate(() => window.analytics.close());
  await expect.poll(() => ackCookies(context)).toEqual([]);
  await expect.poll(() => leftRecords(page)).toEqual({});
  await page.goto(`${site.origin}/shop`);
  await expectOnce({ site, standIn, page }, numbered(5));
});

test('`close()` before the response arrives: the next page loses nothing, repeats nothing, and deletes the record', async ({
  context,
  site,
  standIn,
}) => {
  await standIn.faults({ latencyMs: 1_000 });
  const tab = await openTab(context, `${site.origin}/shop`);
  const page = await context.newPage();
  await page.goto(`${site.origin}/blank`);
  await trackAll(tab, numbered(5));
  await closeTab(tab);
  await page.goto(`${site.origin}/next`);
  await page.evaluate(() => window.analytics.close());
  expect(await ackCookies(context)).toEqual([]);
  await page.goto(`${site.origin}/shop`);
  await expectOnce({ site, standIn, page }, numbered(5));
  await expect.poll(() => ackCookies(context)).toEqual([]);
  await expect.poll(() => leftRecords(page)).toEqual({});
});
