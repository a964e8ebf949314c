/** No URL of ours has a name that tracker blocklists recognise, and each URL can have another name. */
import { readdirSync } from 'node:fs';
import { expect, test } from '../../support/site/fixtures.ts';
import { suspicious } from '../../support/build/neutral-names.ts';
import { ROOT } from '../../support/docs/documentation.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { snippet } from '../../support/build/snippet.ts';

for (const path of [
  '/analytics.js',
  '/js/tracker.min.js',
  '/v1/track',
  '/api/events',
  '/collect?v=1',
  '/telemetry/v2',
  '/pixel.gif',
  '/sdk/event-logging',
  '/myanalytics.js',
  '/beacon/x',
  '/log',
  '/customer-io/x.js',
]) {
  test(`the patterns recognise ${path}`, () => {
    expect(suspicious(path)).toBeTruthy();
  });
}

test('no file of the package has a name of a blocklist', () => {
  const files = readdirSync(`${ROOT}dist`).filter((name) => /^(?!proxy|cli|nats|redis).*\.js$/.test(name));
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((name) => suspicious(`/${name}`))).toEqual([]);
});

for (const prefix of ['/e', '/shop/assets/x9']) {
  test(`no URL that a page requests has a name of a blocklist, and all are below the prefix: ${prefix}`, async ({
    page,
    site,
    standIn,
  }) => {
    await site.change({ basePath: prefix, customers: true });
    await standIn.setPeople({ ann: { attributes: { plan: 'pro' } } });
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      asked.push(pathname + search);
    });
    await page.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
      localStorage.setItem('persisted-queue:v1:event-queue:old:items', '[]');
    });
    const printed = snippet('--proxy-url', prefix).replace('data-proxy-url', 'data-debug data-proxy-url');
    const calls = `<script>cioanalytics.page('Landing'); cioanalytics.identify('ann');</script>`;
    await site.page('/shop', { body: html('Shop', printed + calls) });
    await page.goto(`${site.origin}/shop`);
    await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
    await page.evaluate(async () => {
      const answer = await fetch('/login', {
        method: 'POST',
        body: JSON.stringify({ userId: 'ann', reason: 'manual', forceRefresh: false, attempt: 1 }),
      });
      const { cioanalytics } = window;
      cioanalytics.setCustomerToken(((await answer.json()) as { token: string }).token);
      await cioanalytics.addSourceMiddleware(({ payload, next }) => next(payload));
      await cioanalytics.track('Order Placed');
      const [message] = await cioanalytics.inbox.messages();
      await cioanalytics.inbox.markAsRead(message?.id ?? 'none').catch(() => {});
      await cioanalytics.inbox.delete(message?.id ?? 'none').catch(() => {});
      await cioanalytics.customer.attributes();
      await cioanalytics.customer.subscriptions().catch(() => {});
    });
    await expect.poll(() => standIn.names()).toEqual(['Landing', 'identify', 'Order Placed']);
    const ours = [...new Set(asked)].filter((path) => path !== '/shop' && path !== '/login');
    expect(ours.filter((path) => !path.startsWith(`${prefix}/`))).toEqual([]);
    expect(ours.map((path) => path.slice(prefix.length)).sort()).toEqual([
      '/cio-lease.js',
      '/cio-middleware.js',
      '/cio-plugins.js',
      '/cio-private.js',
      '/cio-reclaim.js',
      '/cio-trace.js',
      '/cio.js',
      '/v1/batch',
      '/v1/consent/categories',
      '/v1/customers/attributes',
      '/v1/inbox/delete',
      '/v1/inbox/fetch',
      '/v1/inbox/mark-as-read',
    ]);
    expect(ours.flatMap((path) => suspicious(path) ?? [])).toEqual([]);
  });
}

test('cio.js can have any name and path; it loads files from its own folder', async ({
  page,
  site,
  standIn,
}) => {
  await site.page('/static/menu-3f9a.js', {
    body: await (await fetch(`${site.origin}/e/cio.js`)).text(),
    headers: { 'Content-Type': 'text/javascript' },
  });
  await site.page('/static/cio-trace.js', {
    body: await (await fetch(`${site.origin}/e/cio-trace.js`)).text(),
    headers: { 'Content-Type': 'text/javascript' },
  });
  const printed = snippet('--src', '/static/menu-3f9a.js').replace(
    'data-proxy-url',
    'data-debug data-proxy-url',
  );
  await site.page('/tag', { body: html('Tag', `${printed}<script>cioanalytics.track('A');</script>`) });
  await page.goto(`${site.origin}/tag`);
  await expect.poll(() => standIn.names()).toEqual(['A']);
  expect((await site.hits()).filter((hit) => hit.includes('/static/'))).toEqual([
    'GET /static/menu-3f9a.js',
    'GET /static/cio-trace.js',
  ]);
});
