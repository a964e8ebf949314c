/** Messages for some pages only: the patterns that authors write for them. */
import {
  busy,
  expect,
  heard,
  passMarker,
  test,
  untilFetched,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';
import type { MessageParts } from '../../support/site/in-app-message.ts';

const ruled = (queueId: string, routeRuleWeb: string, parts: MessageParts = {}) =>
  message({ queueId, deliveryId: `d-${queueId}`, ...parts, gist: { routeRuleWeb, ...parts.gist } });

test('a name: the message opens after page() with that name, and not before', async ({
  visit,
  site,
  standIn,
}) => {
  await standIn.setMessages('u1', [ruled('q1', '^(checkout)$')]);
  const page = await visit({ as: 'u1' });
  await untilFetched(site, 1);
  await page.evaluate(() => window.analytics.page('Checkout'));
  await page.evaluate(() => window.analytics.page('the checkout'));
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual([]);
  await page.evaluate(() => window.analytics.page('checkout'));
  await untilShown(page, 'q1');
});

test('a path: the message opens on that path without any call of page()', async ({ visit, standIn }) => {
  await standIn.setMessages('u1', [ruled('q1', '^(/Cart/1)$')]);
  const page = await visit({ path: '/Cart/1' });
  const signedInAt = await page.evaluate(() => Date.now());
  await page.evaluate(() => window.analytics.identify('u1'));
  await untilShown(page, 'q1');
  const [shown] = await page.evaluate(() => window.heard);
  expect((shown?.at ?? Infinity) - signedInAt).toBeLessThan(busy(2_500));
});

test('a path is not matched in small letters, nor as a part of another path', async ({ visit, standIn }) => {
  await standIn.setMessages('u1', [
    ruled('q1', '^(/cart/1)$', { priority: 1 }),
    ruled('q2', '^(/Cart)$', { priority: 2 }),
    ruled('q3', '^(/Cart/1)$', { priority: 3 }),
  ]);
  const page = await visit({ as: 'u1', path: '/Cart/1' });
  await page.evaluate(() => window.analytics.page());
  await untilShown(page, 'q3');
  await page.evaluate(() => window.analytics.messages.dismiss('d-q3'));
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual(['shown gist-html-q3', 'dismissed gist-html-q3']);
});

test('a message that is not for the web, and one whose pattern is wrong, never open; the others do', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [
    ruled('q1', '^DO_NOT_DISPLAY_IN_APP$', { priority: 1 }),
    ruled('q2', '(', { priority: 2 }),
    ruled('q3', '^(.*)$', { priority: 3 }),
  ]);
  const page = await visit({ as: 'u1' });
  await page.evaluate(() => window.analytics.page('DO_NOT_DISPLAY_IN_APP'));
  await untilShown(page, 'q3');
  await page.evaluate(() => window.analytics.messages.dismiss('d-q3'));
  await page.evaluate(() => window.analytics.page('('));
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual(['shown gist-html-q3', 'dismissed gist-html-q3']);
});

test('a pattern that would take years on a long URL does not block the page', async ({ visit, standIn }) => {
  await standIn.setMessages('u1', [
    ruled('q1', '(a+)+$', { priority: 1 }),
    ruled('q2', '^(Home)$', { priority: 2 }),
  ]);
  const page = await visit({ as: 'u1', path: `/messages?${'a'.repeat(5_000)}!` });
  await page.evaluate(() => {
    const at = { last: performance.now(), longestMs: 0 };
    (window as unknown as { gaps: typeof at }).gaps = at;
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      const now = performance.now();
      at.longestMs = Math.max(at.longestMs, now - at.last);
      at.last = now;
      port2.postMessage(0);
    });
    port1.start();
    port2.postMessage(0);
    void window.analytics.page();
  });
  await passMarker(page, standIn);
  await page.evaluate(() => window.analytics.page('Home'));
  await untilShown(page, 'q2');
  expect(await heard(page)).toEqual(['shown gist-html-q2']);
  const { longestMs } = await page.evaluate(
    () => (window as unknown as { gaps: { longestMs: number } }).gaps,
  );
  // Loading the files takes long tasks too, and a busy machine makes all of them longer.
  expect(longestMs).toBeLessThan(1_000);
});
