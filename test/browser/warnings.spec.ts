/**
 * The warnings in the console of a page that listens to nothing: what has happened, where, why probably, what to do next, and a link.
 * Each is printed once.
 */
import type { Page } from 'playwright';
import { expect, impatient, type Site, test } from '../support/site/fixtures.ts';
import { warningsOf, webPage } from '../support/site/fronts.ts';
import { page as html } from '../support/site/site-pages.ts';
import { snippet } from '../support/build/snippet.ts';

const DOCS = 'https://github.com/cio-first-party/cio-first-party/blob/main/docs';
const KEPT = 'Events are kept, and tried again';

interface Row {
  readonly name: string;
  before(visit: { readonly page: Page; readonly site: Site }): Promise<unknown>;
  /** JavaScript of the page. @default an event is tracked */
  readonly script?: string;
  warning(origin: string): string;
}

const ROWS: readonly Row[] = [
  {
    name: 'the proxy does not know the client key',
    before: ({ site }) => site.change({ keys: ['another'] }),
    warning: (origin) =>
      `${origin}/e refuses with status 401. ${KEPT}. The proxy does not know the client key, or a server in front of it asks for a ` +
      'password: add the "clientKey" of this page to "clientKeys" of createProxy, or to CIO_CLIENT_KEYS. ' +
      `${DOCS}/errors/invalid-client-key.md`,
  },
  {
    name: 'the proxy does not allow the origin of the page',
    before: ({ site }) => site.faults({ does: { status: 403, body: '{"error":"origin_not_allowed"}' } }),
    warning: (origin) =>
      `${origin}/e refuses with status 403. ${KEPT}. The proxy does not allow the origin of this page: add ${origin} to "origins" of ` +
      `createProxy, or to CIO_ORIGINS. ${DOCS}/errors/invalid-client-key.md`,
  },
  {
    name: 'a web page is at the URL of the proxy',
    before: ({ site }) => site.faults({ does: webPage(200, '<title>Shop</title>') }),
    warning: (origin) =>
      `${origin}/e/v1/batch responds 200 with a web page: <title>Shop</title>. Another server than the proxy has responded: route this ` +
      `path to the proxy, or correct "proxyUrl". ${KEPT}. To find the cause, run: npx cio-first-party check ${origin}/e. ` +
      `${DOCS}/errors/not-a-proxy.md`,
  },
  {
    name: 'nothing takes batches at the URL of the proxy',
    before: ({ site }) => site.faults({ does: webPage(404, 'Cannot POST /e/v1/batch') }),
    warning: (origin) =>
      `${origin}/e/v1/batch refuses even an empty batch, with status 404: Cannot POST /e/v1/batch. The request has not reached the proxy: ` +
      `route POST requests of this path to it, and compare "proxyUrl" with its "basePath". ${KEPT}. To find the cause, run: npx ` +
      `cio-first-party check ${origin}/e. ${DOCS}/errors/endpoint-refuses.md`,
  },
  {
    name: 'no request gets a response',
    async before({ page, site }) {
      await impatient(page);
      await site.faults({ does: 'cut-late', path: '/v1/batch' });
    },
    warning: (origin) =>
      `the proxy is blocked: ${origin}/e. ${KEPT}. Usual causes: an ad blocker; "origins" of the proxy lacks ${origin} (CORS); the ` +
      'Content-Security-Policy of the page lacks the proxy in "connect-src"; the proxy does not run; http and https are mixed up. To ' +
      `find the cause, run: npx cio-first-party check ${origin}/e. ` +
      `${DOCS}/troubleshooting.md#the-console-says-the-proxy-is-blocked`,
  },
  {
    name: 'the browser refuses IndexedDB',
    before: ({ page }) =>
      page.addInitScript(() => {
        IDBFactory.prototype.open = () => {
          throw new DOMException('refused', 'SecurityError');
        };
      }),
    warning: () =>
      'IndexedDB fails: the browser refuses IndexedDB, or its disk is full. Events wait in memory, and those that are unsent when the ' +
      'page closes may be lost. The SDK tries IndexedDB again by itself. ' +
      `${DOCS}/errors/storage-unavailable.md SecurityError: refused`,
  },
  {
    name: 'a listener of the page throws',
    before: () => Promise.resolve(),
    script: `cioanalytics.on('stored', () => { throw new Error('of the page') }); cioanalytics.track('A');`,
    warning: () =>
      'Listener of "stored": this code of the page has failed, or was called wrongly. The SDK continues. Where an error follows, its ' +
      `stack shows the place. ${DOCS}/errors/plugin-failed.md Error: of the page`,
  },
];

for (const { name, before, script = "cioanalytics.track('A');", warning } of ROWS) {
  test(`${name}: one warning that says what to do`, async ({ page, site }) => {
    const warnings = warningsOf(page);
    await before({ page, site });
    await site.page('/tag', { body: html('Tag', `${snippet()}<script>${script}</script>`) });
    await page.goto(`${site.origin}/tag`);
    await expect.poll(() => warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^cio-first-party: /);
    expect(warnings[0]?.slice('cio-first-party: '.length).split('\n')[0]).toBe(warning(site.origin));
  });
}
