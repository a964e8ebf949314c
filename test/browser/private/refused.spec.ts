/** Tokens that the proxy refuses. */
import {
  attributesOf,
  expect,
  fates,
  inboxOf,
  reasons,
  REFUSED,
  signIn,
  test,
  tokenEvents,
} from '../../support/site/members.ts';
import { toldTimes } from '../../support/site/fixtures.ts';

const HOUR_MS = 3_600_000;

test('one 401: one more token, and the call once more, with a header that says so', async ({
  members,
  site,
}) => {
  await site.change({ privateFaults: [{ times: 1, does: REFUSED }] });
  const page = await members();
  await signIn(page, 'ann');
  const outcome = await page.evaluate(() => window.outcome(window.analytics.inbox.delete('ann-1')));
  expect(outcome).toEqual({});
  expect(await fates(site)).toEqual(['/v1/inbox/delete 401', '/v1/inbox/delete 200']);
  expect(await reasons(site)).toEqual(['identify', 'rejected']);
  expect((await site.logins())[1]).toMatchObject({ forceRefresh: true });
  const [first, second] = await site.privateCalls();
  expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
  expect(second?.authorization).not.toBe(first?.authorization);
  expect(await tokenEvents(page)).toEqual(['refreshed', 'invalid', 'refreshed']);
});

test('401 for twenty calls at once: one more token for all of them', async ({ members, site }) => {
  const page = await members();
  await signIn(page, 'ann');
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  const token = (await site.privateCalls())[0]?.authorization;
  // The responses are delayed until all calls have been sent.
  await site.change({ privateFaults: [{ times: 20, delayMs: 300, does: REFUSED }] });
  const outcomes = await page.evaluate(() =>
    Promise.all(Array.from({ length: 20 }, () => window.outcome(window.analytics.customer.attributes()))),
  );
  expect(outcomes).toEqual(Array.from({ length: 20 }, () => ({ value: { plan: 'pro' } })));
  expect(await reasons(site)).toEqual(['identify', 'rejected']);
  const calls = (await site.privateCalls()).slice(1);
  expect(calls.filter(({ authorization }) => authorization === token)).toHaveLength(20);
  expect(calls.filter(({ fate }) => fate === 200)).toHaveLength(20);
});

for (const does of ['token', 'same'] as const) {
  const which = does === 'same' ? 'the same token again' : 'a fresh token each time';
  test(`always 401, and ${which}: an hour of calls causes at most 20 requests to the login`, async ({
    members,
    page,
    site,
  }) => {
    // The server's clock does not change with the page's.
    await site.change({ privateFaults: [{ does: REFUSED }], login: { does, ttlSeconds: 86_400 } });
    await page.clock.install();
    await members();
    await signIn(page, 'ann');
    const codes: (string | undefined)[] = [];
    for (let passedMs = 0; passedMs < HOUR_MS; passedMs += 30_000) {
      codes.push((await attributesOf(page)).code);
      await page.clock.fastForward(30_000);
    }
    expect(codes).toHaveLength(120);
    const known = ['token-rejected', 'token-blocked', 'provider-failed', 'provider-backoff'];
    for (const code of codes) expect(known).toContain(code);
    expect(codes).toContain('token-blocked');
    const asked = (await reasons(site)).length;
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThanOrEqual(20);
    expect((await site.privateCalls()).length).toBeLessThanOrEqual(20);
    expect(await tokenEvents(page)).toContain('blocked');
    // The proxy works again: calls succeed when the breaker closes.
    await site.change({ privateFaults: [], login: { does: 'token' } });
    await page.clock.fastForward(HOUR_MS);
    expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  });
}

test('403 for another subject or a missing scope: rejected as forbidden, no other token, no retry', async ({
  members,
  site,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  for (const error of ['subject_mismatch', 'insufficient_scope']) {
    const body = JSON.stringify({ error, message: 'No', serverTime: 0 });
    await site.change({ privateFaults: [{ does: { status: 403, body } }] });
    expect(await inboxOf(page)).toBe('forbidden');
  }
  await site.change({ privateFaults: [] });
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 403', '/v1/inbox/fetch 403', '/v1/inbox/fetch 200']);
  expect(await reasons(site)).toEqual(['identify']);
  expect(await tokenEvents(page)).toEqual(['refreshed', 'subject_mismatch', 'insufficient']);
});

test('a client key that the proxy refuses does not affect the token', async ({ members, site }) => {
  await site.change({ keys: ['another'] });
  const page = await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toBe('private-call-failed');
  expect(await reasons(site)).toEqual(['identify']);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 401']);
  const [error] = await toldTimes(page, 'error');
  expect(error?.code).toBe('invalid-client-key');
});
