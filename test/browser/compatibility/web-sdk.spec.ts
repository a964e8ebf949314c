/**
 * The official web SDK 0.5.11, as its makers ship it, whose hosts point to our proxy. The fixture `unharmed` fails a test in which the
 * page sends a request to another host, such as one of Customer.io.
 */
import { readFileSync } from 'node:fs';
import type {
  AnalyticsBrowser,
  AnalyticsBrowserSettings,
  InitOptions,
} from '@customerio/cdp-analytics-browser';
import type { Page } from 'playwright';
import { buildVendorWeb } from '../../support/build/bundle.ts';
import { expect, impatient, test as base } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';

const CLIENT_KEY = 'client-api-key-web';
type Sdk = ReturnType<typeof AnalyticsBrowser.load>;
interface VendorWindow {
  readonly AnalyticsBrowser: typeof AnalyticsBrowser;
  sdk: Sdk;
}

interface Fixtures {
  /** Opens a page with the official SDK, loaded with these settings in addition to the client key. */
  readonly load: (settings: Partial<AnalyticsBrowserSettings>, options?: InitOptions) => Promise<Page>;
}

const test = base.extend<Fixtures, { readonly vendorWeb: string }>({
  vendorWeb: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
    async ({}, use, { workerIndex }) => use(await buildVendorWeb(workerIndex)),
    { scope: 'worker' },
  ],
  load: async ({ page, site, vendorWeb }, use) => {
    await site.change({ folder: vendorWeb, compatibility: true });
    await site.page('/vendor', { body: html('Vendor', '<script src="/app/vendor-web.js"></script>') });
    await use(async (settings, options = {}) => {
      await page.goto(`${site.origin}/vendor`);
      await page.evaluate(
        ([given, init]) => {
          const win = window as unknown as VendorWindow;
          const all = JSON.parse(given) as AnalyticsBrowserSettings;
          win.sdk = win.AnalyticsBrowser.load(all, JSON.parse(init) as InitOptions);
        },
        // As texts: Playwright's type of an argument is too deep for these settings.
        [JSON.stringify({ writeKey: CLIENT_KEY, ...settings }), JSON.stringify(options)] as const,
      );
      return page;
    });
  },
});

/** Makes one call of each kind, and waits until the SDK has handled it. */
const callAll = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const { sdk } = window as unknown as VendorWindow;
    await sdk.page('Shop', { section: 'shoes' });
    await sdk.track('Order Placed', { total: 12.5 });
    await sdk.alias('u1');
    await sdk.identify('u1', { plan: 'pro' });
    await sdk.group('team-1', { seats: 3 });
    await sdk.screen('Cart');
  });
const TYPES = ['alias', 'group', 'identify', 'page', 'screen', 'track'];
const track = (page: Page, ...names: readonly string[]): Promise<void> =>
  page.evaluate(async (all) => {
    const { sdk } = window as unknown as VendorWindow;
    await Promise.all(all.map((name) => sdk.track(name)));
  }, names);

test('is the version that the documentation names', () => {
  const file = new URL(
    '../../../node_modules/@customerio/cdp-analytics-browser/package.json',
    import.meta.url,
  );
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  expect(version).toBe('0.5.11');
});

for (const where of ['the same origin', 'another origin'] as const) {
  test(`needs only cdnURL, with the proxy on ${where}: every call arrives once, without the client key`, async ({
    load,
    site,
    standIn,
  }) => {
    const cdnURL = where === 'the same origin' ? `${site.origin}/e` : site.apiOrigin;
    const page = await load({ cdnURL });
    await callAll(page);
    await expect.poll(async () => (await standIn.events()).length).toBe(TYPES.length);
    const events = await standIn.events();
    expect(events.map(({ type }) => type).sort()).toEqual(TYPES);
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(TYPES.length);
    expect(JSON.stringify(events)).not.toContain(CLIENT_KEY);
    expect(JSON.stringify(events)).not.toContain('writeKey');
    const placed = events.find(({ type }) => type === 'track');
    expect(placed).toMatchObject({
      event: 'Order Placed',
      properties: { total: 12.5 },
      context: { page: { path: '/vendor' }, library: { name: 'analytics.js', version: 'npm:next-0.5.11' } },
    });
    expect(events.find(({ type }) => type === 'identify')).toMatchObject({
      userId: 'u1',
      anonymousId: placed?.anonymousId,
      traits: { plan: 'pro' },
    });
    // JSON as text/plain needs no preflight, also for another origin.
    const calls = await site.privateCalls();
    expect(calls.map(({ method, path, fate }) => `${method} ${path} ${fate}`).sort()).toEqual([
      `GET /v1/projects/${CLIENT_KEY}/settings 200`,
      ...['a', 'g', 'i', 'p', 's', 't'].map((letter) => `POST /v1/${letter} 200`),
    ]);
    expect((await standIn.requests()).every(({ path, strict }) => path === '/v1/batch' && strict)).toBe(true);
  });
}

test('needs no settings of the proxy where the page has them', async ({ load, site, standIn }) => {
  const apiHost = `${new URL(site.origin).host}/e/v1`;
  const settings = { apiKey: CLIENT_KEY, apiHost, protocol: 'http' };
  const page = await load({
    cdnSettings: { integrations: { 'Customer.io Data Pipelines': settings }, metrics: { sampleRate: 0 } },
  });
  await track(page, 'One');
  await expect.poll(() => standIn.names()).toEqual(['One']);
  expect((await site.privateCalls()).map(({ path }) => path)).toEqual(['/v1/t']);
});

test('may send batches, the last one when the page is left', async ({ load, site, standIn }) => {
  const deliveryStrategy = { strategy: 'batching', config: { size: 3, timeout: 60_000 } };
  const page = await load(
    { cdnURL: `${site.origin}/e` },
    { integrations: { 'Customer.io Data Pipelines': { deliveryStrategy } } },
  );
  await track(page, 'One', 'Two', 'Three', 'Four');
  await expect.poll(() => standIn.names()).toHaveLength(3);
  await page.goto(`${site.origin}/blank`);
  await expect.poll(async () => [...(await standIn.names())].sort()).toEqual(['Four', 'One', 'Three', 'Two']);
  expect((await site.privateCalls()).filter(({ path }) => path === '/v1/b')).toHaveLength(2);
  expect(JSON.stringify(await standIn.events())).not.toContain(CLIENT_KEY);
});

for (const does of ['cut-late', 'lose-answer'] as const) {
  test(`sends an event again after ${does}: it arrives once`, async ({ context, load, site, standIn }) => {
    await impatient(context);
    const page = await load({ cdnURL: `${site.origin}/e` });
    await site.change({ privateFaults: [{ path: '/v1/t', times: 1, does }] });
    await track(page, 'Once');
    const sent = async (): Promise<unknown> =>
      (await site.privateCalls()).filter(({ path }) => path === '/v1/t').map(({ fate }) => fate);
    await expect.poll(sent).toEqual([does, 200]);
    expect(await standIn.names()).toEqual(['Once']);
  });
}

test('of a page that is not allowed sends nothing, although its browser asks no preflight', async ({
  load,
  page,
  site,
  standIn,
}) => {
  await load({ cdnURL: `${site.origin}/e` });
  // The same server under another name: another origin for the browser, and for the proxy.
  const elsewhere = site.origin.replace('localhost', '127.0.0.1');
  expect(elsewhere).not.toBe(site.origin);
  await page.goto(`${elsewhere}/vendor`);
  await page.evaluate(
    async ([url, key]) => {
      const body = JSON.stringify({ event: 'Forged', userId: 'u1', writeKey: key });
      const init = {
        method: 'POST',
        body,
        mode: 'no-cors',
        headers: { 'Content-Type': 'text/plain' },
      } as const;
      await fetch(`${url}/v1/t`, init);
    },
    [site.apiOrigin, CLIENT_KEY] as const,
  );
  expect((await site.privateCalls()).at(-1)).toMatchObject({ path: '/v1/t', origin: elsewhere, fate: 403 });
  expect(await standIn.requests()).toEqual([]);
});

test('cannot register a device; a request with a token of the person can', async ({
  load,
  site,
  standIn,
}) => {
  await site.change({ customers: true });
  const page = await load({ cdnURL: `${site.origin}/e` });
  await page.evaluate(async () => {
    const { sdk } = window as unknown as VendorWindow;
    await sdk.identify('u1');
    await sdk.track('Device Created or Updated', { device: { token: 'web-token-1', type: 'web' } });
  });
  await expect
    .poll(async () =>
      (await site.privateCalls()).filter(({ path }) => path === '/v1/t').map(({ fate }) => fate),
    )
    .toEqual([400]);
  const statuses = await page.evaluate(async (writeKey) => {
    const login = await fetch('/login', { method: 'POST', body: JSON.stringify({ userId: 'u1' }) });
    const { token } = (await login.json()) as { token: string };
    const register = async (userId: string): Promise<number> => {
      const device = { token: 'web-token-1', type: 'web' };
      const body = JSON.stringify({
        event: 'Device Created or Updated',
        userId,
        context: { device },
        writeKey,
      });
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      return (await fetch('/e/v1/track', { method: 'POST', headers, body })).status;
    };
    return [await register('u2'), await register('u1')];
  }, CLIENT_KEY);
  expect(statuses).toEqual([403, 200]);
  await expect
    .poll(() => standIn.events())
    .toMatchObject([
      { type: 'identify', userId: 'u1' },
      { event: 'Device Created or Updated', userId: 'u1', context: { device: { token: 'web-token-1' } } },
    ]);
});
