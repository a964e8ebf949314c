/** The stub and the CMP API of the IAB, from npm. */
import { consentPage, tcfPlatform, tcfStub } from '../../support/page/consent-platforms.ts';
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { decision, states } from './decisions.ts';

const STUB = '<script src="/tcf-stub.js"></script>';
const PLATFORM = '<script src="/tcf-platform.js"></script>';

async function serve(site: Site, head: string): Promise<string> {
  await site.page('/tcf-stub.js', tcfStub());
  await site.page('/tcf-platform.js', tcfPlatform());
  await site.page('/consent', consentPage('({ tcf }) => tcf()', head));
  return `${site.origin}/consent`;
}

test('reports what is saved in the dialog, and keeps it while the dialog is open again', async ({
  page,
  site,
}) => {
  await page.goto(await serve(site, STUB + PLATFORM));
  await page.waitForFunction(() => 'source' in window);
  await page.evaluate('cmp.show()');
  expect(await decision(page)).toBeNull();
  await page.evaluate('cmp.save([1, 8, 9], [755])');
  expect(await states(page)).toEqual(['granted']);
  expect(await decision(page)).toMatchObject({ categories: { 'purpose:1': true, 'purpose:2': false } });
  await page.evaluate('cmp.show()');
  expect(await decision(page)).toMatchObject({ state: 'granted' });
  await page.evaluate('cmp.save([1, 8, 9], [755])');
  expect(await states(page)).toEqual(['granted']);
  await page.evaluate('cmp.save([1])');
  expect(await states(page)).toEqual(['granted', 'denied']);
  await page.evaluate(() => window.stopSource());
  await page.evaluate('cmp.save([1, 8, 9])');
  expect(await states(page)).toEqual(['granted', 'denied']);
  expect(await decision(page)).toMatchObject({ state: 'granted' });
});

test('reads the decision through the stub of a platform that loads later', async ({ page, site }) => {
  await page.goto(await serve(site, STUB));
  await page.waitForFunction(() => 'source' in window);
  expect(await decision(page)).toBeNull();
  await page.addScriptTag({ url: '/tcf-platform.js' });
  await page.evaluate('cmp.save([1, 8, 9])');
  await expect.poll(() => states(page)).toEqual(['granted']);
});

test('finds a platform that loads later without a stub', async ({ page, site }) => {
  await page.goto(await serve(site, ''));
  await page.waitForFunction(() => 'source' in window);
  await page.addScriptTag({ url: '/tcf-platform.js' });
  await page.evaluate('cmp.save([1])');
  await expect.poll(() => states(page)).toEqual(['denied']);
});

test('grants if the law does not apply', async ({ page, site }) => {
  await page.goto(await serve(site, STUB + PLATFORM));
  await page.waitForFunction(() => 'source' in window);
  await page.evaluate('cmp.doesNotApply()');
  expect(await states(page)).toEqual(['granted']);
  expect(await decision(page)).toEqual({ state: 'granted' });
});
