/** Several tabs of one visitor: one of them fetches, and all know the same. */
import type { Page } from 'playwright';
import {
  busy,
  calls,
  expect,
  fetchedFor,
  frameCount,
  heard,
  messageIn,
  metrics,
  passMarker,
  seen,
  test,
  untilFetched,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';
import { closeTab, untilSomebodyLeads } from '../../support/browser/tabs.ts';

const inboxMessage = (queueId: string) => ({
  queueId,
  opened: false,
  sentAt: '2026-01-02T03:04:05Z',
  properties: {},
});

declare global {
  interface Window {
    /** When the inbox listener of a tab got this many messages for the first time. */
    toldAt: Record<number, number>;
  }
}

const listen = (page: Page): Promise<void> =>
  page.evaluate(() => {
    window.toldAt = {};
    window.analytics.inbox.onChange(({ length }) => (window.toldAt[length] ??= Date.now()));
  });

const toldAt = (page: Page, count: number): Promise<number | undefined> =>
  page.evaluate((wanted) => window.toldAt[wanted], count);

test('two tabs: one fetch per interval, and both are told within a second', async ({
  visit,
  context,
  site,
  standIn,
}) => {
  await standIn.setPeople({ u1: { messages: [inboxMessage('i1')] } });
  await standIn.inAppSettings({ pollingInterval: 10 });
  const one = await visit({ as: 'u1' });
  await untilSomebodyLeads(one);
  await listen(one);
  await untilFetched(site, 1);
  const other = await visit({ on: await context.newPage() });
  await listen(other);
  for (const tab of [one, other]) await expect.poll(() => toldAt(tab, 1)).toBeDefined();
  await standIn.setPeople({ u1: { messages: [inboxMessage('i1'), inboxMessage('i2')] } });
  for (const tab of [one, other]) await expect.poll(() => toldAt(tab, 2), { timeout: 25_000 }).toBeDefined();
  const [first = 0, second = Infinity] = [await toldAt(one, 2), await toldAt(other, 2)];
  expect(Math.abs(second - first)).toBeLessThan(busy(1_000));
  expect(await fetchedFor(standIn)).toEqual(['u1', 'u1']);
  expect(await calls(site, 'fetch')).toEqual(['200', '200']);
});

test('the tab that fetches is closed: another goes on', async ({ visit, context, site, standIn }) => {
  await standIn.inAppSettings({ pollingInterval: 10 });
  const one = await visit({ as: 'u1' });
  await untilSomebodyLeads(one);
  await untilFetched(site, 1);
  const other = await visit({ on: await context.newPage() });
  await other.evaluate(() => window.analytics.page('Home'));
  await passMarker(other, standIn);
  await closeTab(one);
  await standIn.setMessages('u1', [message()]);
  await expect.poll(() => heard(other), { timeout: 30_000 }).toEqual(['shown gist-html-q1']);
});

test('a message that one tab has shown is not shown by the next tab', async ({ visit, context, standIn }) => {
  await standIn.setMessages('u1', [message()]);
  const one = await visit({ as: 'u1' });
  await untilShown(one, 'q1');
  const other = await visit({ on: await context.newPage() });
  await other.evaluate(() => window.analytics.page('Home'));
  await passMarker(other, standIn);
  await messageIn(one).getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => frameCount(one)).toBe(0);
  await passMarker(one, standIn);
  expect(await heard(other)).toEqual([]);
  expect(await frameCount(other)).toBe(0);
  expect(await seen(standIn)).toEqual(['q1 200']);
  expect(await metrics(standIn)).toEqual([{ deliveryId: 'd1', metric: 'opened' }]);
});

test('the next person signs in in one tab: the frames of the other tab are gone too', async ({
  visit,
  context,
  standIn,
}) => {
  await standIn.setMessages('u1', [message({ gist: { persistent: true } })]);
  const one = await visit({ as: 'u1' });
  await untilShown(one, 'q1');
  const other = await visit({ on: await context.newPage() });
  await untilShown(other, 'q1');
  await one.evaluate(() => window.analytics.identify('u2'));
  expect(await frameCount(one)).toBe(0);
  await expect.poll(() => frameCount(other)).toBe(0);
});
