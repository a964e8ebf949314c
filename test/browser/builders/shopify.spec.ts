/** The blocks of the page about Shopify, on a page that a theme makes: `content_for_header`, an app embed, the theme editor. */
import type { Page } from 'playwright';
import { blocksOf, runPrinted } from '../../support/docs/page-blocks.ts';
import { expect, type Site, test } from '../../support/site/fixtures.ts';

const PAGE = 'docs/guides/shopify.md';
const [PRINT] = blocksOf(PAGE, 'sh');
const [CONSENT = ''] = blocksOf(PAGE, 'html');
const [LAYOUT = '', CUSTOMER = ''] = blocksOf(PAGE, 'liquid');

interface Shop {
  /** What the visitor has decided on an earlier page. */
  readonly allowed?: boolean;
  readonly designMode?: boolean;
  readonly customer?: { readonly id: number; readonly email: string };
  /** HTML that an app embed adds at the end of the body. */
  readonly embed?: string;
}

/** Customer privacy of Shopify: the API comes later than the page, and the banner reports each decision by an event. */
const contentForHeader = (allowed: boolean): string => `<script>
  window.Shopify = {
    loadFeatures: function (features, done) {
      setTimeout(function () {
        var known = features[0].name === 'consent-tracking-api' && features[0].version === '0.1';
        if (known) Shopify.customerPrivacy = { analyticsProcessingAllowed: function () { return ${allowed}; } };
        done(known ? undefined : new Error('unknown feature'));
      }, 50);
    },
  };
  function decide(allowed) {
    document.dispatchEvent(new CustomEvent('visitorConsentCollected', { detail: { analyticsAllowed: allowed } }));
  }
</script>`;

/** Renders the blocks of the page as Liquid does. */
function render(site: Site, { allowed = false, designMode = false, customer, embed = '' }: Shop): string {
  const clientKeys = { web: 'client-api-key-web' };
  const printed = runPrinted(PRINT, { 'https://events.shop.example.com': site.apiOrigin, ...clientKeys });
  // Liquid would run tags of its own in a snippet.
  expect(printed).not.toMatch(/\{\{|\{%/);
  const signedIn = customer
    ? CUSTOMER.replace(/\{% if customer %\}(.*)\{% endif %\}/, '$1').replaceAll(
        /\{\{ customer\.(id|email) \| json \}\}/g,
        (_, field: 'id' | 'email') => JSON.stringify(customer[field]),
      )
    : '';
  const head = LAYOUT.replace('{{ content_for_header }}', contentForHeader(allowed))
    .replace(/\{% unless request\.design_mode %\}(.*)\{% endunless %\}/, designMode ? '' : '$1')
    .replace("{% render 'cio' %}", () => `${printed}${CONSENT}${signedIn}`);
  expect(head).not.toMatch(/\{\{|\{%/);
  return `<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Boots</title>${head}</head>
    <body><h1>Boots</h1>${embed}</body></html>`;
}

async function open(page: Page, site: Site, shop: Shop = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  await site.page('/products/boots', { body: render(site, shop) });
  await page.goto(`${site.origin}/products/boots`);
  return lines;
}

const loaded = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');

test('nothing before the banner, delivery from the other origin after it, nothing after withdrawal', async ({
  page,
  site,
  standIn,
}) => {
  const lines = await open(page, site);
  await loaded(page);
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => window.cioanalytics.consent.state)).toBe('pending');
  expect(await page.evaluate(() => [document.cookie, Object.keys(localStorage)])).toEqual(['', []]);
  expect(await site.batches()).toEqual([]);
  await page.evaluate('decide(true)');
  await expect.poll(() => standIn.names()).toEqual(['page']);
  // A preflight, and the batch.
  const origins = (await site.batches()).map(({ method, url }) => [method, new URL(url).origin]);
  expect(origins).toEqual([
    ['OPTIONS', site.apiOrigin],
    ['POST', site.apiOrigin],
  ]);
  await page.evaluate('decide(false)');
  await expect
    .poll(() => page.evaluate(() => [document.cookie, Object.keys(localStorage)]))
    .toEqual(['', []]);
  expect(lines).toEqual([]);
});

test('an earlier decision counts, and the customer of Liquid is identified', async ({
  page,
  site,
  standIn,
}) => {
  await open(page, site, { allowed: true, customer: { id: 42, email: 'ann@example.com' } });
  await expect.poll(async () => [...(await standIn.names())].sort()).toEqual(['identify', 'page']);
  const identify = (await standIn.events()).find(({ type }) => type === 'identify');
  expect([identify?.userId, identify?.traits]).toEqual(['42', { email: 'ann@example.com' }]);
});

test('the theme and an app embed have the snippet: each event arrives once', async ({
  page,
  site,
  standIn,
}) => {
  const printed = runPrinted(PRINT, {
    'https://events.shop.example.com': site.apiOrigin,
    web: 'client-api-key-web',
  });
  const lines = await open(page, site, { allowed: true, embed: printed + CONSENT });
  await loaded(page);
  await page.waitForLoadState('load');
  await page.evaluate(() => window.cioanalytics.track('Added To Cart'));
  await expect.poll(async () => [...(await standIn.names())].sort()).toEqual(['Added To Cart', 'page']);
  expect([...(await standIn.times()).values()]).toEqual([1, 1]);
  expect(lines).toEqual([]);
});

test('the theme editor has no snippet', async ({ page, site }) => {
  await open(page, site, { allowed: true, designMode: true });
  await page.waitForLoadState('load');
  expect(await page.evaluate('typeof cioanalytics')).toBe('undefined');
});
