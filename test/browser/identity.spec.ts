/** An event belongs to the person who caused it. */
import type { Page } from 'playwright';
import { expect, test } from '../support/site/fixtures.ts';
import { nameOf } from '../support/site/stand-in.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const localStorageOf = (page: Page): Promise<Readonly<Record<string, string>>> =>
  page.evaluate(() => Object.fromEntries(Object.entries(localStorage)) as Record<string, string>);

const cookiesOf = async (page: Page): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await page.context().cookies()).map(({ name, value }) => [name, decodeURIComponent(value)]),
  );

test.describe('a visitor with ids of the wrapped SDK', () => {
  test('keeps both ids, from cookies', async ({ context, open, site, standIn }) => {
    await context.addCookies([
      { name: 'ajs_anonymous_id', value: 'known-anonymous', url: site.origin },
      { name: 'ajs_user_id', value: 'known-user', url: site.origin },
    ]);
    const page = await open();
    await page.evaluate(() => window.analytics.track('Back'));
    await expect
      .poll(() => standIn.events())
      .toMatchObject([{ anonymousId: 'known-anonymous', userId: 'known-user' }]);
    expect(await localStorageOf(page)).toMatchObject({
      ajs_anonymous_id: '"known-anonymous"',
      ajs_user_id: '"known-user"',
    });
  });

  test('keeps both ids from localStorage alone, and gets the cookies again', async ({
    context,
    open,
    standIn,
  }) => {
    await context.addInitScript(() => {
      localStorage.setItem('ajs_anonymous_id', '"from-local"');
      localStorage.setItem('ajs_user_id', '"user-from-local"');
      localStorage.setItem('ajs_user_traits', '{"plan":"pro"}');
    });
    const page = await open();
    await page.evaluate(() => window.analytics.track('Back'));
    await expect
      .poll(() => standIn.events())
      .toMatchObject([{ anonymousId: 'from-local', userId: 'user-from-local' }]);
    expect(await cookiesOf(page)).toMatchObject({
      ajs_anonymous_id: 'from-local',
      ajs_user_id: 'user-from-local',
    });
    expect(await page.evaluate(() => window.analytics.user().traits())).toEqual({ plan: 'pro' });
  });

  test('the cookie wins over localStorage', async ({ context, open, site, standIn }) => {
    await context.addCookies([{ name: 'ajs_anonymous_id', value: 'cookie', url: site.origin }]);
    await context.addInitScript(() => localStorage.setItem('ajs_anonymous_id', '"local"'));
    const page = await open();
    await page.evaluate(() => window.analytics.track('Back'));
    await expect.poll(() => standIn.events()).toMatchObject([{ anonymousId: 'cookie' }]);
    expect(await localStorageOf(page)).toMatchObject({ ajs_anonymous_id: '"cookie"' });
  });
});

test('a new visitor gets one anonymous id, on all pages and in all tabs', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await page.evaluate(() => window.analytics.track('One'));
  await page.goto(`${site.origin}/next`);
  await page.evaluate(() => window.analytics.track('Two'));
  const other = await context.newPage();
  await other.goto(`${site.origin}/third`);
  await other.evaluate(() => window.analytics.track('Three'));
  await expect.poll(() => standIn.account(['One', 'Two', 'Three'])).toMatchObject({ delivered: 3 });
  const ids = new Set((await standIn.events()).map(({ anonymousId }) => anonymousId));
  expect(ids.size).toBe(1);
  expect([...ids][0]).toMatch(UUID);
});

test('the cookies last a year, and are sent to the site only', async ({ context, open, page }) => {
  await open();
  await page.evaluate(() => window.analytics.identify('u1'));
  const cookies = await context.cookies();
  expect(cookies.map(({ name }) => name).sort()).toEqual(['ajs_anonymous_id', 'ajs_user_id']);
  for (const { expires, sameSite, path } of cookies) {
    expect(expires - Date.now() / 1_000).toBeGreaterThan(364 * 86_400);
    expect({ sameSite, path }).toEqual({ sameSite: 'Lax', path: '/' });
  }
});

test('sub-domains share one visitor, and deny() deletes the cookies on every level', async ({
  context,
  page,
  site,
  standIn,
}) => {
  const [shop, help] = ['shop', 'help'].map((name) =>
    site.origin.replace('localhost', `${name}.example.localhost`),
  );
  await page.goto(`${shop}/shop`);
  await page.evaluate(() => window.analytics.identify('u1'));
  await page.goto(`${help}/help`);
  await page.evaluate(() => window.analytics.track('On the other sub-domain'));
  await expect
    .poll(() => standIn.account(['On the other sub-domain', 'identify']))
    .toMatchObject({ delivered: 2 });
  const events = await standIn.events();
  expect(new Set(events.map(({ anonymousId, userId }) => `${anonymousId} ${userId}`)).size).toBe(1);
  // The cookie of a response to a page's last request belongs to one origin, like the outbox there.
  const shared = async (): Promise<readonly string[]> =>
    (await context.cookies()).filter(({ name }) => !name.startsWith('cio_ack_')).map(({ domain }) => domain);
  expect(new Set(await shared())).toEqual(new Set(['.example.localhost']));
  await page.evaluate(() => window.analytics.consent.deny());
  await expect.poll(shared).toEqual([]);
});

test('identity is fixed at the call: a waiting event belongs to the person who caused it', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open();
  await page.evaluate(async () => {
    const { analytics } = window;
    await analytics.identify('A', { plan: 'a' });
    await analytics.track('Of A');
    analytics.anonymize();
    await analytics.track('Of nobody');
    await analytics.identify('B', { plan: 'b' });
    await analytics.track('Of B');
  });
  await page.reload();
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expect
    .poll(async () => (await standIn.events()).map((event) => [nameOf(event), event.userId]))
    .toEqual([
      ['identify', 'A'],
      ['Of A', 'A'],
      ['Of nobody', undefined],
      ['identify', 'B'],
      ['Of B', 'B'],
    ]);
  const [first, second, third, fourth, fifth] = (await standIn.events()).map(
    ({ anonymousId }) => anonymousId,
  );
  expect(first).toBe(second);
  expect(third).toBe(fourth);
  expect(fourth).toBe(fifth);
  expect(third).not.toBe(first);
});

test('properties, title, URL and time are those of the call, although all change before delivery', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ does: 'cut' });
  await open('/first?utm_source=a');
  const before = Date.now();
  await page.evaluate(async () => {
    const properties = { items: [{ sku: 'one' }] };
    const tracked = window.analytics.track('Changed later', properties);
    properties.items[0] = { sku: 'two' };
    properties.items.push({ sku: 'three' });
    document.title = 'Changed';
    history.pushState(null, '', '/second?utm_source=b');
    await tracked;
  });
  const after = Date.now();
  await page.goto(`${site.origin}/third`);
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => standIn.names()).toEqual(['Changed later']);
  const [event] = await standIn.events();
  expect(event?.properties).toEqual({ items: [{ sku: 'one' }] });
  expect(event?.context).toMatchObject({ campaign: { source: 'a' } });
  expect(event?.context.page).toMatchObject({
    title: 'Shop',
    path: '/first',
    url: `${site.origin}/first?utm_source=a`,
  });
  expect(Date.parse(event?.timestamp ?? '')).toBeGreaterThanOrEqual(before);
  expect(Date.parse(event?.timestamp ?? '')).toBeLessThanOrEqual(after);
});

test('anonymize() in one tab changes the identity of the other', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  const other = await context.newPage();
  await other.goto(`${site.origin}/other`);
  await page.evaluate(() => window.analytics.identify('A'));
  await expect.poll(() => other.evaluate(() => window.analytics.user().id())).toBe('A');
  await page.evaluate(() => window.analytics.anonymize());
  await expect.poll(() => other.evaluate(() => window.analytics.user().id())).toBe(null);
  const ids = await Promise.all(
    [page, other].map((tab) => tab.evaluate(() => window.analytics.user().anonymousId())),
  );
  expect(ids[0]).toBe(ids[1]);
  await other.evaluate(() => window.analytics.track('After'));
  await expect.poll(async () => (await standIn.names()).includes('After')).toBe(true);
  const after = (await standIn.events()).find(({ event }) => event === 'After');
  expect(after).toMatchObject({ anonymousId: ids[0] });
  expect(after).not.toHaveProperty('userId');
});

test('another id without anonymize() starts a new visitor, with a new anonymous id', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  await page.evaluate(async () => {
    await window.analytics.identify('A', { secret: 'of A' });
    await window.analytics.identify('B', { plan: 'b' });
    await window.analytics.identify('B');
  });
  await expect.poll(() => standIn.names()).toEqual(['identify', 'identify', 'identify']);
  const [ofA, ofB, again] = await standIn.events();
  expect(ofA?.anonymousId).not.toBe(ofB?.anonymousId);
  expect(ofB?.anonymousId).toBe(again?.anonymousId);
  expect(ofB?.traits).toEqual({ plan: 'b' });
  expect(again?.traits).toEqual({ plan: 'b' });
});

test('?ajs_uid=, ?ajs_event= and ?ajs_aid= of a link are ignored', async ({ open, page, standIn }) => {
  await open('/shop?ajs_uid=attacker&ajs_event=Forged&ajs_aid=forged&ajs_trait_plan=x');
  await page.evaluate(() => window.analytics.track('Genuine'));
  await expect.poll(() => standIn.names()).toEqual(['Genuine']);
  const [event] = await standIn.events();
  expect(event).not.toHaveProperty('userId');
  expect(event?.anonymousId).toMatch(UUID);
});

test('the page’s own localStorage stays, and the SDK adds only its own keys', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.goto(`${site.origin}/blank`);
  await page.evaluate(() => {
    localStorage.setItem('test', 'mine');
    localStorage.setItem('cart', '[1]');
    document.cookie = 'session=mine; Path=/';
  });
  await open();
  await page.evaluate(async () => {
    await window.analytics.identify('u1', { plan: 'pro' });
    await window.analytics.group('g1', { seats: 3 });
    await window.analytics.track('A');
    window.analytics.reset();
    await window.analytics.track('B');
  });
  await expect.poll(() => standIn.names()).toEqual(['identify', 'group', 'A', 'B']);
  await page.reload();
  const local = await localStorageOf(page);
  expect(local).toMatchObject({ test: 'mine', cart: '[1]' });
  expect(Object.keys(local).filter((key) => !/^(test$|cart$|ajs_|cio-first-party:)/.test(key))).toEqual([]);
  expect(await cookiesOf(page)).toMatchObject({ session: 'mine' });
  expect(Object.keys(await cookiesOf(page)).sort()).toEqual(['ajs_anonymous_id', 'session']);
});

test('setAnonymousId() is used for later events and pages, and returns the id', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  expect(await page.evaluate(() => window.analytics.setAnonymousId('mine'))).toBe('mine');
  await page.evaluate(() => window.analytics.track('A'));
  await page.goto(`${site.origin}/next`);
  expect(await page.evaluate(() => window.analytics.setAnonymousId())).toBe('mine');
  await page.evaluate(() => window.analytics.track('B'));
  await expect.poll(() => standIn.account(['A', 'B'])).toMatchObject({ delivered: 2 });
  expect(new Set((await standIn.events()).map(({ anonymousId }) => anonymousId))).toEqual(new Set(['mine']));
});
