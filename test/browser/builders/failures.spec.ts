/** Each way in which the script can fail to be installed prints one line that says what to do. */
import { readFileSync } from 'node:fs';
import { snippet } from '../../support/build/snippet.ts';
import { ROOT } from '../../support/docs/documentation.ts';
import { container } from '../../support/page/tag-manager.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { page as html, type SitePage } from '../../support/site/site-pages.ts';

const CIO = readFileSync(`${ROOT}dist/cio.js`, 'utf8');
const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { readonly version: string };
const OTHER_VERSION = CIO.replaceAll(version, '0.0.9');
const STUB_AND_TAG = snippet('--no-integrity');
/** The two lines without attributes, as a tag manager or an optimizer leaves them. */
const STRIPPED = STUB_AND_TAG.replaceAll(/ data-[a-z-]+="[^"]*"/g, '');
const GTM = snippet('--gtm', '--consent', 'granted');
const WAITS = 'cio-first-party: cioanalytics waits for createAnalytics({ proxyUrl, clientKey })';

interface Failure {
  readonly body: string;
  readonly line: string | RegExp;
  readonly files?: Readonly<Record<string, SitePage>>;
  readonly policy?: string;
}

const file = (body: string, type = 'text/javascript'): SitePage => ({
  body,
  headers: { 'Content-Type': `${type}; charset=utf-8` },
});
const WEB_PAGE = file('<!doctype html><title>Shop</title>', 'text/html');

const FAILURES: Readonly<Record<string, Failure>> = {
  'a tag without attributes': { body: '<script async src="/e/cio.js"></script>', line: WAITS },
  'a tag manager has removed the attributes': { body: STRIPPED, line: WAITS },
  'a tag of a module': {
    body: '<script type="module" src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web"></script>',
    line: WAITS,
  },
  'inlined, without attributes': { body: `<script>${CIO}</script>`, line: WAITS },
  'combined with other scripts, without attributes': {
    body: '<script defer src="/assets/all.js"></script>',
    files: { '/assets/all.js': file(`var one = 1;\n${CIO}\n;var two = 2;`) },
    line: WAITS,
  },
  'inlined, without a key': {
    body: `<script>cioanalytics = [['createAnalytics', { proxyUrl: '/e' }]];</script><script>${CIO}</script>`,
    line: /^cio-first-party: "clientKey" must be a text without ":", got undefined.* https:\/\/\S+invalid-options\.md$/,
  },
  'inlined, without the URL of the proxy': {
    body: `<script>cioanalytics = [['createAnalytics', { clientKey: 'k' }]];</script><script>${CIO}</script>`,
    line: 'cio-first-party: errors/invalid-options: proxyUrl',
  },
  'an option with a wrong value': {
    body: '<script src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web" data-consent="yes"></script>',
    line: /^cio-first-party: "consent" must be granted, pending, denied.*, got "yes"/,
  },
  'the global belongs to another script': {
    body: `<script>cioanalytics = { track: function () {} };</script>${STUB_AND_TAG}`,
    line: 'cio-first-party: cioanalytics is taken by another script: set data-global',
  },
  'another client key is there already': {
    body: `${STUB_AND_TAG.replace(' async', '')}<script src="/e/cio.js" data-proxy-url="/e" data-client-key="other"></script>`,
    line: 'cio-first-party: cioanalytics is taken by another script: set data-global',
  },
  'another version is there already': {
    body: `<script src="/old/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web"></script>${STUB_AND_TAG}`,
    files: { '/old/cio.js': file(OTHER_VERSION) },
    line: 'cio-first-party: cioanalytics is version 0.0.9: remove one script',
  },
  'another version is there already, and this one is inlined': {
    body: `<script src="/old/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web"></script>${snippet('--inline')}`,
    files: { '/old/cio.js': file(OTHER_VERSION) },
    line: 'cio-first-party: cioanalytics is version 0.0.9: remove one script',
  },
  'by --gtm: cio.js is not there': {
    body: `<script>${container(GTM.replaceAll('/e/cio.js', '/nowhere/cio.js'))}</script>`,
    line: 'cio-first-party: /nowhere/cio.js did not load: open this URL, and check proxy, CSP and blockers',
  },
  'by --gtm: cio-choices.js is not there': {
    body: `<script>${container(snippet('--gtm').replace('/e/cio-choices.js', '/nowhere/cio-choices.js'))}</script>`,
    line: 'cio-first-party: /nowhere/cio-choices.js did not load: open this URL, and check proxy, CSP and blockers',
  },
  'by --gtm: the policy of the page forbids cio.js': {
    body: `<script>${container(GTM)}</script>`,
    policy: "script-src 'unsafe-inline'",
    line: 'cio-first-party: /e/cio.js did not load: open this URL, and check proxy, CSP and blockers',
  },
  'by --gtm: Trusted Types refuse the URL': {
    body: GTM,
    policy: "require-trusted-types-for 'script'",
    line: /^cio-first-party: TypeError: .*TrustedScriptURL/,
  },
};

for (const [what, { body, line, files = {}, policy }] of Object.entries(FAILURES)) {
  test(`${what}: one line`, async ({ page, site }) => {
    const lines: string[] = [];
    // A request that fails has a line of the browser's too.
    page.on('console', (message) => {
      if (message.text().startsWith('cio-first-party')) lines.push(message.text());
    });
    const headers: Record<string, string> = policy === undefined ? {} : { 'Content-Security-Policy': policy };
    await site.change({
      keys: ['client-api-key-web', 'other'],
      pages: {
        ...files,
        '/shop/boots': { body: html('Boots', `${body}<script>var wentOn = 1;</script>`), headers },
      },
    });
    await page.goto(`${site.origin}/shop/boots`);
    await expect.poll(() => lines).toHaveLength(1);
    if (typeof line === 'string') expect(lines).toEqual([line]);
    else expect(lines[0]).toMatch(line);
    expect(await page.evaluate('wentOn')).toBe(1);
    expect((await site.hits()).filter((hit) => hit.includes('undefined'))).toEqual([]);
  });
}

for (const [how, printed, line] of [
  ['the tag', STUB_AND_TAG, undefined],
  [
    'the tag of --gtm',
    `<script>${container(GTM)}</script>`,
    'cio-first-party: /e/cio.js is not cio.js: the proxy must serve it',
  ],
] as const) {
  test(`${how} gets a web page for cio.js: the browser reports it, and --gtm says what to do`, async ({
    page,
    site,
    unharmed,
  }) => {
    const lines: string[] = [];
    const errors: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await site.change({
      pages: {
        '/shop': { body: html('Shop', printed.replaceAll('/e/cio.js', '/web/cio.js')) },
        '/web/cio.js': WEB_PAGE,
      },
    });
    await page.goto(`${site.origin}/shop`);
    await expect.poll(() => errors).toEqual(["Unexpected token '<'"]);
    if (line !== undefined) await expect.poll(() => lines).toEqual([line.replace('/e/', '/web/')]);
    // The error of the browser is the point of this test.
    expect((unharmed as string[]).splice(0)).toHaveLength(1);
  });
}

test('a page that calls createAnalytics within three seconds has no line', async ({
  page,
  site,
  standIn,
}) => {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  await site.page('/shop', {
    body: html('Shop', `${STRIPPED}<script>cioanalytics.track('Early');</script>`),
  });
  await page.goto(`${site.origin}/shop`);
  await page.waitForFunction(() => typeof window.cioanalytics === 'object');
  await page.evaluate(() => {
    const { cioanalytics } = window as unknown as { cioanalytics: Pick<typeof window, 'createAnalytics'> };
    cioanalytics.createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
  });
  await expect.poll(() => standIn.names()).toEqual(['Early']);
  await page.waitForTimeout(3_500);
  expect(lines).toEqual([]);
});
