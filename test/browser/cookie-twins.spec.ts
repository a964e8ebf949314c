/**
 * Several cookies with one name, on different levels of the domain: the SDK must use one of them, with the
 * visitor's latest id.
 */
import type { BrowserContext, Page } from 'playwright';
import type { AnalyticsOptions } from '../../src/index.ts';
import { expect, test } from '../support/site/fixtures.ts';
import { nameOf } from '../support/site/stand-in.ts';

const HOST = 'www.shop.example.localhost';
const WIDEST_FIRST = ['example.localhost', 'shop.example.localhost', HOST, ''];

/** Writes cookies as other scripts, other options or an older version do. */
const leave = (page: Page, name: string, value: string, domain: string, path = '/'): Promise<void> =>
  page.evaluate(
    (cookie) => void (document.cookie = cookie),
    `${name}=${value}; Path=${path}; Max-Age=9999${domain && `; Domain=${domain}`}`,
  );

/** `name=value@domain` of each cookie with an id. */
const ids = async (context: BrowserContext): Promise<readonly string[]> =>
  (await context.cookies())
    .filter(({ name }) => name.startsWith('ajs_'))
    .map(({ name, value, domain }) => `${name}=${value}@${domain}`)
    .sort();

const shop = (origin: string, host = HOST): string => origin.replace('localhost', host);

const give = (page: Page, options: Partial<AnalyticsOptions>): Promise<unknown> =>
  page.addInitScript((given) => {
    window.sdkOptions = given as typeof window.sdkOptions;
  }, options);

for (const level of WIDEST_FIRST) {
  test(`an older id on the level "${level}" is deleted when a person has signed in`, async ({
    context,
    page,
    site,
    standIn,
  }) => {
    await page.goto(`${shop(site.origin)}/blank`);
    await leave(page, 'ajs_user_id', 'old-user', level);
    await leave(page, 'ajs_anonymous_id', 'old-visitor', level);
    await page.goto(`${shop(site.origin)}/shop`);
    await page.evaluate(() => window.analytics.identify('new-user'));
    const anonymousId = await page.evaluate(() => window.analytics.user().anonymousId());
    expect(await ids(context)).toEqual([
      `ajs_anonymous_id=${anonymousId}@.example.localhost`,
      'ajs_user_id=new-user@.example.localhost',
    ]);
    await page.reload();
    await page.evaluate(() => window.analytics.track('Later'));
    await expect.poll(() => standIn.names()).toEqual(['identify', 'Later']);
    expect((await standIn.events()).map((event) => [event.userId, event.anonymousId])).toEqual([
      ['new-user', anonymousId],
      ['new-user', anonymousId],
    ]);
  });
}

test('of several cookies with one name, the one on the widest domain is used, and the others are deleted', async ({
  context,
  page,
  site,
  standIn,
}) => {
  await page.goto(`${shop(site.origin)}/blank`);
  for (const [i, level] of WIDEST_FIRST.entries()) {
    await leave(page, 'ajs_user_id', `user-${i}`, level);
    await leave(page, 'ajs_anonymous_id', `visitor-${i}`, level);
  }
  await page.goto(`${shop(site.origin)}/shop`);
  await page.evaluate(() => window.analytics.track('Merged'));
  await expect.poll(() => standIn.names()).toEqual(['Merged']);
  expect(await standIn.events()).toMatchObject([{ userId: 'user-0', anonymousId: 'visitor-0' }]);
  expect(await ids(context)).toEqual([
    'ajs_anonymous_id=visitor-0@.example.localhost',
    'ajs_user_id=user-0@.example.localhost',
  ]);
});

test('`cookie.domain` is widened: the id stays, the narrow cookie is deleted, and sub-domains share later values', async ({
  context,
  page,
  site,
  standIn,
}) => {
  await give(page, { cookie: { domain: '.Shop.example.localhost' } });
  await page.goto(`${shop(site.origin)}/shop`);
  await page.evaluate(() => window.analytics.identify('first-user'));
  expect((await ids(context)).map((each) => each.split('@')[1])).toEqual(
    Array.from({ length: 2 }, () => '.shop.example.localhost'),
  );
  await give(page, {});
  await page.reload();
  await page.evaluate(() => window.analytics.track('Widened'));
  await page.evaluate(() => window.analytics.identify('second-user'));
  await page.goto(`${shop(site.origin, 'help.example.localhost')}/shop`);
  await page.evaluate(() => window.analytics.track('On another'));
  await page.goto(`${shop(site.origin)}/shop`);
  await page.evaluate(() => window.analytics.track('Back'));
  expect(await ids(context)).toEqual([
    expect.stringMatching(/^ajs_anonymous_id=.*@\.example\.localhost$/),
    'ajs_user_id=second-user@.example.localhost',
  ]);
  await expect
    .poll(async () =>
      Object.fromEntries((await standIn.events()).map((event) => [nameOf(event), event.userId])),
    )
    .toMatchObject({ Widened: 'first-user', 'On another': 'second-user', Back: 'second-user' });
});

test('`cookie.path` is changed in either direction: pages of both paths read the same id', async ({
  context,
  page,
  site,
}) => {
  const origin = shop(site.origin);
  for (const [before, after] of [
    ['/shop', '/'],
    ['/', '/shop'],
  ] as const) {
    await context.clearCookies();
    await give(page, { cookie: { path: before } });
    await page.goto(`${origin}/shop/boots`);
    await page.evaluate(() => window.analytics.identify('old-user'));
    await give(page, { cookie: { path: after } });
    await page.reload();
    await page.evaluate(() => window.analytics.identify('new-user'));
    await page.reload();
    expect(await page.evaluate(() => window.analytics.user().id())).toBe('new-user');
    expect((await context.cookies()).filter(({ name }) => name === 'ajs_user_id')).toMatchObject([
      { value: 'new-user', path: after },
    ]);
  }
});

test('a withdrawal deletes all of them', async ({ context, page, site }) => {
  await page.goto(`${shop(site.origin)}/blank`);
  for (const level of WIDEST_FIRST)
    for (const path of ['/', '/shop']) await leave(page, 'ajs_user_id', 'somebody', level, path);
  await page.goto(`${shop(site.origin)}/shop/boots`);
  await page.evaluate(() => window.analytics.consent.deny());
  await expect.poll(() => ids(context)).toEqual([]);
});
