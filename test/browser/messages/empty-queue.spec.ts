/** What in-app messages cost a page that does not show any. */
import {
  calls,
  expect,
  fetchedFor,
  frameCount,
  passMarker,
  signIn,
  test,
  untilFetched,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';
import type { Site } from '../../support/site/fixtures.ts';

/** The files of in-app messages that a page has loaded. */
const files = async (site: Site): Promise<readonly string[]> =>
  (await site.hits()).flatMap((hit) => /\/(cio-(?:messages|display)\.js)$/.exec(hit)?.[1] ?? []);

const messageCalls = async (site: Site): Promise<readonly string[]> =>
  (await site.privateCalls()).map(({ path }) => path).filter((path) => /messages|frame/.test(path));

test('without the option: no request and no file of messages', async ({ visit, site, standIn }) => {
  await standIn.setMessages('u1', [message()]);
  const page = await visit({ as: 'u1', sdk: { inApp: undefined } });
  await page.evaluate(() => window.analytics.page('Home'));
  await passMarker(page, standIn);
  expect(await messageCalls(site)).toEqual([]);
  expect(await files(site)).toEqual([]);
  expect(await frameCount(page)).toBe(0);
});

test('with the option and an empty queue: one fetch, no frame, and the display is not loaded', async ({
  visit,
  site,
  standIn,
}) => {
  const page = await visit({ as: 'u1' });
  await untilFetched(site, 1);
  await page.evaluate(() => window.analytics.page('Home'));
  await passMarker(page, standIn);
  expect(await messageCalls(site)).toEqual(['/v1/messages/fetch']);
  expect(await fetchedFor(standIn)).toEqual(['u1']);
  expect(await files(site)).toEqual(['cio-messages.js']);
  expect(await frameCount(page)).toBe(0);
});

for (const when of ['before', 'after'])
  test(`a listener of the inbox, added ${when} the person signs in, shares that fetch`, async ({
    visit,
    site,
    standIn,
  }) => {
    await standIn.setPeople({
      u1: {
        messages: [{ queueId: 'i1', opened: false, sentAt: '2026-01-02T03:04:05Z', properties: {} }],
        inAppMessages: [message()],
      },
    });
    const page = await visit();
    await page.evaluate((isBefore) => {
      if (isBefore) window.listen();
      void window.analytics.identify('u1');
      if (!isBefore) window.listen();
    }, when === 'before');
    await untilShown(page, 'q1');
    await expect.poll(() => page.evaluate(() => window.inboxes.at(-1))).toEqual(['i1']);
    await passMarker(page, standIn);
    expect(await fetchedFor(standIn)).toEqual(['u1']);
    expect(await calls(site, 'fetch')).toEqual(['200']);
  });

test('nobody has signed in, and anonymous messages are off: no fetch', async ({ visit, site, standIn }) => {
  const page = await visit();
  await page.evaluate(() => window.analytics.page('Home'));
  await passMarker(page, standIn);
  expect(await calls(site, 'fetch')).toEqual([]);
});

test('before consent: no request and no file; after it, the message', async ({ visit, site, standIn }) => {
  await standIn.setMessages('u1', [message()]);
  const page = await visit({ sdk: { consent: 'pending' } });
  void signIn(page, 'u1');
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
  expect(await messageCalls(site)).toEqual([]);
  expect(await files(site)).toEqual([]);
  await page.evaluate(() => window.analytics.consent.grant());
  await expect.poll(() => frameCount(page)).toBe(1);
  expect(new Set(await files(site))).toEqual(new Set(['cio-messages.js', 'cio-display.js']));
});
