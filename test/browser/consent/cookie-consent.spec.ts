/** CookieConsent's own script, from npm. */
import { consentPage, cookieConsentScript } from '../../support/page/consent-platforms.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { decision, states } from './decisions.ts';

const RUN = `<script>
  const texts = { title: 'Cookies', acceptAllBtn: 'Accept', acceptNecessaryBtn: 'Reject', savePreferencesBtn: 'Save' };
  window.runCookieConsent = () => CookieConsent.run({
    hideFromBots: false,
    categories: { necessary: { readOnly: true, enabled: true }, analytics: { services: { customerio: {} } } },
    language: {
      default: 'en',
      translations: { en: { consentModal: texts, preferencesModal: { ...texts, sections: [] } } },
    },
  });
</script>`;

test('reports what the visitor accepts and withdraws, and reads the decision on the next page', async ({
  page,
  site,
}) => {
  await site.page('/cookieconsent.js', cookieConsentScript());
  const head = `${RUN}<script src="/cookieconsent.js"></script><script>runCookieConsent()</script>`;
  await site.page('/consent', consentPage('({ cookieConsent }) => cookieConsent()', head));
  await page.goto(`${site.origin}/consent`);
  await page.locator('#cc-main .cm__btn[data-role="all"]').waitFor({ state: 'attached' });
  expect(await decision(page)).toBeNull();
  await page.locator('#cc-main .cm__btn[data-role="all"]').dispatchEvent('click');
  await expect.poll(() => states(page)).toEqual(['granted']);
  expect(await decision(page)).toEqual({
    state: 'granted',
    categories: { necessary: true, analytics: true },
  });
  await page.evaluate('CookieConsent.acceptCategory("all")');
  expect(await states(page)).toEqual(['granted']);

  await page.reload();
  await expect.poll(() => decision(page)).toMatchObject({ state: 'granted' });
  await page.evaluate('CookieConsent.acceptCategory([])');
  await expect
    .poll(() => decision(page))
    .toEqual({
      state: 'denied',
      categories: { necessary: true, analytics: false },
    });
  expect((await states(page)).at(-1)).toBe('denied');
});

test('finds a platform that loads late', async ({ page, site }) => {
  await site.page('/cookieconsent.js', cookieConsentScript());
  await site.page('/consent', consentPage('({ cookieConsent }) => cookieConsent()', RUN));
  await page.goto(`${site.origin}/consent`);
  await page.waitForFunction(() => 'source' in window);
  await page.addScriptTag({ url: '/cookieconsent.js' });
  expect(await decision(page)).toBeNull();
  await page.evaluate('runCookieConsent()');
  await page.evaluate('CookieConsent.acceptCategory([])');
  await expect.poll(() => states(page)).toEqual(['denied']);
});
