/**
 * The script tag on pages with strict policies: one test for each policy, with every file that the SDK loads
 * later.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import type { Frame, Page } from 'playwright';
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { ROOT } from '../../support/docs/documentation.ts';
import { message } from '../../support/site/in-app-message.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { snippet } from '../../support/build/snippet.ts';
import { watchViolations } from '../../support/page/violations.ts';

/** All lazy files of the SDK. `cio-sending.js` belongs to the plugin for Customer.io's SDK. */
const LAZY = readdirSync(`${ROOT}dist`)
  .filter((name) => /^cio-(?!stub|choices|sending).*\.js$/.test(name))
  .sort();

/**
 * Makes a browser in which the SDK loads all its files: without Web Locks, as in an older Firefox, with
 * events of an earlier page, and one IndexedDB failure.
 */
const needsAll = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    // The frame of a message has no storage.
    if (window.origin === 'null') return;
    Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
    Object.defineProperty(globalThis, 'mozInnerScreenX', { value: 0 });
    localStorage.setItem('persisted-queue:v1:event-queue:old:items', '[]');
    const { open } = IDBFactory.prototype;
    let fails = 2;
    IDBFactory.prototype.open = function (...args) {
      if (fails-- > 0) throw new DOMException('once', 'UnknownError');
      return open.apply(this, args);
    };
  });

/** One refused request, which makes the SDK load the file for its diagnosis. */
const REFUSED_ONCE = { path: '/v1/batch', times: 1, does: { status: 400 } } as const;

const HEAD = '<link rel="icon" href="data:,">';
const DEBUG = (printed: string): string =>
  printed.replace('data-proxy-url', 'data-debug data-page-views="history" data-proxy-url');

async function useAll(frame: Page | Frame): Promise<void> {
  await frame.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  await frame.evaluate(async () => {
    const { cioanalytics } = window;
    void cioanalytics.register({
      name: 'own',
      type: 'enrichment',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track: (context) => context,
    });
    await cioanalytics.addSourceMiddleware(({ payload, next }) => {
      payload.obj.properties = { seen: true };
      next(payload);
    });
    // A warning, whose text is in a file of its own.
    cioanalytics.on('stored', () => {
      throw new Error('of the page');
    });
    await cioanalytics.init();
    void cioanalytics.identify('ann');
    await cioanalytics.track('After');
    await cioanalytics.inbox.messages().catch(() => {});
    (cioanalytics as unknown as { createAnalytics(options: object): unknown }).createAnalytics({
      proxyUrl: 'wrong',
    });
  });
}

const lazyHits = async (site: Site): Promise<readonly string[]> =>
  (await site.hits())
    .flatMap((hit) => /GET \/e\/(cio-.*\.js)$/.exec(hit)?.[1] ?? [])
    .filter((name) => name !== 'cio-stub.js')
    .sort();

const NONCE = ['--nonce', 'abc'];
const POLICIES = {
  "default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'": {
    // Inline scripts are forbidden, so the stub is a file too.
    printed: DEBUG(snippet()).replace(/^<script>.*?<\/script>/, '<script src="/e/cio-stub.js"></script>'),
    before: '/calls.js',
  },
  "default-src 'none'; connect-src 'self'; frame-src 'self'; script-src 'nonce-abc' 'strict-dynamic'": {
    printed: DEBUG(snippet(...NONCE)),
    before: undefined,
  },
  "default-src 'none'; connect-src 'self'; frame-src 'self'; script-src 'nonce-abc' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types 'none'":
    { printed: DEBUG(snippet(...NONCE)), before: undefined },
  "default-src 'self'; script-src 'self' 'nonce-abc'; require-trusted-types-for 'script'": {
    printed: DEBUG(snippet(...NONCE)),
    before: undefined,
  },
};

const CALLS = `cioanalytics.track('Before');`;

/** In-app messages need options that attributes cannot have. */
const WITH_MESSAGES = `
cioanalytics.createAnalytics({
  inApp: true,
  customerToken: {
    provider: async ({ signal, ...asked }) =>
      (await (await fetch('/login', { method: 'POST', body: JSON.stringify(asked), signal })).json()).token,
  },
});
cioanalytics.on('message', (event) => (window.heard = [...(window.heard ?? []), event]));
${CALLS}`;

/** The page's own message, and a place for the message of the queue to point at. */
const PLACES = `<p id="anchor">Here</p><p data-cio-embed="e1"></p>
<script type="application/json" data-cio-embed-payload="e1">{"embedId":"e1","messageId":"m1"}</script>`;

/** A message that needs every file: a tooltip, for one page, which a stream may follow. */
const TOOLTIP = message({
  gist: { elementId: 'anchor', tooltipPosition: 'bottom', routeRuleWeb: '^(.*)$' },
});

for (const [policy, { printed, before }] of Object.entries(POLICIES)) {
  test(`no violation: ${policy}`, async ({ page, site, standIn }) => {
    const violations = await watchViolations(page);
    await needsAll(page);
    const calls = before
      ? `<script src="${before}"></script>`
      : `<script nonce="abc">${WITH_MESSAGES}</script>`;
    const body = html('Strict', printed + PLACES + calls).replace(HEAD, '');
    await standIn.setMessages('ann', [TOOLTIP]);
    await standIn.inAppSettings({ useSse: true });
    await site.change({
      customers: true,
      pages: {
        '/strict': { body, headers: { 'Content-Security-Policy': policy } },
        '/calls.js': { body: WITH_MESSAGES, headers: { 'Content-Type': 'text/javascript' } },
      },
    });
    await site.faults(REFUSED_ONCE);
    await page.goto(`${site.origin}/strict`);
    await useAll(page);
    const names = (): Promise<readonly string[]> => standIn.names().then((all) => [...all].sort());
    await expect.poll(names).toEqual(['After', 'Before', 'Report Delivery Event', 'identify', 'page']);
    const after = (await standIn.events()).find(({ event }) => event === 'After');
    expect(after?.properties).toEqual({ seen: true });
    await expect.poll(() => lazyHits(site)).toEqual(LAZY);
    expect(await violations()).toEqual([]);
  });
}

test('these tests detect a violation', async ({ page, site }) => {
  const violations = await watchViolations(page);
  const policy = "default-src 'none'; script-src 'nonce-abc'; require-trusted-types-for 'script'";
  const body = html(
    'Strict',
    `${snippet()}<script nonce="abc">try { document.body.innerHTML = ''; } catch {}</script>`,
  ).replace(HEAD, '');
  await site.page('/strict', { body, headers: { 'Content-Security-Policy': policy } });
  await page.goto(`${site.origin}/strict`);
  await expect
    .poll(async () => (await violations()).map((each) => each.split(' ')[0]))
    .toEqual(expect.arrayContaining(['script-src-elem', 'require-trusted-types-for']));
});

test('wrong integrity, under a strict policy: no violation, the stub keeps the calls', async ({
  page,
  site,
}) => {
  const violations = await watchViolations(page);
  const printed = snippet(...NONCE).replace(/sha384-.{8}/, 'sha384-AAAAAAAA');
  const body = html('Strict', `${printed}<script nonce="abc">${CALLS}</script>`).replace(HEAD, '');
  const policy = "default-src 'none'; connect-src 'self'; script-src 'nonce-abc' 'strict-dynamic'";
  await site.page('/strict', { body, headers: { 'Content-Security-Policy': policy } });
  await page.goto(`${site.origin}/strict`);
  await page.waitForLoadState('load');
  expect(await page.evaluate(() => (window.cioanalytics as unknown as unknown[]).length)).toBe(1);
  expect(await violations()).toEqual([]);
});

/** For a page without an origin the browser sends `Origin: null`, which the proxy never allows. */
const KEPT = { tracked: 2, delivered: 0, pending: 2 };

test('a sandboxed frame without an origin: the script loads, its hash is checked, calls are kept, no violation', async ({
  page,
  site,
}) => {
  const violations = await watchViolations(page);
  const policy = `default-src 'none'; script-src 'nonce-abc' ${site.origin}; connect-src ${site.origin}`;
  await site.change({
    pages: {
      '/frame': {
        body: html('Frame', `${snippet(...NONCE)}<script nonce="abc">${CALLS}</script>`).replace(HEAD, ''),
        headers: { 'Content-Security-Policy': policy },
      },
      '/host': { body: html('Host', '<iframe sandbox="allow-scripts" src="/frame"></iframe>') },
    },
  });
  await page.goto(`${site.origin}/host`);
  await expect.poll(() => page.frames().length).toBe(2);
  const frame = page.frames()[1] ?? page.mainFrame();
  await frame.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  expect(await frame.evaluate(() => [origin, typeof window.cioanalytics.consent.grant])).toEqual([
    'null',
    'function',
  ]);
  expect(await frame.evaluate(() => window.cioanalytics.track('After'))).toMatchObject({ state: 'memory' });
  await expect.poll(() => frame.evaluate(() => window.cioanalytics.stats())).toMatchObject(KEPT);
  expect(await violations()).toEqual([]);
});

test('a page of file:, with an absolute proxy URL: the script loads, its hash is checked, calls are kept', async ({
  page,
  site,
}, testInfo) => {
  const violations = await watchViolations(page);
  const file = testInfo.outputPath('page.html');
  const printed = snippet('--proxy-url', site.apiOrigin);
  writeFileSync(file, html('File', `${printed}<script>${CALLS}</script>`));
  await page.goto(`file://${file}`);
  await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  expect(await page.evaluate(() => window.cioanalytics.track('After'))).toMatchObject({ state: 'stored' });
  await expect.poll(() => page.evaluate(() => window.cioanalytics.stats())).toMatchObject(KEPT);
  expect(await violations()).toEqual([]);
});
