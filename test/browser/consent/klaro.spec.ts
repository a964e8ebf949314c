/** Klaro's own script, from npm. */
import type { Page } from 'playwright';
import { consentPage, klaroScript } from '../../support/page/consent-platforms.ts';
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { decision, states } from './decisions.ts';

const CONFIG = `<script>
  window.klaroConfig = {
    acceptAll: true,
    groupByPurpose: false,
    translations: { en: { purposes: { analytics: 'Analytics' } } },
    services: [{ name: 'customerio', purposes: ['analytics'] }, { name: 'ads', purposes: ['ads'] }],
  };
</script>`;

async function openShop(
  page: Page,
  site: Site,
  tag = '<script defer src="/klaro.js"></script>',
): Promise<void> {
  await site.page('/klaro.js', klaroScript());
  await site.page('/consent', consentPage("({ klaro }) => klaro({ require: ['customerio'] })", CONFIG + tag));
  await page.goto(`${site.origin}/consent`);
}

test('reports what the visitor accepts, changes and resets in Klaro', async ({ page, site }) => {
  await openShop(page, site);
  await expect(page.locator('.klaro .cn-ok .cm-btn-success')).toBeVisible();
  expect(await decision(page)).toBeNull();
  await page.locator('.klaro .cn-ok .cm-btn-success').click();
  await expect.poll(() => states(page)).toEqual(['granted']);
  expect(await decision(page)).toEqual({ state: 'granted', categories: { customerio: true, ads: true } });

  await page.reload();
  await expect.poll(() => decision(page)).toMatchObject({ state: 'granted' });
  await page.evaluate('klaro.show(undefined, true)');
  await page.locator('label[for="service-item-customerio"]').click();
  await page.waitForFunction('klaro.getManager().consents.customerio === false');
  expect(await decision(page)).toMatchObject({ state: 'granted' });
  await page.locator('.cm-btn-accept:not(.cm-btn-accept-all)').click();
  await expect
    .poll(() => decision(page))
    .toMatchObject({ state: 'denied', categories: { customerio: false } });

  await page.evaluate('klaro.getManager().changeAll(true); klaro.getManager().saveAndApplyConsents()');
  expect(await decision(page)).toMatchObject({ state: 'granted' });
  await page.evaluate('klaro.getManager().resetConsents()');
  expect(await decision(page)).toEqual({ state: 'denied' });
});

test('finds a Klaro that loads late, and removes its listener when stopped', async ({ page, site }) => {
  await openShop(page, site, '');
  await page.waitForFunction(() => 'source' in window);
  expect(await decision(page)).toBeNull();
  await page.addScriptTag({ url: '/klaro.js' });
  await page.evaluate('klaro.setup(window.klaroConfig)');
  await page.locator('.klaro .cn-decline').click();
  await expect.poll(() => states(page)).toEqual(['denied']);
  const watchers = Number(await page.evaluate('klaro.getManager().watchers.size'));
  await page.evaluate(() => window.stopSource());
  expect(await page.evaluate('klaro.getManager().watchers.size')).toBe(watchers - 1);
  await page.evaluate('klaro.getManager().changeAll(true); klaro.getManager().saveAndApplyConsents()');
  expect(await states(page)).toEqual(['denied']);
});
