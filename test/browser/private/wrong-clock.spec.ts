/** Visitors whose clock is wrong by a day. */
import { DAY_MS, setClock, wrongClock } from '../../support/page/page-clock.ts';
import {
  attributesOf,
  expect,
  fates,
  inboxOf,
  reasons,
  signIn,
  test,
  tokenEvents,
} from '../../support/site/members.ts';

test('a day behind: one token, and calls work', async ({ members, page, site }) => {
  await wrongClock(page, -DAY_MS);
  await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect(await reasons(site)).toEqual(['identify']);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/customers/attributes 200']);
});

test('a day ahead, and the login says how long the token lasts: one token, and calls work', async ({
  members,
  page,
  site,
}) => {
  await wrongClock(page, DAY_MS);
  await page.addInitScript(() => {
    window.expiresIn = 900;
  });
  await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect(await reasons(site)).toEqual(['identify']);
  expect(await tokenEvents(page)).toEqual(['refreshed']);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/customers/attributes 200']);
});

test('a day ahead, and the token looks expired: one more is requested, then the proxy decides', async ({
  members,
  page,
  site,
}) => {
  await wrongClock(page, DAY_MS);
  await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect((await site.logins()).map(({ forceRefresh }) => forceRefresh)).toEqual([true, true]);
  expect(await tokenEvents(page)).toEqual(['clock_suspect', 'refreshed']);
  // The response of the proxy has the server time, so later tokens do not look expired.
  await signIn(page, 'bob');
  expect(await inboxOf(page)).toEqual(['bob-1']);
  expect(await site.logins()).toHaveLength(3);
  expect(await fates(site)).toEqual([
    '/v1/inbox/fetch 200',
    '/v1/customers/attributes 200',
    '/v1/inbox/fetch 200',
  ]);
});

for (const [name, offsetMs] of [
  ['forward', DAY_MS],
  ['back', -DAY_MS],
] as const) {
  test(`set ${name} by a day under an open page: at most one more token, and calls work`, async ({
    members,
    page,
    site,
  }) => {
    await wrongClock(page);
    await members();
    await signIn(page, 'ann');
    expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
    await setClock(page, offsetMs);
    for (let i = 0; i < 5; i++) expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
    // A clock that is set forward looks like sleep, so the token may have expired; the new token looks
    // expired, too.
    expect((await site.logins()).length).toBe(name === 'back' ? 1 : 3);
    expect(new Set((await fates(site)).map((fate) => fate.split(' ')[1]))).toEqual(new Set(['200']));
  });
}
