/** `snippet --gtm` in a container that does with a Custom HTML tag what Google Tag Manager does. */
import type { Page } from 'playwright';
import { snippet } from '../../support/build/snippet.ts';
import { container } from '../../support/page/tag-manager.ts';
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';

const GTM = snippet('--gtm');
const GRANTED = snippet('--gtm', '--consent', 'granted', '--page-views', 'load');
/** Another tag of the container, such as one of a purchase. */
const OTHER_TAG = `<script>cioanalytics.track('Order Placed', { total: 12.5 });</script>`;
const CONSENT_MODE = `
  window.dataLayer = window.dataLayer || [];
  function gtag() { dataLayer.push(arguments); }
  gtag('consent', 'default', { analytics_storage: 'denied', ad_storage: 'denied' });`;

const update = (page: Page, state: string): Promise<void> =>
  page.evaluate((analytics) => {
    const { gtag } = window as unknown as { gtag: (...args: unknown[]) => void };
    gtag('consent', 'update', { analytics_storage: analytics });
  }, state);

const loaded = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');

/** Opens the page, and returns the lines on its console. */
async function open(
  { page, site }: { readonly page: Page; readonly site: Site },
  content: string,
  policy?: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  await site.page('/shop', {
    body: html('Shop', content),
    headers: policy === undefined ? {} : { 'Content-Security-Policy': policy },
  });
  await page.goto(`${site.origin}/shop`);
  return lines;
}

test('the container refuses the two lines of the page, which are newer than ES5', () => {
  expect(() => container(snippet())).toThrow(SyntaxError);
});

test('when the tag has run, the calls of other tags are queued at once, whenever the trigger fires', async ({
  page,
  site,
  standIn,
}) => {
  await page.route('**/e/cio*.js', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  const check = `<script>window.atOnce = [typeof cioanalytics.track, typeof cioanalytics.stats];</script>`;
  const lines = await open({ page, site }, `<script>${container(GRANTED + OTHER_TAG + check)}</script>`);
  await loaded(page);
  expect(await page.evaluate('atOnce')).toEqual(['function', 'undefined']);
  await expect.poll(async () => [...(await standIn.names())].sort()).toEqual(['Order Placed', 'page']);
  expect([...(await standIn.times()).values()]).toEqual([1, 1]);
  expect(lines).toEqual([]);
  expect(
    await page.locator('script').evaluateAll((all) => all.filter((each) => 'clientKey' in each.dataset)),
  ).toEqual([]);
});

for (const trigger of ['initialization', 'window-loaded'] as const) {
  test(`consent is that of dataLayer (trigger: ${trigger}): nothing before, delivery after, nothing after withdrawal`, async ({
    page,
    site,
    standIn,
  }) => {
    const lines = await open(
      { page, site },
      `<script>${CONSENT_MODE}</script><script>${container(GTM + OTHER_TAG, { trigger })}</script>`,
    );
    await loaded(page);
    expect(await page.evaluate(() => window.cioanalytics.consent.state)).toBe('pending');
    const storage = (): Promise<unknown> =>
      page.evaluate(async () => [
        document.cookie,
        Object.keys(localStorage),
        (await indexedDB.databases()).length,
      ]);
    expect(await storage()).toEqual(['', [], 0]);
    expect(await site.batches()).toEqual([]);

    await update(page, 'granted');
    await expect.poll(() => standIn.names()).toEqual(['Order Placed', 'Consent Updated']);
    await update(page, 'denied');
    expect(await page.evaluate(() => window.cioanalytics.track('Refused'))).toMatchObject({
      state: 'discarded',
      reason: 'consent',
    });
    await expect.poll(storage).toEqual(['', [], 0]);
    expect([...(await standIn.times()).values()]).toEqual([1, 1]);
    expect(lines).toEqual([]);
  });
}

test('consent that was given before the tag runs counts', async ({ page, site, standIn }) => {
  const given = `gtag('consent', 'update', { analytics_storage: 'granted' });`;
  await open(
    { page, site },
    `<script>${CONSENT_MODE}${given}</script><script>${container(GTM + OTHER_TAG)}</script>`,
  );
  await expect
    .poll(async () => [...(await standIn.names())].sort())
    .toEqual(['Consent Updated', 'Order Placed']);
});

const TAG = snippet('--no-integrity');
for (const [what, content] of [
  ['the tag fires twice', `<script>${container(GRANTED, { times: 2 })}</script>`],
  [
    'the theme has the two lines too',
    `${TAG}<script>${container(GRANTED.replace('"load"', '"manual"'))}</script>`,
  ],
  [
    'the tag has run before the two lines of the theme',
    `<script>${container(GRANTED.replace('"load"', '"manual"'), { trigger: 'initialization' })}</script>
     <script>addEventListener('load', () => setTimeout(() => {
       document.body.append(document.createRange().createContextualFragment(${JSON.stringify(TAG).replaceAll('<', String.raw`\x3C`)}));
     }, 300));</script>`,
  ],
] as const) {
  test(`${what}: one instance, and each event arrives once`, async ({ page, site, standIn }) => {
    await open({ page, site }, content);
    await loaded(page);
    await page.waitForTimeout(600);
    await page.evaluate(() => window.cioanalytics.track('Clicked'));
    await expect.poll(() => standIn.names()).toContain('Clicked');
    await page.evaluate(() => window.cioanalytics.flush());
    expect([...(await standIn.times()).values()].every((times) => times === 1)).toBe(true);
    expect((await standIn.names()).filter((name) => name === 'Clicked')).toHaveLength(1);
    expect((await standIn.names()).filter((name) => name === 'page').length).toBeLessThanOrEqual(1);
    expect(await page.evaluate('__cioFirstParty.length')).toBe(1);
  });
}

test('on a page with nonces, the variable of the container and the nonce of the page are enough', async ({
  page,
  site,
  standIn,
}) => {
  const tag = snippet('--gtm', '--nonce', '{{nonce}}');
  const script = container(tag, { variables: { nonce: 'abc' } });
  const lines = await open(
    { page, site },
    `<script nonce="abc">${CONSENT_MODE}</script><script nonce="abc">${script}</script>`,
    "default-src 'none'; connect-src 'self'; img-src data:; script-src 'nonce-abc'",
  );
  await loaded(page);
  await update(page, 'granted');
  await page.evaluate(() => window.cioanalytics.track('Clicked'));
  await expect.poll(() => standIn.names()).toEqual(['Consent Updated', 'Clicked']);
  expect(lines).toEqual([]);
});

test('without Google Consent Mode calls wait, and the page can grant by itself', async ({
  page,
  site,
  standIn,
}) => {
  const tag = snippet('--gtm', '--consent', 'pending', '--global', 'cdp');
  await open({ page, site }, `<script>${container(`${tag}<script>cdp.track('Held');</script>`)}</script>`);
  await page.waitForFunction(
    () => 'cdp' in window && typeof (window.cdp as { stats?: unknown }).stats === 'function',
  );
  expect(await site.batches()).toEqual([]);
  await page.evaluate(() => (window as unknown as { cdp: typeof window.cioanalytics }).cdp.consent.grant());
  await expect.poll(() => standIn.names()).toEqual(['Held']);
});
