/** The GPP API of the IAB, from npm, behind a stub of ours. */
import { consentPage, GPP_STUB, gppPlatform } from '../../support/page/consent-platforms.ts';
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { decision, states } from './decisions.ts';

const STUB = `<script>${GPP_STUB}</script>`;
const PLATFORM = '<script src="/gpp-platform.js"></script>';

async function serve(site: Site, head: string): Promise<string> {
  await site.page('/gpp-platform.js', gppPlatform());
  await site.page('/consent', consentPage('({ gpp }) => gpp()', head));
  return `${site.origin}/consent`;
}

const choose = (section: string, id: number, field: string, value: unknown): string => `
  cmp.setFieldValue('${section}', '${field}', ${JSON.stringify(value)});
  cmp.setApplicableSections([${id}]);
  cmp.fireSectionChange('${section}');
  cmp.setSignalStatus('ready');`;

test('reports opt-outs in the United States', async ({ page, site }) => {
  await page.goto(await serve(site, STUB + PLATFORM));
  await page.waitForFunction(() => 'source' in window);
  expect(await decision(page)).toBeNull();
  await page.evaluate(choose('usnat', 7, 'SaleOptOut', 2));
  expect(await states(page)).toEqual(['granted']);
  expect(await decision(page)).toMatchObject({ categories: { sale: true, 'purpose:1': true } });
  await page.evaluate("cmp.setSignalStatus('not ready')");
  expect(await decision(page)).toMatchObject({ state: 'granted' });
  await page.evaluate(choose('usnat', 7, 'SaleOptOut', 1));
  expect(await states(page)).toEqual(['granted', 'denied']);
  expect(await decision(page)).toMatchObject({ categories: { sale: false, sharing: true } });
  await page.evaluate(() => window.stopSource());
  await page.evaluate(choose('usnat', 7, 'SaleOptOut', 2));
  expect(await states(page)).toEqual(['granted', 'denied']);
});

test('reports the accepted purposes in Europe', async ({ page, site }) => {
  await page.goto(await serve(site, STUB));
  await page.waitForFunction(() => 'source' in window);
  await page.addScriptTag({ url: '/gpp-platform.js' });
  const purposes = Array.from({ length: 24 }, (_, i) => i < 9);
  await page.evaluate(choose('tcfeuv2', 2, 'PurposeConsents', purposes));
  await expect.poll(() => states(page)).toEqual(['granted']);
  await page.evaluate(
    choose(
      'tcfeuv2',
      2,
      'PurposeConsents',
      purposes.map((_, i) => i < 8),
    ),
  );
  expect(await states(page)).toEqual(['granted', 'denied']);
});

test('grants if no section applies', async ({ page, site }) => {
  await page.goto(await serve(site, PLATFORM));
  await page.waitForFunction(() => 'source' in window);
  await page.evaluate("cmp.setApplicableSections([-1]); cmp.setSignalStatus('ready')");
  expect(await states(page)).toEqual(['granted']);
});
