/** Consent that is withdrawn, and an instance that is closed: nothing of messages is left. */
import { buildSync } from 'esbuild';
import type { CDPSession, Page } from 'playwright';
import {
  calls,
  expect,
  frameCount,
  heard,
  test,
  untilFetched,
  untilShown,
} from '../../support/site/message-visits.ts';
import type { TokenRequest } from '../../../src/index.ts';
import { message } from '../../support/site/in-app-message.ts';
import { messagePage } from '../../support/site/message-pages.ts';
import { ROOT } from '../../support/docs/documentation.ts';
import type { TimerCounts } from '../../../bench/page/timers.ts';

const TIMERS = buildSync({
  entryPoints: [`${ROOT}bench/page/timers.ts`],
  bundle: true,
  write: false,
  format: 'iife',
  target: 'es2022',
})
  .outputFiles.map(({ text }) => text)
  .join('\n');

const timers = (page: Page): Promise<TimerCounts> => page.evaluate(() => window.timerCounts());

const QUEUE = [
  message({ queueId: 'q1', deliveryId: 'd1' }),
  message({ queueId: 'q2', deliveryId: 'd2', gist: { elementId: 'slot' } }),
];

test('consent is withdrawn: the frames are gone, and there is no further fetch', async ({
  visit,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await site.page('/messages', messagePage('<div id="slot">Own content</div>'));
  await standIn.inAppSettings({ pollingInterval: 10 });
  await standIn.setMessages('u1', QUEUE);
  await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await untilShown(page, 'q2');
  await untilFetched(site, 1);
  expect(
    await page.evaluate(() => {
      window.analytics.consent.deny();
      return window.messageFrames().length;
    }),
  ).toBe(0);
  const before = (await calls(site, 'fetch')).length;
  for (let times = 0; times < 6; times++) await page.clock.fastForward(10_000);
  await page.evaluate(() => window.analytics.page('Home'));
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  expect((await calls(site, 'fetch')).length).toBe(before);
  expect(await frameCount(page)).toBe(0);
  expect((await heard(page)).filter((each) => !each.startsWith('shown'))).toEqual([]);
});

/** The number of listeners on `window` and on `document`, as the browser counts them. */
async function listenerCounts(session: CDPSession): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const expression of ['window', 'document', 'document.documentElement', 'document.body']) {
    const { result } = await session.send('Runtime.evaluate', { expression });
    const { listeners } = await session.send('DOMDebugger.getEventListeners', {
      objectId: result.objectId ?? '',
    });
    for (const { type } of listeners)
      counts[`${expression} ${type}`] = (counts[`${expression} ${type}`] ?? 0) + 1;
  }
  return counts;
}

const locks = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return held.length + pending.length;
  });

test('close(): no frame, no timer, no listener on window and document, and no lock is left', async ({
  visit,
  page,
  context,
  site,
  standIn,
}) => {
  await context.addInitScript({ content: TIMERS });
  await site.page('/messages', messagePage('<div id="slot">Own content</div>'));
  await standIn.inAppSettings({ pollingInterval: 10 });
  await standIn.setMessages('u1', QUEUE);
  await visit();
  const session = await context.newCDPSession(page);
  // The page's first instance goes, so that only the second one's listeners are counted.
  await page.evaluate(() => window.analytics.close());
  await expect.poll(async () => (await timers(page)).waiting).toBe(0);
  await expect.poll(() => locks(page)).toBe(0);
  const before = await listenerCounts(session);

  await page.evaluate(async () => {
    const module = '/dist/index.js';
    const { createAnalytics } = (await import(module)) as {
      createAnalytics: Window['createAnalytics'];
    };
    const provider = async (asked: TokenRequest) => window.login({ ...asked, signal: undefined } as never);
    window.analytics = createAnalytics({
      ...window.sdkOptions,
      proxyUrl: '/e',
      clientKey: 'client-api-key-web',
      customerToken: { provider },
    });
    window.analytics.on('message', (event) => window.heard.push({ ...event, at: Date.now() }));
    void window.analytics.identify('u1');
  });
  await untilShown(page, 'q1');
  await untilShown(page, 'q2');
  expect(await listenerCounts(session)).not.toEqual(before);
  expect(await locks(page)).toBeGreaterThan(0);
  expect(
    await page.evaluate(() => {
      window.analytics.close();
      return window.messageFrames().length;
    }),
  ).toBe(0);
  await expect.poll(async () => (await timers(page)).waiting).toBe(0);
  await expect.poll(() => locks(page)).toBe(0);
  await expect.poll(() => listenerCounts(session)).toEqual(before);
  expect(await page.evaluate(() => document.querySelectorAll('cio-message').length)).toBe(0);
});
