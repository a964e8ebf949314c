/** Before the grant and after the withdrawal, a page stores, reads and sends nothing. */
import type { Page } from 'playwright';
import { takeAccesses, watchAccesses } from '../../support/page/accesses.ts';
import { klaroScript } from '../../support/page/consent-platforms.ts';
import { expect, type Site, stats, test } from '../../support/site/fixtures.ts';
import { page as pageOf } from '../../support/site/site-pages.ts';

/** The requests of a page without any SDK, and our own files. */
const LOADED = ['/shop', '/dist/index.js', '/dist/consent.js'];

/** A shop whose banner is `window.banner`, and which makes its calls without waiting for consent. */
async function openShop(page: Page, site: Site, origin = site.origin): Promise<void> {
  const script = `
    import { createAnalytics } from '/dist/index.js';
    import { custom, globalPrivacyControl } from '/dist/consent.js';
    const banner = custom((tell) => void (window.banner = tell));
    window.analytics = createAnalytics({
      proxyUrl: '/e',
      clientKey: 'client-api-key-web',
      consent: [banner, globalPrivacyControl()],
      customerToken: () => fetch('/token').then((answer) => answer.text()),
      debug: false,
    });
    window.callAll = (name) => {
      analytics.identify('u1', { plan: 'pro' });
      analytics.group('g1');
      analytics.page(name);
      analytics.screen(name);
      analytics.alias('u2');
      analytics.inbox.onChange(() => {});
      analytics.inbox.messages().catch(() => {});
      analytics.customerTokenStatus();
      analytics.user().id();
      analytics.stats();
      analytics.flush();
      analytics.register({ name: 'p', type: 'enrichment', version: '1', isLoaded: () => true, load: async () => void (window.vendor = 'loaded') });
      analytics.setAnonymousId('a1');
      analytics.anonymize();
      return analytics.track(name).then(({ state, reason }) => reason ?? state);
    };`;
  await site.page('/shop', { body: pageOf('Shop', `<script type="module">${script}</script>`) });
  await watchAccesses(page);
  await page.goto(`${origin}/shop`);
  await page.waitForFunction('window.analytics');
}

const callAll = (page: Page, name: string): Promise<string> => page.evaluate(`callAll("${name}")`);
const decide = (page: Page, decision: string): Promise<unknown> => page.evaluate(`banner("${decision}")`);

/** The events of a browser while a visitor has not decided yet. */
const liveOn = (page: Page): Promise<unknown> =>
  page.evaluate(async () => {
    history.pushState({}, '', '/shop?step=2');
    for (const type of ['visibilitychange', 'freeze', 'resume']) document.dispatchEvent(new Event(type));
    for (const type of ['online', 'pagehide', 'storage', 'focus']) window.dispatchEvent(new Event(type));
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  });

/** Everything that the whole browser stores, on all levels of the domain. */
async function left(page: Page): Promise<unknown> {
  return {
    cookies: await page.context().cookies(),
    stored: await page.evaluate(async () => [
      ...Object.keys(localStorage),
      ...Object.keys(sessionStorage),
      ...(await indexedDB.databases()),
      ...(await caches.keys()),
    ]),
  };
}

test('before the grant nothing is read, written, opened, locked or requested', async ({ page, site }) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  await openShop(page, site);
  expect(await callAll(page, 'Before')).toBe('held');
  await liveOn(page);
  expect(await takeAccesses(page)).toEqual([]);
  expect(await page.evaluate('window.vendor')).toBeUndefined();
  expect(requests.sort()).toEqual([...LOADED].sort());
  expect(await left(page)).toEqual({ cookies: [], stored: [] });

  // A check of the recording itself: the grant alone, without another call, causes accesses.
  await takeAccesses(page);
  await decide(page, 'granted');
  await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
  expect(await page.evaluate('window.vendor')).toBe('loaded');
  const heard = new Set(await takeAccesses(page));
  for (const access of ['write of document.cookie', 'localStorage', 'IDBFactory.open', 'LockManager.request'])
    expect(heard).toContain(access);
  for (const access of ['Storage.setItem', 'IDBObjectStore.put', 'new BroadcastChannel', 'window.fetch'])
    expect(heard).toContain(access);
});

test('after a denial nothing is written, opened or requested, and waiting calls are dropped', async ({
  page,
  site,
  standIn,
}) => {
  await openShop(page, site);
  expect(await callAll(page, 'Before')).toBe('held');
  await decide(page, 'denied');
  // The page looks once for the data of an earlier visit.
  expect(new Set(await takeAccesses(page))).toEqual(new Set(['read of document.cookie', 'localStorage']));
  expect(await callAll(page, 'After')).toBe('consent');
  await liveOn(page);
  expect(await takeAccesses(page)).toEqual([]);
  expect(await left(page)).toEqual({ cookies: [], stored: [] });
  expect(await standIn.names()).toEqual([]);
});

test('after a withdrawal no data is left, on any level of the domain, and none is written again', async ({
  page,
  site,
}) => {
  const { port } = new URL(site.origin);
  await openShop(page, site, `http://www.shop.localhost:${port}`);
  await decide(page, 'granted');
  expect(await callAll(page, 'Granted')).toBe('stored');
  await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
  const cookies = await page.context().cookies();
  expect(cookies.map(({ domain }) => domain)).toContain('.shop.localhost');
  // Data as an older version, or another host of the site, may have stored it.
  await page.evaluate(() => {
    for (const domain of ['', '; Domain=www.shop.localhost', '; Domain=shop.localhost'])
      document.cookie = `ajs_anonymous_id=old; Path=/${domain}`;
  });
  await decide(page, 'denied');
  await expect.poll(() => left(page)).toEqual({ cookies: [], stored: [] });
  await takeAccesses(page);
  const batches = (await site.batches()).length;
  expect(await callAll(page, 'After')).toBe('consent');
  await liveOn(page);
  expect(await takeAccesses(page)).toEqual([]);
  await page.goto(`${site.origin}/blank`);
  expect((await site.batches()).length).toBe(batches);
});

test('grant, deny, grant: only calls made while granted are sent', async ({ page, site, standIn }) => {
  await openShop(page, site);
  const track = (name: string): Promise<unknown> => page.evaluate(`analytics.track("${name}")`);
  await track('pending');
  await decide(page, 'granted');
  await track('first');
  await expect.poll(() => standIn.names()).toEqual(['pending', 'first']);
  await decide(page, 'denied');
  await track('between');
  await decide(page, 'granted');
  await track('second');
  await expect.poll(() => standIn.names()).toEqual(['pending', 'first', 'second']);
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 4, delivered: 3, pending: 0, dropped: { consent: 1 } });
});

test('a denial deletes the data of an earlier visit', async ({ page, site, standIn }) => {
  await openShop(page, site);
  await decide(page, 'granted');
  await page.evaluate("analytics.identify('u1')");
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1 });
  await page.reload();
  await page.waitForFunction('window.analytics');
  expect(await page.evaluate(() => document.cookie)).toContain('ajs_user_id');
  await decide(page, 'denied');
  await expect.poll(() => left(page)).toEqual({ cookies: [], stored: [] });
  expect(await standIn.names()).toEqual(['identify']);
});

test('Global Privacy Control denies although the banner grants', async ({ page, site, standIn }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
  await openShop(page, site);
  await decide(page, 'granted');
  expect(await page.evaluate('analytics.consent.state')).toBe('denied');
  expect(await callAll(page, 'After')).toBe('consent');
  expect(await left(page)).toEqual({ cookies: [], stored: [] });
  expect(await standIn.names()).toEqual([]);
});

test('`grant` used directly as a click handler sets no categories', async ({ page, site, standIn }) => {
  await openShop(page, site);
  await page.evaluate(`
    const button = document.body.appendChild(document.createElement('button'));
    button.onclick = analytics.consent.grant;
    button.click();
  `);
  await page.evaluate("analytics.track('Clicked')");
  await expect.poll(() => standIn.names()).toEqual(['Clicked']);
  expect((await standIn.events())[0]?.context).not.toHaveProperty('consent');
});

test('with Klaro: its decisions start the SDK, are added to each event, and are sent once', async ({
  page,
  site,
  standIn,
}) => {
  const config = `<script>window.klaroConfig = {
    acceptAll: true, services: [{ name: 'customerio', purposes: ['analytics'] }, { name: 'ads', purposes: ['ads'] }] };
  </script><script defer src="/klaro.js"></script>`;
  const script = `
    import { createAnalytics } from '/dist/index.js';
    import { klaro } from '/dist/consent.js';
    window.analytics = createAnalytics({
      proxyUrl: '/e', clientKey: 'client-api-key-web', consent: klaro({ require: ['customerio'] }) });`;
  await site.page('/klaro.js', klaroScript());
  await site.page('/shop', { body: pageOf('Shop', `${config}<script type="module">${script}</script>`) });
  await page.goto(`${site.origin}/shop`);
  await page.evaluate("analytics.track('First')");
  await page.locator('.klaro .cn-ok .cm-btn-success').click();
  await expect.poll(() => standIn.names()).toEqual(['First', 'Consent Updated']);
  await page.waitForFunction('analytics.stats().delivered === 2');
  await page.reload();
  await page.waitForFunction("analytics.consent.state === 'granted'");
  await page.evaluate("analytics.track('Second')");
  await expect.poll(() => standIn.names()).toEqual(['First', 'Consent Updated', 'Second']);
  for (const { context } of await standIn.events())
    expect(context).toMatchObject({ consent: { categoryPreferences: { customerio: true, ads: true } } });
});
