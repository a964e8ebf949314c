/**
 * The response to the last request of a page reaches the next page by a cookie, when no page can read the
 * response itself.
 */
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { type Site, stats } from '../../support/site/fixtures.ts';
import { ackCookies, leftRecords } from '../../support/page/left-records.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import type { ProxyRequest } from '../../support/site/site.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { closeTab, openTab, untilSomebodyLeads } from '../../support/browser/tabs.ts';
import { expect, expectOnce, test } from './setup.ts';

/** The requests that carried events. */
const carriers = async (site: Site): Promise<readonly ProxyRequest[]> =>
  (await site.batches()).filter(({ ids }) => ids.length);

const NAME = /^[A-Za-z0-9]{10,40}$/;

for (const latencyMs of [0, 120, 2_000]) {
  test.describe(`Customer.io takes ${latencyMs} ms`, () => {
    test.use({ latencyMs });

    test('a page is left for the next one, which sends no event again and deletes the records', async ({
      context,
      page,
      site,
      standIn,
    }) => {
      await page.goto(`${site.origin}/shop`);
      await trackAndLeave(page, numbered(20), '/deep/below/next');
      await expectOnce({ site, standIn, page }, numbered(20));
      const [last, ...others] = await carriers(site);
      expect(last?.ids).toHaveLength(20);
      expect(last?.ack).toMatch(NAME);
      expect(others).toEqual([]);
      expect(await leftRecords(page)).toEqual({});
      expect(await ackCookies(context)).toEqual([]);
    });
  });
}

test('the next page learns of the delivery soon after the response of Customer.io', async ({
  page,
  site,
  standIn,
}) => {
  const LATENCY_MS = 500;
  /** The SDK checks every 250 ms; the rest of the time is for a busy machine. */
  const MOMENTS_MS = 1_500;
  await standIn.faults({ latencyMs: LATENCY_MS });
  await page.goto(`${site.origin}/shop`);
  await trackAndLeave(page, numbered(20), '/next');
  const leftAt = Date.now();
  await expect.poll(async () => (await stats(page)).pending, { intervals: [50] }).toBe(0);
  expect(Date.now() - leftAt).toBeLessThan(LATENCY_MS + MOMENTS_MS);
  expect(await carriers(site)).toHaveLength(1);
});

test('tabs are closed and the visitor returns later: the cookies are still there, and nothing is sent again', async ({
  context,
  site,
  standIn,
}) => {
  for (const name of ['First', 'Second']) {
    const tab = await openTab(context, `${site.origin}/shop`);
    await untilSomebodyLeads(tab);
    await trackAll(tab, numbered(3, name));
    await closeTab(tab);
    await expect.poll(async () => (await standIn.account(numbered(3, name))).lost).toBe(0);
  }
  const names = [...numbered(3, 'First'), ...numbered(3, 'Second')];
  await expect.poll(async () => (await ackCookies(context)).length).toBeGreaterThanOrEqual(1);
  for (const { value, path, httpOnly } of await ackCookies(context))
    expect({ value, path, httpOnly }).toEqual({ value: '1', path: '/', httpOnly: false });
  const page = await openTab(context, `${site.origin}/next`);
  await expectOnce({ site, standIn, page }, names);
  expect(await carriers(site)).toHaveLength(2);
  expect(await ackCookies(context)).toEqual([]);
  expect(await leftRecords(page)).toEqual({});
});

test('new events of the next page do not wait for the events that it holds back', async ({
  page,
  site,
  standIn,
}) => {
  await page.goto(`${site.origin}/shop`);
  await site.faults({ times: 1, does: 'hang' });
  await trackAndLeave(page, numbered(20), '/next');
  await trackStored(page, ['Its own']);
  await expect.poll(standIn.names).toEqual(['Its own']);
  expect((await stats(page)).pending).toBe(20);
});

test.describe('the response never arrives', () => {
  test.setTimeout(60_000);
  /** Longer than Customer.io needs, and short enough that the visitor is probably still there. */
  const BOUNDS_MS = [4_000, 17_000] as const;

  for (const [what, does] of [
    ['and nothing has arrived', 'hang'],
    ['although all has arrived', 'withhold-answer'],
  ] as const) {
    test(`${what}: after a limited time the events are sent again, and arrive once`, async ({
      page,
      site,
      standIn,
    }) => {
      await page.goto(`${site.origin}/shop`);
      await site.faults({ times: 1, does });
      await trackAndLeave(page, numbered(20), '/next');
      await expect.poll(async () => (await carriers(site)).length, { timeout: 30_000 }).toBe(2);
      await expectOnce({ site, standIn, page }, numbered(20));
      const [last, again] = await carriers(site);
      expect(again?.ids).toEqual(last?.ids);
      const waitedMs = (again?.at ?? 0) - (last?.at ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(BOUNDS_MS[0]);
      expect(waitedMs).toBeLessThanOrEqual(BOUNDS_MS[1]);
      expect(await leftRecords(page)).toEqual({});
    });
  }
});
