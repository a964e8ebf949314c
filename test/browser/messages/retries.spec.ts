/** When messages are fetched, and what happens while the service fails. */
import type { Page } from 'playwright';
import {
  calls,
  expect,
  fetchedFor,
  heard,
  messageIn,
  metrics,
  passMarker,
  seen,
  test,
  untilFetched,
  untilShown,
} from '../../support/site/message-visits.ts';
import { impatient } from '../../support/site/fixtures.ts';
import { message } from '../../support/site/in-app-message.ts';
import { reasons } from '../../support/site/members.ts';
import { setVisibility } from '../../support/browser/tabs.ts';
import type { InAppFault } from '../../../demo/pipelines/in-app/faults.ts';
import type { Site } from '../../support/site/fixtures.ts';

const fetchCount = async (site: Site): Promise<number> => (await calls(site, 'fetch')).length;

/** Moves the page's time, and waits until what that has begun has had its turn. */
async function pass(page: Page, ms: number): Promise<void> {
  await page.clock.fastForward(ms);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
}

test('503 with Retry-After twice, then an answer: the message is shown within 20 seconds', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [message()]);
  await standIn.inAppFaults({ route: 'queue', status: 503, retryAfter: '5', times: 2 });
  const begun = Date.now();
  const page = await visit({ as: 'u1' });
  await expect.poll(() => heard(page), { timeout: 25_000 }).toEqual(['shown gist-html-q1']);
  expect(Date.now() - begun).toBeLessThan(20_000);
  const outcomes = (await standIn.messageRequests('queue')).map(({ outcome }) => outcome);
  expect(outcomes).toEqual([503, 503, 200]);
});

const FAILURES: Readonly<Record<string, InAppFault | undefined>> = {
  'a 503': { route: 'queue', status: 503 },
  'a web page with 200': { route: 'queue', html: true },
  'no answer': { route: 'queue', cut: 'before' },
  'a 304': undefined,
};

for (const [name, fault] of Object.entries(FAILURES))
  test(`${name} empties neither the queue nor the inbox`, async ({ visit, standIn }) => {
    await standIn.setPeople({
      u1: {
        messages: [{ queueId: 'i1', opened: false, sentAt: '2026-01-02T03:04:05Z', properties: {} }],
        inAppMessages: [message({ queueId: 'q1', priority: 1 }), message({ queueId: 'q2', priority: 2 })],
      },
    });
    await standIn.inAppSettings({ pollingInterval: 10 });
    const page = await visit();
    await page.evaluate(() => window.listen());
    await page.evaluate(() => window.analytics.identify('u1'));
    await untilShown(page, 'q1');
    if (fault) await standIn.inAppFaults(fault);
    else await standIn.inAppSettings({ queue: 'unchanged' });
    const isOver = async (): Promise<boolean> => {
      const [, second] = await standIn.messageRequests('queue');
      return second !== undefined && second.outcome !== 'pending';
    };
    await expect.poll(isOver, { timeout: 25_000 }).toBe(true);
    await messageIn(page).getByRole('button', { name: 'Close' }).click();
    await untilShown(page, 'q2');
    const inboxes = await page.evaluate(() => window.inboxes);
    expect(inboxes.at(-1)).toEqual(['i1']);
    const first = inboxes.findIndex((ids) => ids.length > 0);
    expect(inboxes.slice(first).every((ids) => ids.length > 0)).toBe(true);
  });

test.describe('the interval', () => {
  test.beforeEach(({ page }) => page.clock.install());

  test('of the service: ten seconds', async ({ visit, page, site, standIn }) => {
    await standIn.inAppSettings({ pollingInterval: 10 });
    await visit({ as: 'u1' });
    await untilFetched(site, 1);
    // Real time passes too: the requests of this test take some of the last seconds.
    await pass(page, 5_000);
    expect(await fetchCount(site)).toBe(1);
    await pass(page, 5_000);
    await expect.poll(() => fetchCount(site)).toBe(2);
  });

  test('without a word of the service: ten minutes', async ({ visit, page, site, standIn }) => {
    await standIn.inAppSettings({ pollingInterval: null });
    await visit({ as: 'u1' });
    await untilFetched(site, 1);
    await pass(page, 570_000);
    expect(await fetchCount(site)).toBe(1);
    await pass(page, 30_000);
    await expect.poll(() => fetchCount(site)).toBe(2);
  });

  test('ends while the tab is hidden: no fetch; one when the visitor is back', async ({
    visit,
    page,
    site,
    standIn,
  }) => {
    await standIn.inAppSettings({ pollingInterval: 10 });
    await visit({ as: 'u1' });
    await untilFetched(site, 1);
    await setVisibility(page, 'hidden');
    for (let second = 0; second < 60; second += 10) await pass(page, 10_000);
    await passMarker(page, standIn);
    expect(await fetchCount(site)).toBe(1);
    await setVisibility(page, 'visible');
    await expect.poll(() => fetchCount(site)).toBe(2);
  });

  test('is not over when the visitor is back: no fetch before', async ({ visit, page, site, standIn }) => {
    await standIn.inAppSettings({ pollingInterval: 600 });
    await visit({ as: 'u1' });
    await untilFetched(site, 1);
    await setVisibility(page, 'hidden');
    await pass(page, 60_000);
    await setVisibility(page, 'visible');
    await passMarker(page, standIn);
    expect(await fetchCount(site)).toBe(1);
  });
});

test('two fetches in real time are ten seconds apart, and a token that has expired between them is renewed', async ({
  visit,
  site,
  standIn,
}) => {
  await site.change({ login: { ttlSeconds: 5 } });
  await standIn.inAppSettings({ pollingInterval: 10 });
  await visit({ as: 'u1' });
  await expect.poll(async () => (await fetchedFor(standIn)).length, { timeout: 25_000 }).toBe(2);
  const [first, second] = await standIn.messageRequests('queue');
  const apartMs = (second?.atMs ?? Infinity) - (first?.atMs ?? 0);
  expect(apartMs).toBeGreaterThan(9_000);
  expect(apartMs).toBeLessThan(13_000);
  expect(new Set(await calls(site, 'fetch'))).toEqual(new Set(['200']));
  expect((await reasons(site)).length).toBeGreaterThan(1);
});

test('a report of a seen message that fails is repeated until it arrives, and the message is not shown again', async ({
  visit,
  context,
  site,
  standIn,
}) => {
  await impatient(context);
  await standIn.setMessages('u1', [message()]);
  await standIn.inAppFaults({ route: 'seen', status: 500, times: 3 });
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await messageIn(page).getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => heard(page)).toContain('dismissed gist-html-q1');
  const second = await visit({ on: await context.newPage() });
  await expect
    .poll(() => seen(standIn), { timeout: 55_000 })
    .toEqual(['q1 500', 'q1 500', 'q1 500', 'q1 200']);
  await second.evaluate(() => window.analytics.page('Home'));
  await passMarker(second, standIn);
  await passMarker(page, standIn);
  expect(await heard(second)).toEqual([]);
  expect((await heard(page)).filter((each) => each.startsWith('shown'))).toHaveLength(1);
  expect(await metrics(standIn)).toEqual([{ deliveryId: 'd1', metric: 'opened' }]);
  expect((await calls(site, 'seen')).at(-1)).toBe('200');
  expect(await seen(standIn)).toHaveLength(4);
});
