/** The private calls of a person who has signed in, and their requests. */
import {
  attributesOf,
  expect,
  fates,
  inboxesOf,
  inboxOf,
  reasons,
  signIn,
  test,
  tokenEvents,
} from '../../support/site/members.ts';
import { keptBy } from '../../support/page/kept.ts';

test('signs in, and reads inbox and attributes: one token, and one request each', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/customers/attributes 200']);
  expect(await standIn.questions()).toEqual([
    { service: 'in-app', userId: 'ann', method: 'POST', path: '/api/v4/users', status: 200 },
    { service: 'app', userId: 'ann', method: 'GET', path: '/v1/customers/ann/attributes', status: 200 },
  ]);
  expect(await site.logins()).toEqual([
    expect.objectContaining({ userId: 'ann', reason: 'identify', attempt: 1 }),
  ]);
  expect(await tokenEvents(page)).toEqual(['refreshed']);
  const [first, second] = await site.privateCalls();
  expect(first).toMatchObject({ clientKey: 'client-api-key-web', method: 'POST', text: '{}' });
  expect(first?.authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  expect(second?.authorization).toBe(first?.authorization);
  expect([first?.idempotencyKey, second?.idempotencyKey]).toEqual([null, null]);
});

test('marks as read and deletes: reported at once, and changed at Customer.io', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  await page.evaluate(() => window.listen());
  await expect.poll(() => inboxesOf(page)).toEqual([['ann-1', 'ann-2']]);
  const outcomes = await page.evaluate(async () => [
    await window.outcome(window.analytics.inbox.markAsRead('ann-1')),
    await window.outcome(window.analytics.inbox.delete('ann-2')),
  ]);
  expect(outcomes).toEqual([{}, {}]);
  expect((await standIn.people())['ann']?.messages).toEqual([
    expect.objectContaining({ queueId: 'ann-1', opened: true }),
  ]);
  expect(await inboxesOf(page)).toEqual([['ann-1', 'ann-2'], ['ann-1', 'ann-2'], ['ann-1']]);
  expect(await fates(site)).toEqual([
    '/v1/inbox/fetch 200',
    '/v1/inbox/mark-as-read 200',
    '/v1/inbox/delete 200',
  ]);
  expect(await inboxOf(page)).toEqual(['ann-1']);
});

test('reads subscriptions, and writes them as one identify call of that person', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  await expect.poll(() => standIn.names()).toEqual(['identify']);
  const topics = [
    { id: '1', name: 'News', subscribed: true },
    { id: '2', name: 'Offers', subscribed: false },
  ];
  const read = await page.evaluate(() => window.outcome(window.analytics.customer.subscriptions()));
  expect(read).toEqual({ value: topics });
  const written = await page.evaluate(() =>
    window.outcome(window.analytics.customer.subscriptions({ '2': true })),
  );
  // The stand-in does not process events; Customer.io does, with a delay.
  expect(written).toEqual({ value: topics });
  expect(await standIn.names()).toEqual(['identify', 'identify']);
  const event = (await standIn.events())[1];
  expect(event).toMatchObject({
    type: 'identify',
    userId: 'ann',
    traits: { 'cio_subscription_preferences.topics.topic_2': true },
  });
  expect(event?.anonymousId).toBeUndefined();
  expect(await fates(site)).toEqual(Array<string>(3).fill('/v1/consent/categories 200'));
  expect(await reasons(site)).toEqual(['identify']);
});

test('a person whom Customer.io does not know has no data', async ({ members }) => {
  const page = await members();
  await signIn(page, 'nobody-knows');
  expect(await inboxOf(page)).toEqual([]);
  expect(await attributesOf(page)).toEqual({ value: {} });
});

test('fifty private calls at once, before anything is loaded: one token, fifty responses', async ({
  members,
  site,
}) => {
  await site.change({ login: { delayMs: 300 } });
  const page = await members();
  const answers = await page.evaluate(async () => {
    void window.analytics.identify('ann');
    const calls = Array.from({ length: 50 }, () => window.outcome(window.analytics.customer.attributes()));
    return Promise.all(calls);
  });
  expect(answers).toEqual(Array.from({ length: 50 }, () => ({ value: { plan: 'pro' } })));
  expect(await reasons(site)).toHaveLength(1);
  expect(await fates(site)).toEqual(Array<string>(50).fill('/v1/customers/attributes 200'));
});

test('without a signed-in person: neither the login nor the proxy is called', async ({ members, site }) => {
  const page = await members();
  expect(await inboxOf(page)).toBe('anonymous');
  expect(await site.logins()).toEqual([]);
  expect(await fates(site)).toEqual([]);
});

test('without a provider: a token that is passed to identify, and one that is set', async ({
  members,
  site,
}) => {
  const page = await members({ limits: null });
  const asked = (userId: string): object => ({
    userId,
    anonymousId: '',
    reason: 'initial' as const,
    forceRefresh: false,
    attempt: 1,
  });
  const tokens = await page.evaluate(
    (requests) => Promise.all(requests.map((each) => window.login(each as never))),
    [asked('ann'), asked('bob')],
  );
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('auth-disabled');
  await page.evaluate(([, bob]) => window.analytics.identify('bob', {}, { token: bob ?? '' }), tokens);
  expect(await inboxOf(page)).toEqual(['bob-1']);
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('auth-disabled');
  await page.evaluate(([ann]) => window.analytics.setCustomerToken(ann ?? ''), tokens);
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  await page.evaluate(() => window.analytics.setCustomerToken(null));
  expect(await inboxOf(page)).toBe('auth-disabled');
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/inbox/fetch 200']);
});

for (const [authorization, scheme] of [
  ['client-key', /^Basic /],
  ['customer-token', /^Bearer /],
] as const)
  test(`events with the ${authorization}: the token is in no storage, no URL, no console and no batch`, async ({
    context,
    members,
    page,
    site,
    standIn,
  }) => {
    const seen: string[] = [];
    page.on('console', (message) => seen.push(message.text()));
    context.on('request', (request) => seen.push(request.url()));
    await members({ sdk: { debug: true, delivery: { authorization } } });
    await signIn(page, 'ann');
    expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
    const pushed = await page.evaluate(async () => {
      const asked = {
        userId: 'ann',
        anonymousId: '',
        reason: 'manual',
        forceRefresh: true,
        attempt: 1,
      } as const;
      const token = (await window.login(asked)) ?? '';
      await window.analytics.identify('ann', { plan: 'pro' }, { token });
      await window.analytics.track('Order Placed');
      return token;
    });
    expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
    await expect.poll(() => standIn.names()).toEqual(['identify', 'identify', 'Order Placed']);
    const calls = await site.privateCalls();
    const used = calls.map(({ authorization }) => authorization?.replace('Bearer ', '') ?? '');
    expect(new Set(used).size).toBe(2);
    expect(used).toContain(pushed);
    const kept = await keptBy(page);
    const heard = await page.evaluate(() =>
      JSON.stringify([window.told, window.analytics.customerTokenStatus()]),
    );
    const everywhere = [
      ...seen,
      kept,
      heard,
      JSON.stringify(await standIn.events()),
      JSON.stringify(await site.hits()),
    ];
    for (const token of used)
      for (const part of [token, token.split('.')[2] ?? token])
        expect(everywhere.filter((text) => text.includes(part))).toEqual([]);
    for (const sent of await site.batches()) expect(sent.authorization).toMatch(scheme);
  });
