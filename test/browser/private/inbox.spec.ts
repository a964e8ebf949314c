/** The inbox by topics, its totals, and its changes in two tabs and with a proxy that is away. */
import type { Page } from 'playwright';
import { openTabs } from '../../support/browser/tabs.ts';
import { expect, fates, inboxesOf, prepare, signIn, test } from '../../support/site/members.ts';

const of = (queueId: string, day: string, topics: readonly string[], opened = false): object => ({
  queueId,
  opened,
  sentAt: `2026-01-${day}T00:00:00.000Z`,
  topics,
  properties: {},
});

test('topics, totals and order: of the messages, and of listeners', async ({ members, site, standIn }) => {
  await standIn.setPeople({
    ann: {
      messages: [
        of('old', '01', []),
        of('order', '02', ['orders'], true),
        of('new', '03', ['news', 'orders']),
        of('theirs', '04', ['_cio_inbox']),
      ],
    },
  } as never);
  const page = await members();
  await signIn(page, 'ann');
  const seen = await page.evaluate(async () => {
    const { inbox } = window.analytics;
    const ids = (messages: readonly { readonly id: string }[]): string[] => messages.map(({ id }) => id);
    const orders = inbox('orders');
    const heard = await new Promise<string[]>((resolve) => {
      orders.onUpdates((messages) => resolve(ids(messages)));
    });
    const [newest] = await inbox('news').messages();
    await newest?.markOpened();
    return {
      all: ids(await inbox.messages()),
      same: ids(await inbox().messages()),
      orders: ids(await orders.messages()),
      theirs: ids(await inbox('_cio_inbox').messages()),
      numbers: [await inbox.total(), await inbox.totalUnopened(), await orders.totalUnopened()],
      heard,
    };
  });
  expect(seen).toEqual({
    all: ['new', 'order', 'old'],
    same: ['new', 'order', 'old'],
    orders: ['new', 'order'],
    theirs: ['theirs'],
    numbers: [3, 1, 0],
    heard: ['new', 'order'],
  });
  expect(await fates(site)).toContain('/v1/inbox/mark-as-read 200');
});

test('two tabs: a change in one is in the other within a second, without a request there', async ({
  context,
  site,
  standIn,
}) => {
  await prepare(context);
  const [here, there] = (await openTabs(context, `${site.origin}/members`, 2)) as [Page, Page];
  await signIn(here, 'ann');
  await expect.poll(() => there.evaluate(() => window.analytics.user().id())).toBe('ann');
  for (const tab of [here, there]) {
    await tab.evaluate(() => window.listen());
    await expect.poll(() => inboxesOf(tab)).toEqual([['ann-1', 'ann-2']]);
  }
  await here.evaluate(() => window.analytics.inbox.delete('ann-1'));
  await expect.poll(async () => (await inboxesOf(there)).at(-1), { timeout: 1_000 }).toEqual(['ann-2']);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/inbox/fetch 200', '/v1/inbox/delete 200']);
  expect((await standIn.people())['ann']?.messages.map(({ queueId }) => queueId)).toEqual(['ann-2']);
});

test('a proxy that is away gets the change when it is back; marked as unread is not opened again', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  await page.evaluate(() => window.analytics.inbox.messages());
  await site.change({ privateFaults: [{ does: 'cut', times: 2 }] });
  const opened = async (): Promise<boolean | undefined> =>
    (await standIn.people())['ann']?.messages.find(({ queueId }) => queueId === 'ann-1')?.opened;
  await page.evaluate(() => window.analytics.inbox.markAsRead('ann-1'));
  expect(await opened()).toBe(true);
  await page.evaluate(() => window.analytics.inbox.markAsUnread('ann-1'));
  expect(await opened()).toBe(false);
  expect((await fates(site)).filter((fate) => fate.startsWith('/v1/inbox/mark'))).toEqual([
    '/v1/inbox/mark-as-read cut',
    '/v1/inbox/mark-as-read cut',
    '/v1/inbox/mark-as-read 200',
    '/v1/inbox/mark-as-read 200',
  ]);
});

test('the page is left at once after three changes of a message: the last one is written', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  await page.evaluate(() => window.analytics.inbox.messages());
  await page.evaluate(() => {
    const { inbox } = window.analytics;
    void inbox.markAsRead('ann-1');
    void inbox.markAsUnread('ann-1');
    void inbox.delete('ann-1');
    window.location.assign('/blank');
  });
  await page.waitForURL(`${site.origin}/blank`);
  await expect
    .poll(async () => (await standIn.people())['ann']?.messages.map(({ queueId }) => queueId))
    .toEqual(['ann-2']);
});
