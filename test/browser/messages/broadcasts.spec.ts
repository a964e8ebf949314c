/** Messages for everybody: how often a browser shows them, also to visitors who have not signed in. */
import type { Page } from 'playwright';
import {
  expect,
  heard,
  passMarker,
  reports,
  seen,
  test,
  untilFetched,
  untilHeard,
  untilShown,
  type VisitOptions,
} from '../../support/site/message-visits.ts';
import { broadcast, type GistProperties } from '../../support/site/in-app-message.ts';
import type { InAppMessage } from '../../../demo/pipelines/people.ts';
import type { Site } from '../../support/site/fixtures.ts';
import type { StandIn } from '../../support/site/stand-in.ts';

const ANONYMOUS: VisitOptions = { sdk: { inApp: { anonymous: true } } };

type Frequency = NonNullable<NonNullable<GistProperties['broadcast']>['frequency']>;

/** Each broadcast has a place of its own, so that all are shown at the same time. */
function everywhere(queueId: string, elementId: string, frequency: Frequency | undefined): InAppMessage {
  const ids = { broadcastIdInt: 7, broadcastId: 7, templateId: 3 };
  return broadcast({
    queueId,
    gist: { elementId, broadcast: { ...ids, ...(frequency && { frequency }) } },
  });
}

test.beforeEach(async ({ site }) =>
  site.change({ inApp: { anonymous: { secret: 'a secret of guests, 32 bytes or more' } } }),
);

/** Loads the page again, and waits until the broadcasts that are due are shown; `control` is always one of them. */
async function reload(page: Page, site: Site, standIn: StandIn, times: number): Promise<readonly string[]> {
  await page.reload();
  await untilFetched(site, times);
  await untilShown(page, 'control');
  await passMarker(page, standIn);
  return shown(page);
}

const shown = async (page: Page): Promise<readonly string[]> =>
  (await heard(page))
    .filter((each) => each.startsWith('shown'))
    .map((each) => each.replace('shown gist-html-', ''))
    .sort();

test('once, twice with a delay, on every page, and never without a word about how often', async ({
  visit,
  site,
  standIn,
}) => {
  await standIn.setBroadcasts([
    everywhere('nothing-said', 'x-gist-floating-top-right', undefined),
    everywhere('once', 'x-gist-top', { count: 1, delay: 0 }),
    everywhere('twice', 'x-gist-bottom', { count: 2, delay: 2 }),
    everywhere('control', 'x-gist-floating-top-left', { count: 0, delay: 0 }),
  ]);
  const page = await visit(ANONYMOUS);
  for (const queueId of ['once', 'twice', 'control']) await untilShown(page, queueId);
  await passMarker(page, standIn);
  expect(await shown(page)).toEqual(['control', 'once', 'twice']);
  await untilFetched(site, 1);
  // The proxy lets a visitor fetch once in five seconds, so that the delay is over at the next page.
  expect(await reload(page, site, standIn, 2)).toEqual(['control', 'twice']);
  expect(await reload(page, site, standIn, 3)).toEqual(['control']);
  expect(await reload(page, site, standIn, 4)).toEqual(['control']);
  // A display that Customer.io counts is also logged; that of the same broadcast on the next page is neither.
  expect([...(await seen(standIn))].sort()).toEqual(['control 200', 'once 200', 'twice 200', 'twice 200']);

  const requests = await standIn.messageRequests('queue');
  for (const { isGuest, userId } of requests) {
    expect(isGuest).toBe(true);
    expect(userId).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
  }
  expect(new Set(requests.map(({ userId }) => userId)).size).toBe(1);
});

test('a second display comes in the same page, when the delay is over', async ({ visit, standIn }) => {
  await standIn.setBroadcasts([
    everywhere('twice', 'x-gist-top', { count: 2, delay: 2, ignoreDismiss: true }),
  ]);
  const page = await visit(ANONYMOUS);
  for (const times of [1, 2]) {
    await untilShown(page, 'twice', times);
    await page.evaluate(() => window.analytics.messages.dismiss('gist-html-twice'));
  }
  const events = await page.evaluate(() => window.heard.filter(({ type }) => type === 'shown'));
  expect((events[1]?.at ?? 0) - (events[0]?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2_500)));
  await page.evaluate(() => window.analytics.page('Home'));
  await passMarker(page, standIn);
  expect(await shown(page)).toEqual(['twice', 'twice']);
});

test('what was closed does not come back, unless its author wants it to', async ({
  visit,
  site,
  standIn,
}) => {
  await standIn.setBroadcasts([
    everywhere('closed', 'x-gist-top', { count: 0, delay: 0 }),
    everywhere('ignores', 'x-gist-bottom', { count: 0, delay: 0, ignoreDismiss: true }),
    everywhere('control', 'x-gist-floating-top-left', { count: 0, delay: 0 }),
  ]);
  const page = await visit(ANONYMOUS);
  for (const queueId of ['closed', 'ignores', 'control']) await untilShown(page, queueId);
  for (const queueId of ['closed', 'ignores']) {
    await page.evaluate((id) => window.analytics.messages.dismiss(`gist-html-${id}`), queueId);
    await untilHeard(page, `dismissed gist-html-${queueId}`);
  }
  await passMarker(page, standIn);
  expect(await shown(page)).toEqual(['closed', 'control', 'ignores']);
  expect(await reload(page, site, standIn, 2)).toEqual(['control', 'ignores']);
});

test('Customer.io counts the view of a guest, by the ids of the content', async ({ visit, standIn }) => {
  await standIn.setBroadcasts([broadcast({ queueId: 'b1' })]);
  const page = await visit(ANONYMOUS);
  await untilShown(page, 'b1');
  await expect.poll(async () => (await reports(standIn)).length).toBe(1);
  const [report] = await reports(standIn);
  expect(report).toMatchObject({
    type: 'track',
    event: 'Report Content Event',
    properties: {
      actionType: 'viewed_content',
      contentId: 7,
      templateId: 3,
      contentType: 'in_app_content',
    },
  });
  expect(report?.userId).toBeUndefined();
});

test('without the option anonymous, a visitor who has not signed in gets none', async ({
  visit,
  standIn,
}) => {
  await standIn.setBroadcasts([broadcast({ queueId: 'b1' })]);
  const page = await visit();
  await page.evaluate(() => window.analytics.page('Home'));
  await passMarker(page, standIn);
  expect(await standIn.messageRequests('queue')).toEqual([]);
  expect(await heard(page)).toEqual([]);
});

test('a person who has signed in gets them too', async ({ visit, standIn }) => {
  await standIn.setBroadcasts([broadcast({ queueId: 'b1' })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'b1');
  await expect.poll(() => seen(standIn)).toEqual(['b1 200']);
});
