/** A modal message of a person who has signed in: from the fetch to what Customer.io gets to know. */
import {
  busy,
  calls,
  expect,
  fetchedFor,
  frameCount,
  heard,
  heardOf,
  messageIn,
  metrics,
  passMarker,
  reports,
  seen,
  signIn,
  test,
  untilHeard,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';
import { STRICT_POLICY } from '../../support/site/message-pages.ts';
import { page as html } from '../../support/site/site-pages.ts';

test('one fetch, one frame of the proxy, shown within two seconds, told once as seen and opened', async ({
  visit,
  site,
  standIn,
}) => {
  await standIn.setMessages('u1', [message({ html: '<p>Hello of q1</p>' })]);
  const page = await visit();
  const signedInAt = await page.evaluate(() => Date.now());
  await signIn(page, 'u1');
  await untilShown(page, 'q1');
  await expect(messageIn(page).getByText('Hello of q1')).toBeVisible();
  const [shown] = await heardOf(page, 'shown');
  expect(shown).toMatchObject({ messageId: 'gist-html-q1', deliveryId: 'd1' });
  expect((shown?.at ?? Infinity) - signedInAt).toBeLessThan(busy(2_000));

  expect(await frameCount(page)).toBe(1);
  const frame = await page.evaluate(() => {
    const [found] = window.messageFrames();
    return { url: found?.src ?? '', sandbox: found?.getAttribute('sandbox') ?? '' };
  });
  expect(frame.url).toMatch(new RegExp(`^${site.origin}/e/v1/frame/`));
  expect(frame.sandbox).toContain('allow-scripts');
  expect(frame.sandbox).not.toContain('allow-same-origin');

  await expect.poll(() => metrics(standIn)).toEqual([{ deliveryId: 'd1', metric: 'opened' }]);
  await expect.poll(() => seen(standIn)).toEqual(['q1 200']);
  await passMarker(page, standIn);
  const [told] = await standIn.messageRequests('seen');
  expect(told).toMatchObject({ method: 'POST', path: '/api/v1/logs/queue/q1', userId: 'u1' });
  expect(told?.headers).toMatchObject({
    'x-cio-site-id': 'site-id',
    'x-gist-encoded-user-token': Buffer.from('u1').toString('base64'),
  });
  const [report] = await reports(standIn);
  expect(report).toMatchObject({ type: 'track', event: 'Report Delivery Event', userId: 'u1' });
  expect(await metrics(standIn)).toHaveLength(1);
  expect(await fetchedFor(standIn)).toEqual(['u1']);
  expect(await calls(site, 'fetch')).toEqual(['200']);
  expect(await heard(page)).toEqual(['shown gist-html-q1']);
  const keys = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  expect(keys.filter((key) => key.startsWith('gist'))).toEqual([]);
});

test('the page cannot be used behind it, and it closes by the method dismiss', async ({ visit, standIn }) => {
  await standIn.setMessages('u1', [message()]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  expect(await page.evaluate(() => document.elementFromPoint(20, 20)?.localName)).toBe('cio-message');
  await page.evaluate(() => window.analytics.messages.dismiss('gist-html-q1'));
  await untilHeard(page, 'dismissed gist-html-q1');
  await expect.poll(() => frameCount(page)).toBe(0);
  await page.locator('#first').click();
});

test('the script tag shows it too', async ({ members, page, site, standIn }) => {
  await standIn.setMessages('u1', [message()]);
  const body = html(
    'Tag',
    '<script src="/e/cio-stub.js"></script><script src="/calls.js"></script><script async src="/e/cio.js"></script>',
  );
  const calls = `
    window.told = [];
    window.heard = [];
    cioanalytics.createAnalytics({
      proxyUrl: '/e',
      clientKey: 'client-api-key-web',
      inApp: true,
      customerToken: {
        provider: async ({ signal, ...asked }) => {
          const response = await fetch('/login', { method: 'POST', body: JSON.stringify(asked), signal });
          return (await response.json()).token;
        },
      },
    });
    cioanalytics.on('message', (event) => window.heard.push({ ...event, at: Date.now() }));
    cioanalytics.identify('u1');`;
  await site.change({
    pages: {
      '/tag': { body, headers: { 'Content-Security-Policy': STRICT_POLICY } },
      '/calls.js': { body: calls, headers: { 'Content-Type': 'text/javascript' } },
    },
  });
  await members({ path: '/tag' });
  await untilShown(page, 'q1');
  await expect(messageIn(page).getByText('Message q1')).toBeVisible();
  await expect.poll(() => seen(standIn)).toEqual(['q1 200']);
});
