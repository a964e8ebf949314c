/** `messages.pause()`: a page, such as a checkout, shows no messages until `messages.resume()`. */
import {
  calls,
  expect,
  frameCount,
  heard,
  passMarker,
  signIn,
  test,
  untilFetched,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';

test('a pause that begins before the messages come shows none, and resume shows them', async ({
  visit,
  site,
  standIn,
}) => {
  await standIn.setMessages('u1', [message()]);
  const page = await visit();
  await page.evaluate(() => window.analytics.messages.pause());
  await signIn(page, 'u1');
  await untilFetched(site, 1);
  await page.evaluate(() => window.analytics.page('Checkout'));
  await passMarker(page, standIn);
  expect(await frameCount(page)).toBe(0);
  expect(await heard(page)).toEqual([]);
  await page.evaluate(() => window.analytics.messages.resume());
  await untilShown(page, 'q1');
  expect(await calls(site, 'fetch')).toEqual(['200']);
});

test('a pause removes an open message before the next task, and without an event; a persistent one comes back', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [
    message({ gist: { persistent: true } }),
    message({ queueId: 'q2', gist: { elementId: 'x-gist-bottom' } }),
  ]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await untilShown(page, 'q2');
  const left = await page.evaluate(async () => {
    window.analytics.messages.pause();
    await new Promise((resolve) => setTimeout(resolve, 0));
    return window.messageFrames().length;
  });
  expect(left).toBe(0);
  await page.evaluate(() => window.analytics.messages.resume());
  await untilShown(page, 'q1', 2);
  await passMarker(page, standIn);
  expect(await heard(page)).not.toContain('dismissed gist-html-q1');
  expect((await heard(page)).filter((each) => each === 'shown gist-html-q2')).toHaveLength(1);
});
