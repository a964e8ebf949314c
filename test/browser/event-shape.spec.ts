/**
 * Our events beside those of the wrapped SDK as its makers ship it: both get the same calls, and every field is compared. An
 * intended difference stands in INTENDED of `original-sdk.ts`; any other difference fails.
 */
import { expect } from '../support/site/fixtures.ts';
import { test } from '../support/site/original-sdk.ts';

test('track: names, properties, options', async ({ pair }) => {
  await pair.go('/shop?q=1#part');
  await pair.call(async (sdk) => {
    await sdk.track('Plain', {}, { context: { n: 1 } });
    await sdk.track(
      'Nested',
      { a: { b: [1, 'two', null, { c: true }] }, empty: {}, list: [] },
      { context: { n: 2 } },
    );
    await sdk.track(
      'Numbers',
      { zero: 0, negative: -1.5, large: 1e21, not: Number.NaN, endless: Infinity },
      { context: { n: 3 } },
    );
    await sdk.track(
      'Texts',
      { empty: '', unicode: 'Grüße 👋', quote: '"\\', html: '<b>' },
      { context: { n: 4 } },
    );
    await sdk.track('Missing', { undef: undefined, nil: null }, { context: { n: 5 } });
    await sdk.track(
      'Options',
      { a: 1 },
      { integrations: { All: false, Mixpanel: true }, context: { n: 6, active: true } },
    );
    await sdk.track('When', { a: 1 }, { timestamp: '2020-02-03T04:05:06.000Z', context: { n: 7 } });
    await sdk.track('Whose', { a: 1 }, { anonymousId: 'another', userId: 'somebody', context: { n: 8 } });
    await sdk.track('Loose option', { a: 1 }, { context: { n: 9 }, campaignRun: 7 });
    await sdk.track(
      'Own page',
      { a: 1 },
      { context: { n: 10, page: { url: 'https://other.example/x', title: 'Mine' } } },
    );
    await sdk.track(
      'Page in properties',
      { url: 'https://other.example/y', title: 'Own', path: '/own' },
      { context: { n: 11 } },
    );
    await sdk.track(
      'Money',
      { revenue: 12.5, currency: 'EUR', products: [{ sku: 'a', price: 1 }] },
      { context: { n: 12 } },
    );
  });
  expect(await pair.differences(12)).toEqual([]);
});

test('page and screen: every shape of arguments', async ({ pair }) => {
  await pair.go('/shop?q=1');
  await pair.call(async (sdk) => {
    await sdk.page('Name', {}, { context: { n: 1 } });
    await sdk.page('Category', 'Name', {}, { context: { n: 2 } });
    await sdk.page('Category', 'Name', { a: 1, title: 'Other' }, { context: { n: 3 } });
    await sdk.page({ a: 1 }, { context: { n: 4 } });
    await sdk.page(undefined, { b: 2 }, { context: { n: 5 } });
    await sdk.page(
      'Name',
      { url: 'https://other.example/z', search: '?own', referrer: 'https://r.example/' },
      { context: { n: 6 } },
    );
    await sdk.screen('Home', {}, { context: { n: 7 } });
    await sdk.screen('Category', 'Home', { a: 1 }, { context: { n: 8 } });
    await sdk.screen({ a: 1 }, { context: { n: 9 } });
    await sdk.page(
      'Name',
      { path: '/own', name: 'Another name', category: 'Another category' },
      { context: { n: 10 } },
    );
  });
  expect(await pair.differences(10)).toEqual([]);
});

test('identify, group, alias: traits, ids, and what follows from them', async ({ pair }) => {
  await pair.go('/account');
  await pair.call(async (sdk) => {
    // Without a token the proxy takes a previous id that is random, and the event's anonymous id.
    const u1 = '6d8f2f0e-2f5c-4c1b-9d0a-7b1f5e3a9c42';
    await sdk.identify({ early: true }, { context: { n: 1 } });
    await sdk.track('Before', {}, { context: { n: 2 } });
    await sdk.identify(u1, { plan: 'pro', address: { city: 'Wien' } }, { context: { n: 3 } });
    await sdk.track('As u1', {}, { context: { n: 4 } });
    await sdk.identify(u1, { seats: 3 }, { context: { n: 5 } });
    await sdk.group('g1', { name: 'Group' }, { context: { n: 6 } });
    await sdk.group('g1', {}, { context: { n: 7 } });
    await sdk.alias('u2', { anonymousId: u1, context: { n: 8 } });
    await sdk.alias('u3', u1, { anonymousId: u1, context: { n: 9 } });
    await sdk.page('After', {}, { context: { n: 10 } });
    await sdk.identify('u2', { fresh: 1 }, { context: { n: 11 } });
    await sdk.track('As u2', {}, { context: { n: 12 } });
    await sdk.identify(42, { numeric: true }, { context: { n: 13 } });
    await sdk.identify(null, { nobody: true }, { context: { n: 14 } });
    await sdk.identify('u4', null, { context: { n: 15 } });
    await sdk.group(7, { numeric: true }, { context: { n: 16 } });
  });
  expect(await pair.differences(16)).toEqual([]);
});

test('after reset: a new anonymous id, no user, no group', async ({ pair }) => {
  await pair.go('/account');
  await pair.call(async (sdk) => {
    await sdk.identify('u1', { plan: 'pro' }, { context: { n: 1 } });
    await sdk.group('g1', { a: 1 }, { context: { n: 2 } });
  });
  expect(await pair.differences(2)).toEqual([]);
  await pair.call(async (sdk) => {
    sdk.reset();
    await sdk.track('Anonymous', {}, { context: { n: 3 } });
    await sdk.alias('u9', { context: { n: 4 } });
    await sdk.identify('u9', { b: 1 }, { context: { n: 5 } });
    await sdk.track('As u9', {}, { context: { n: 6 } });
  });
  // `previousId` after a reset is the anonymous id that each has made.
  const found = (await pair.differences(6)).filter(
    (each) => !/^#3 alias previousId: ours "[0-9a-f-]{36}", theirs "[0-9a-f-]{36}"$/.test(each),
  );
  expect(found).toEqual([]);
});

test('addresses: campaign, canonical link, hash', async ({ pair }) => {
  await pair.go('/landing?utm_source=mail&utm_campaign=spring&utm_medium=e%20mail&q=1#part');
  await pair.call(async (sdk) => {
    await sdk.page('Landing', {}, { context: { n: 1 } });
    await sdk.track('Landed', {}, { context: { n: 2 } });
    await sdk.track('Own campaign', {}, { context: { n: 3, campaign: { name: 'own' } } });
    await sdk.identify('u1', {}, { context: { n: 4 } });
  });
  expect(await pair.differences(4)).toEqual([]);
});

for (const canonical of [
  'https://www.example.com/canonical',
  'https://www.example.com/canonical?own=1',
  '/relative',
]) {
  test(`canonical link ${canonical}`, async ({ pair }) => {
    await pair.go('/variant?q=1', `<link rel="canonical" href="${canonical}">`);
    await pair.call(async (sdk) => {
      await sdk.page('Canonical', {}, { context: { n: 1 } });
      await sdk.track('Canonical', {}, { context: { n: 2 } });
    });
    expect(await pair.differences(2)).toEqual([]);
  });
}

test('dates and texts that look like dates', async ({ pair }) => {
  await pair.go('/dates');
  await pair.call(async (sdk) => {
    await sdk.track('Dates', { at: new Date(Date.UTC(2020, 1, 3)) }, { context: { n: 1 } });
    await sdk.track(
      'Texts',
      { iso: '2020-02-03T04:05:06Z', day: '2020-02-03', plain: '2020' },
      { context: { n: 2 } },
    );
    await sdk.identify(
      'u1',
      { createdAt: new Date(Date.UTC(2020, 1, 3)), birthday: '1980-01-02' },
      { context: { n: 3 } },
    );
    await sdk.track('When', {}, { timestamp: new Date(Date.UTC(2020, 1, 3, 4, 5, 6)), context: { n: 4 } });
  });
  expect(await pair.differences(4)).toEqual([]);
});

test('callbacks in every place, and calls with an object instead of a name', async ({ page, pair }) => {
  await pair.go('/callbacks');
  await pair.call(async (sdk) => {
    const counts = window as unknown as { called?: string[] };
    const called = (name: string) => (): void => void (counts.called = [...(counts.called ?? []), name]);
    const loose = sdk as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
    await loose['track']?.('Last', {}, { context: { n: 1 } }, called('track'));
    await loose['page']?.('Category', 'Last', {}, { context: { n: 2 } }, called('page'));
    await loose['identify']?.('u1', {}, { context: { n: 3 } }, called('identify'));
    await loose['group']?.('g1', {}, { context: { n: 4 } }, called('group'));
    const id = '6d8f2f0e-2f5c-4c1b-9d0a-7b1f5e3a9c42';
    await loose['alias']?.('u2', id, { anonymousId: id, context: { n: 5 } }, called('alias'));
    await loose['screen']?.('Category', 'Last', {}, { context: { n: 6 } }, called('screen'));
    await loose['track']?.({ event: 'As an object', properties: { a: 1 }, context: { n: 7 } });
    await loose['track']?.('No properties', null, { context: { n: 8 } });
    await loose['track']?.('Odd properties', 'text', { context: { n: 9 } });
    await loose['track']?.('List', [1, 2], { context: { n: 10 } });
  });
  expect(await pair.differences(10)).toEqual([]);
  const called = await page.evaluate(() => (window as unknown as { called: string[] }).called);
  const each = ['track', 'page', 'identify', 'group', 'alias', 'screen'];
  expect([...called].sort()).toEqual([...each, ...each].sort());
});

test('addresses of advertisers, odd campaigns, and percent signs that encode nothing', async ({ pair }) => {
  await pair.go('/landing?btid=abc&utm_source=100%25&utm_content=a+b&utm_=x&not_utm_term=1');
  await pair.call(async (sdk) => {
    await sdk.page('Landing', {}, { context: { n: 1 } });
    await sdk.track('Landed', {}, { context: { n: 2 } });
  });
  expect(await pair.differences(2)).toEqual([]);
});

test('a visitor with traits: every later call', async ({ pair }) => {
  await pair.go('/traits');
  await pair.call(async (sdk) => {
    await sdk.identify('u1', { email: 'a@example.com', plan: 'pro' }, { context: { n: 1 } });
    await sdk.track('With traits', {}, { context: { n: 2, traits: { plan: 'own' } } });
    await sdk.page('With traits', {}, { context: { n: 3 } });
    await sdk.group('g1', { a: 1 }, { context: { n: 4 } });
    await sdk.identify('u1', undefined, { context: { n: 5 } });
    await sdk.identify('u1', { plan: null, list: [1], nested: { a: undefined } }, { context: { n: 6 } });
    await sdk.screen('With traits', { a: 1 }, { context: { n: 7 } });
  });
  expect(await pair.differences(7)).toEqual([]);
});
