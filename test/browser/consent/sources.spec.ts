/**
 * All sources on one page, and Global Privacy Control, which Chromium lacks and the test adds to the page.
 */
import { consentPage } from '../../support/page/consent-platforms.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { decision, states } from './decisions.ts';

const HELP_URL =
  'https://github.com/cio-first-party/cio-first-party/blob/main/docs/errors/invalid-options.md';

test('without any platform, every source is undecided and changes nothing on the page', async ({
  page,
  site,
}) => {
  const all = `({ custom, ...platforms }) => {
    const sources = [...Object.values(platforms).map((make) => make()), custom(() => undefined)];
    return {
      name: 'all',
      get: () => sources.map((source) => source.get()).find(Boolean),
      subscribe(listener) {
        const stops = sources.map((source) => source.subscribe(listener));
        return () => stops.forEach((stop) => stop());
      },
    };
  }`;
  await site.page('/consent', consentPage(all, ''));
  await page.goto(`${site.origin}/consent`);
  await page.waitForFunction(() => 'source' in window);
  expect(await decision(page)).toBeNull();
  expect(await states(page)).toEqual([]);
  await page.evaluate(() => window.stopSource());
  expect(await page.evaluate(() => document.cookie + Object.keys(localStorage).join())).toBe('');
  expect(await page.evaluate('Object.hasOwn(dataLayer, "push")')).toBe(false);
});

test('Global Privacy Control denies if the browser sends it', async ({ page, site }) => {
  const source = '({ globalPrivacyControl }) => globalPrivacyControl()';
  await site.page('/consent', consentPage(source, ''));
  await page.goto(`${site.origin}/consent`);
  await page.waitForFunction(() => 'source' in window);
  expect(await decision(page)).toBeNull();
  await page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
  await page.reload();
  await expect.poll(() => decision(page)).toEqual({ state: 'denied' });
});

test('a real Google data layer decides by its `consent` command', async ({ page, site }) => {
  const gtag = `<script>
    window.dataLayer = window.dataLayer || [];
    function gtag() { dataLayer.push(arguments); }
    gtag('consent', 'default', { ad_storage: 'denied', analytics_storage: 'denied', wait_for_update: 500 });
  </script>`;
  await site.page('/consent', consentPage('({ googleConsentMode }) => googleConsentMode()', gtag));
  await page.goto(`${site.origin}/consent`);
  await page.waitForFunction(() => 'source' in window);
  expect(await decision(page)).toBeNull();
  await page.evaluate("gtag('consent', 'update', { analytics_storage: 'granted' })");
  await page.evaluate("gtag('consent', 'update', { analytics_storage: 'granted' })");
  expect(await states(page)).toEqual(['granted']);
});

test('a wrong option is one error in the console, and a source that never decides', async ({
  page,
  site,
}) => {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const head = `<script>
    window.OneTrust = { IsAlertBoxClosed: () => true, GetDomainData: () => ({ Groups: [{ CustomGroupId: 'C0002' }] }) };
    window.OnetrustActiveGroups = ',C0002,';
  </script>`;
  await site.page('/consent', consentPage("({ oneTrust }) => oneTrust({ requires: ['C0004'] })", head));
  await page.goto(`${site.origin}/consent`);
  await page.waitForFunction(() => 'source' in window);
  await page.evaluate(() => window.dispatchEvent(new CustomEvent('OneTrustGroupsUpdated')));
  expect(await decision(page)).toBeNull();
  expect(await states(page)).toEqual([]);
  expect(errors).toEqual([
    'cio-first-party: oneTrust: "requires" must be one of the options ["require","purposes"], did you mean "require"?, ' +
      `got ["C0004"]; ${HELP_URL}`,
  ]);
});
