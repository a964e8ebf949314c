/** A login that is slow, fails, or returns unusable tokens. */
import { patient } from '../../support/site/fixtures.ts';
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
import type { LoginBehaviour } from '../../support/site/login.ts';

interface Case {
  readonly does: LoginBehaviour['does'];
  /** The error codes of the first call, and of a second one right after it. */
  readonly codes: readonly [string, string];
  readonly logins: number;
  readonly event: string;
}

const CASES: readonly Case[] = [
  { does: 'fail', codes: ['provider-failed', 'provider-backoff'], logins: 1, event: 'provider_error' },
  { does: 'null', codes: ['token-unavailable', 'token-unavailable'], logins: 1, event: 'not_provided' },
  {
    does: 'wrong-subject',
    codes: ['subject-mismatch', 'provider-backoff'],
    logins: 2,
    event: 'subject_mismatch',
  },
  { does: 'hang', codes: ['provider-timeout', 'provider-backoff'], logins: 1, event: 'provider_timeout' },
];

for (const { does, codes, logins, event } of CASES) {
  test(`the login responds "${does}": calls reject with a code, nothing is sent, and calls work again later`, async ({
    members,
    page,
    site,
    standIn,
  }) => {
    await patient(page);
    await page.clock.install();
    await site.change({ login: { does, ttlSeconds: 86_400 } });
    await members({ limits: { timeoutMs: 700 } });
    await signIn(page, 'ann');
    expect([await inboxOf(page), (await attributesOf(page)).code]).toEqual(codes);
    expect(await site.logins()).toHaveLength(logins);
    expect(await fates(site)).toEqual([]);
    expect(await tokenEvents(page)).toEqual([event]);
    // The failure does not affect events.
    await page.evaluate(() => window.analytics.track('Order Placed'));
    await expect.poll(() => standIn.names()).toEqual(['identify', 'Order Placed']);
    await site.change({ login: { does: 'token' } });
    await page.clock.fastForward(300_000);
    expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
    expect(await site.logins()).toHaveLength(logins + 1);
  });
}

test('the login returns an expired token: one more is requested, then the proxy decides', async ({
  members,
  page,
  site,
}) => {
  await patient(page);
  await site.change({ login: { does: 'expired' } });
  await members();
  await signIn(page, 'ann');
  // The page's clock may be wrong, so the token is sent to the proxy. Its response has the server time, so
  // the next token is known to be expired.
  expect(await inboxOf(page)).toBe('token-expired');
  expect((await attributesOf(page)).code).toBe('provider-backoff');
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 401']);
  expect((await reasons(site)).length).toBeLessThanOrEqual(4);
});

test('the login is slow: calls wait for one shared token', async ({ members, site }) => {
  await site.change({ login: { delayMs: 1_500 } });
  const page = await members();
  await signIn(page, 'ann');
  const both = await Promise.all([inboxOf(page), attributesOf(page)]);
  expect(both).toEqual([['ann-1', 'ann-2'], { value: { plan: 'pro' } }]);
  expect(await reasons(site)).toEqual(['identify']);
});

test('refreshCustomerToken calls the login, also during a pause after a failure', async ({
  members,
  site,
}) => {
  await site.change({ login: { does: 'null' } });
  const page = await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('token-unavailable');
  await site.change({ login: { does: 'token' } });
  const status = await page.evaluate(() => window.analytics.refreshCustomerToken());
  expect(status).toMatchObject({ state: 'usable', userId: 'ann', subject: 'ann' });
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await reasons(site)).toEqual(['identify', 'manual']);
});

test('Customer.io or the proxy is down: calls reject with a code, no other token is requested, the page has no error', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  for (const status of [500, 429, 401]) {
    await standIn.serviceFaults({ status });
    expect(await inboxOf(page)).toBe('private-call-failed');
    expect((await attributesOf(page)).code).toBe('private-call-failed');
  }
  await standIn.serviceFaults({ status: 200 });
  for (const does of ['cut', 'cut-late', 'halve-answer'] as const) {
    await site.change({ privateFaults: [{ does }] });
    expect(await inboxOf(page)).toBe('private-call-failed');
    // A change is written again until there is a response. It has succeeded with a 200, even if the body breaks off.
    if (does !== 'halve-answer') await site.change({ privateFaults: [{ does, times: 2 }] });
    const outcome = await page.evaluate(() => window.outcome(window.analytics.inbox.delete('ann-1')));
    expect(outcome).toEqual({});
  }
  await site.change({ privateFaults: [] });
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect(await reasons(site)).toEqual(['identify']);
});

test('the proxy never responds: the call rejects after the request timeout', async ({ members, site }) => {
  await site.change({ privateFaults: [{ does: 'hang' }] });
  const page = await members({ sdk: { delivery: { requestTimeoutMs: 1_000 } } });
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('private-call-failed');
  expect(await fates(site)).toEqual(['/v1/inbox/fetch hang']);
});

test('a response that breaks off is not an empty inbox: listeners keep the messages', async ({
  members,
  site,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  await page.evaluate(() => window.listen());
  await expect.poll(() => inboxesOf(page)).toEqual([['ann-1', 'ann-2']]);
  await site.change({ privateFaults: [{ times: 1, does: 'halve-answer' }] });
  expect(await inboxOf(page)).toBe('private-call-failed');
  expect(await inboxesOf(page)).toEqual([['ann-1', 'ann-2']]);
});

test('a person who was signed in when the page loaded: the login may return a stored token', async ({
  members,
  page,
  site,
}) => {
  await members();
  await signIn(page, 'ann');
  await page.reload();
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await site.logins()).toEqual([
    expect.objectContaining({ userId: 'ann', reason: 'initial', forceRefresh: false }),
  ]);
});

test('two listeners before the first messages: one request', async ({ members, site }) => {
  const page = await members();
  await signIn(page, 'ann');
  await page.evaluate(() => {
    window.listen();
    window.listen();
  });
  await expect
    .poll(() => inboxesOf(page))
    .toEqual([
      ['ann-1', 'ann-2'],
      ['ann-1', 'ann-2'],
    ]);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200']);
});
