/** A login that is slow, fails, or gives what is no good. */
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
  /** Of the first call, and of one right after it. */
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
  test(`the login answers "${does}": told by a code, nothing is sent, and it works again in time`, async ({
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
    // Events are no matter of it.
    await page.evaluate(() => window.analytics.track('Order Placed'));
    await expect.poll(() => standIn.names()).toEqual(['identify', 'Order Placed']);
    await site.change({ login: { does: 'token' } });
    await page.clock.fastForward(300_000);
    expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
    expect(await site.logins()).toHaveLength(logins + 1);
  });
}

test('the login gives a token that has expired: asked once more, then the proxy decides, and says so', async ({
  members,
  page,
  site,
}) => {
  await patient(page);
  await site.change({ login: { does: 'expired' } });
  await members();
  await signIn(page, 'ann');
  // The clock may be wrong, so the token goes to the proxy; its answer tells the time, and the next is known for old.
  expect(await inboxOf(page)).toBe('token-expired');
  expect((await attributesOf(page)).code).toBe('provider-backoff');
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 401']);
  expect((await reasons(site)).length).toBeLessThanOrEqual(4);
});

test('the login is slow: calls wait for it and share it', async ({ members, site }) => {
  await site.change({ login: { delayMs: 1_500 } });
  const page = await members();
  await signIn(page, 'ann');
  const both = await Promise.all([inboxOf(page), attributesOf(page)]);
  expect(both).toEqual([['ann-1', 'ann-2'], { value: { plan: 'pro' } }]);
  expect(await reasons(site)).toEqual(['identify']);
});

test('refreshCustomerToken asks on purpose, also while the login is left alone', async ({
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

test('Customer.io or the proxy is down: told by a code, no other token, and the page is unharmed', async ({
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
    const outcome = await page.evaluate(() => window.outcome(window.analytics.inbox.delete('ann-1')));
    // What was answered 200 is done, however the answer ends.
    expect(outcome).toEqual(does === 'halve-answer' ? {} : { code: 'private-call-failed' });
  }
  await site.change({ privateFaults: [] });
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect(await reasons(site)).toEqual(['identify']);
});

test('the proxy never answers: given up after the time of a request', async ({ members, site }) => {
  await site.change({ privateFaults: [{ does: 'hang' }] });
  const page = await members({ sdk: { delivery: { requestTimeoutMs: 1_000 } } });
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('private-call-failed');
  expect(await fates(site)).toEqual(['/v1/inbox/fetch hang']);
});

test('an answer that is cut off is no empty inbox: who listens keeps what there was', async ({
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

test('who was signed in when the page was loaded: the login may give a token that it has kept', async ({
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

test('two listen while nothing is known yet: one request', async ({ members, site }) => {
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
