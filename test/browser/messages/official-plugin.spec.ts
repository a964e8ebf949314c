/** A page that was written for Customer.io's in-app plugin: its options, its events, and messages that the page itself contains. */
import type { BrowserContext } from 'playwright/test';
import {
  expect,
  frameCount,
  heard,
  MESSAGES_PATH,
  messageIn,
  passMarker,
  test,
  untilHeard,
  untilShown,
} from '../../support/site/message-visits.ts';
import { broadcast, message, packHtml } from '../../support/site/in-app-message.ts';
import { messagePage, messagePages } from '../../support/site/message-pages.ts';

declare global {
  interface Window {
    official: unknown[];
    mayShow: boolean;
  }
}

/** Gives `createAnalytics` options that are functions, which the test cannot pass to the page. */
async function withFunctions(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.official = [];
    window.mayShow = true;
    let options: object = {};
    const inApp = {
      siteId: 'site-id',
      anonymousInApp: true,
      colorScheme: 'system',
      _logging: true,
      events: {
        handleEvent({ type, detail }: CustomEvent<{ message?: object }>) {
          window.official.push([type, { ...detail, message: typeof detail.message }]);
        },
      },
      canShow: () => window.mayShow,
    };
    Object.defineProperty(window, 'sdkOptions', {
      get: () => ({ ...options, inApp }),
      set(given: object) {
        options = given;
      },
    });
  });
}

test('the options and the events of the plugin are accepted; what is not supported is named once', async ({
  visit,
  context,
  standIn,
}) => {
  await withFunctions(context);
  await standIn.setMessages('u1', [
    message({ html: '<a id="buy" onclick="message.tap(\'https://a.example\', \'buy\')">Buy</a>' }),
  ]);
  const page = await visit();
  await page.evaluate(() => window.analytics.identify('u1'));
  await untilShown(page, 'q1');
  await page.evaluate(() => window.analytics.messages.dismiss('d1'));
  await untilHeard(page, 'dismissed gist-html-q1');
  const ids = { messageId: 'gist-html-q1', deliveryId: 'd1' };
  expect(await page.evaluate(() => window.official)).toEqual([
    ['in-app:message-opened', { ...ids, message: 'object' }],
    ['in-app:message-dismissed', { ...ids, message: 'undefined' }],
  ]);
  const mistakes = (): Promise<readonly unknown[]> =>
    page.evaluate(() =>
      window.told.filter(({ code }) => code === 'invalid-options').map((told) => told.message),
    );
  await expect.poll(mistakes).toEqual(['inApp._logging is not supported']);
});

test('an anonymous visitor of such a page gets broadcasts', async ({ visit, context, site, standIn }) => {
  await site.change({ inApp: { anonymous: { secret: 'a secret of guests, 32 bytes or more' } } });
  await withFunctions(context);
  await standIn.setBroadcasts([broadcast({ queueId: 'b1' })]);
  const page = await visit();
  await untilShown(page, 'b1');
});

test('canShow decides for each message, and is asked again at the next page view', async ({
  visit,
  context,
  standIn,
}) => {
  await withFunctions(context);
  await standIn.setMessages('u1', [message()]);
  const page = await visit();
  await page.evaluate(() => {
    window.mayShow = false;
  });
  await page.evaluate(() => window.analytics.identify('u1'));
  await expect.poll(async () => (await standIn.messageRequests('queue')).length).toBeGreaterThan(0);
  await passMarker(page, standIn);
  await page.evaluate(() => window.analytics.page('Cart'));
  await passMarker(page, standIn);
  expect(await frameCount(page)).toBe(0);
  await page.evaluate(() => {
    window.mayShow = true;
    void window.analytics.page('Home');
  });
  await untilShown(page, 'q1');
});

test('a message that the page contains is shown in its element, and nothing is reported for it', async ({
  visit,
  site,
  standIn,
}) => {
  const payload = {
    embedId: 'offer',
    display: { frequency: 'untilDismissed' },
    message: {
      messageId: 'gist-html-offer',
      properties: { gist: { encodedMessageHtml: packHtml('<p>An offer of the page</p>') } },
    },
  };
  const content = `<div data-cio-embed="offer"></div><script type="application/json" data-cio-embed-payload="offer">${JSON.stringify(payload)}</script>`;
  await site.change({ pages: { ...messagePages(MESSAGES_PATH), '/embed': messagePage(content) } });
  const page = await visit({ path: '/embed', as: 'u1' });
  await untilHeard(page, 'shown gist-html-offer');
  await expect(messageIn(page).getByText('An offer of the page')).toBeVisible();
  await page.evaluate(() => window.analytics.messages.dismiss('gist-html-offer'));
  await untilHeard(page, 'dismissed gist-html-offer');
  await page.evaluate(() => window.analytics.page('Next'));
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual(['shown gist-html-offer', 'dismissed gist-html-offer']);
  expect(await standIn.messageRequests('seen')).toEqual([]);
});
