/** The places where private calls must work, and where they must not. */
import type { Page } from 'playwright';
import { attributesOf, expect, fates, inboxOf, reasons, signIn, test } from '../../support/site/members.ts';
import { MEMBERS_PAGE } from '../../support/site/member-pages.ts';
import { page as html } from '../../support/site/site-pages.ts';

test('the proxy on an origin of its own: the preflight allows every header of a private call', async ({
  context,
  members,
  site,
}) => {
  await context.addCookies([{ name: 'session', value: 'secret', url: site.apiOrigin }]);
  const page = await members({ sdk: { proxyUrl: site.apiOrigin } });
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  const marked = await page.evaluate(() => window.outcome(window.analytics.inbox.markAsRead('ann-1')));
  expect(marked).toEqual({});
  const calls = await site.privateCalls();
  expect(calls.map(({ method, path, fate }) => `${method} ${path} ${fate}`)).toEqual([
    'OPTIONS /v1/inbox/fetch 204',
    'POST /v1/inbox/fetch 200',
    'POST /v1/inbox/fetch 200',
    'OPTIONS /v1/inbox/mark-as-read 204',
    'POST /v1/inbox/mark-as-read 200',
  ]);
  const posts = calls.filter(({ method }) => method === 'POST');
  for (const { clientKey, origin } of posts)
    expect([clientKey, origin]).toEqual(['client-api-key-web', site.origin]);
  expect(posts.map(({ idempotencyKey }) => idempotencyKey)).toEqual([null, null, expect.any(String)]);
  expect(await reasons(site)).toEqual(['identify']);
});

test('an origin of its own, and a clock that is a day ahead: the server time is read across origins', async ({
  members,
  page,
  site,
}) => {
  await page.addInitScript(() => {
    const { now } = Date;
    Date.now = () => now() + 86_400_000;
  });
  await members({ sdk: { proxyUrl: site.apiOrigin } });
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  await signIn(page, 'bob');
  expect(await inboxOf(page)).toEqual(['bob-1']);
  expect(await site.logins()).toHaveLength(3);
});

async function watchViolations(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
      violations.push(`${effectiveDirective} ${blockedURI}`);
    });
  });
  return () => page.evaluate(() => (window as unknown as { violations: string[] }).violations);
}

const STRICT = { 'Content-Security-Policy': "connect-src 'self'; script-src 'self'" };

test('a strict policy, the npm build: the file for private calls is loaded from its own folder', async ({
  members,
  page,
  site,
}) => {
  const violations = await watchViolations(page);
  await site.page('/strict', { ...MEMBERS_PAGE, headers: STRICT });
  await members({ path: '/strict' });
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await violations()).toEqual([]);
  expect((await site.hits()).filter((hit) => hit.includes('cio-private'))).toEqual([
    'GET /dist/cio-private.js',
  ]);
});

test('a strict policy, the script tag: the file is loaded from the folder of cio.js, with the first private call', async ({
  page,
  site,
}) => {
  const violations = await watchViolations(page);
  const tag = '<script src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web"></script>';
  await site.page('/strict', { body: html('Strict', tag), headers: STRICT });
  await page.goto(`${site.origin}/strict`);
  const loaded = async (): Promise<readonly string[]> =>
    (await site.hits()).filter((hit) => hit.includes('cio-private'));
  await page.evaluate(() => window.cioanalytics.identify('ann'));
  expect(await loaded()).toEqual([]);
  const ids = await page.evaluate(async () => {
    const asked = { userId: 'ann', reason: 'manual', forceRefresh: false, attempt: 1 };
    const response = await fetch('/login', { method: 'POST', body: JSON.stringify(asked) });
    const { token } = (await response.json()) as { token: string };
    window.cioanalytics.setCustomerToken(token);
    return (await window.cioanalytics.inbox.messages()).map(({ id }) => id);
  });
  expect(ids).toEqual(['ann-1', 'ann-2']);
  expect(await loaded()).toEqual(['GET /e/cio-private.js']);
  expect(await violations()).toEqual([]);
});

test('before consent: private calls reject as disabled, and nothing is requested or loaded', async ({
  members,
  site,
}) => {
  const page = await members({ sdk: { consent: 'pending' } });
  void signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('auth-disabled');
  expect(await attributesOf(page)).toEqual({ code: 'auth-disabled' });
  expect(await site.logins()).toEqual([]);
  expect(await fates(site)).toEqual([]);
  expect((await site.hits()).filter((hit) => hit.includes('cio-private'))).toEqual([]);
  await page.evaluate(() => window.analytics.consent.grant());
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  await page.evaluate(() => window.analytics.consent.deny());
  expect(await inboxOf(page)).toBe('auth-disabled');
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200']);
});

test('a proxy without customer tokens: calls reject with a code, and the page has no error', async ({
  members,
  page,
  site,
}) => {
  await page.route('**/e/v1/inbox/fetch', (route) =>
    route.fulfill({ status: 404, json: { error: 'not_found', message: 'No', serverTime: 0 } }),
  );
  await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('private-call-failed');
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect(await reasons(site)).toEqual(['identify']);
});

test('a path outside of the proxy is refused before a token is requested', async ({ members, site }) => {
  const page = await members();
  await signIn(page, 'ann');
  for (const path of ['/../steal', 'https://evil.example', 'v1/x', '/%2e%2e/steal']) {
    const outcome = await page.evaluate((given) => window.outcome(window.analytics.fetch(given)), path);
    expect(outcome.code).toBe('invalid-options');
  }
  expect(await fates(site)).toEqual([]);
});
