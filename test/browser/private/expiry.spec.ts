/** Tokens that expire while a page is open, and while the machine sleeps. */
import type { Page } from 'playwright';
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
import { startRealTabs } from '../../support/browser/real-tabs.ts';
import { setVisibility } from '../../support/browser/tabs.ts';

const MINUTE_MS = 60_000;
/** Longer than every test; `expiresIn` tells the page another lifetime. */
const TTL_SECONDS = 86_400;

/** Sets the remaining lifetime that the provider reports for every token. */
const lastFor = (page: Page, seconds: number): Promise<unknown> =>
  page.addInitScript((expiresIn) => {
    window.expiresIn = expiresIn;
  }, seconds);

test('expires while the page is open: the next call waits for a new token, and no call uses the old one', async ({
  members,
  site,
}) => {
  // The lifetime is 3 s, and the last tenth of it is not used.
  await site.change({ login: { ttlSeconds: 3 } });
  const page = await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  await expect
    .poll(async () => {
      expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
      return (await site.logins()).length;
    })
    .toBe(3);
  expect(new Set(await fates(site))).toEqual(
    new Set(['/v1/inbox/fetch 200', '/v1/customers/attributes 200']),
  );
  const asked = await reasons(site);
  for (const reason of asked.slice(1)) expect(['due', 'expired']).toContain(reason);
});

test('an inbox with a listener for an hour: read every ten minutes, with a new token each quarter of an hour', async ({
  members,
  page,
  site,
}) => {
  await site.change({ login: { ttlSeconds: TTL_SECONDS } });
  await lastFor(page, 900);
  await page.clock.install();
  await members();
  await signIn(page, 'ann');
  await page.evaluate(() => window.listen());
  await expect.poll(async () => (await inboxesOf(page)).length).toBe(1);
  for (let minute = 1; minute <= 60; minute++) {
    const before = (await site.privateCalls()).length;
    const logins = (await site.logins()).length;
    await page.clock.fastForward(MINUTE_MS);
    if (minute % 10 === 0) await expect.poll(async () => (await site.privateCalls()).length).toBe(before + 1);
    await expect.poll(() => page.evaluate(() => window.asking)).toBe(0);
    expect(await page.evaluate(() => window.analytics.customerTokenStatus().state)).toBe('usable');
    expect((await site.logins()).length - logins).toBeLessThanOrEqual(1);
  }
  await expect.poll(async () => (await inboxesOf(page)).length).toBe(7);
  const asked = await reasons(site);
  expect(asked[0]).toBe('identify');
  expect(asked.slice(1).every((reason) => reason === 'due')).toBe(true);
  // Each token is renewed after 12 or 13 minutes.
  expect(asked).toHaveLength(5);
  expect(await fates(site)).toEqual(Array<string>(7).fill('/v1/inbox/fetch 200'));
});

test('without listeners and calls, no token is requested any more after half an hour', async ({
  members,
  page,
  site,
}) => {
  await site.change({ login: { ttlSeconds: TTL_SECONDS } });
  await lastFor(page, 900);
  await page.clock.install();
  await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  for (let minute = 1; minute <= 120; minute++) {
    await page.clock.fastForward(MINUTE_MS);
    await expect.poll(() => page.evaluate(() => window.asking)).toBe(0);
  }
  expect(await reasons(site)).toEqual(['identify', 'due', 'due']);
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await reasons(site)).toEqual(['identify', 'due', 'due', 'expired']);
});

test('a hidden page renews no token and reads no inbox; shown again, it does', async ({
  members,
  page,
  site,
}) => {
  await site.change({ login: { ttlSeconds: TTL_SECONDS } });
  await lastFor(page, 900);
  await page.clock.install();
  await members();
  await signIn(page, 'ann');
  await page.evaluate(() => window.listen());
  await expect.poll(async () => (await inboxesOf(page)).length).toBe(1);
  await setVisibility(page, 'hidden');
  for (let minute = 1; minute <= 60; minute++) await page.clock.fastForward(MINUTE_MS);
  expect(await reasons(site)).toEqual(['identify']);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200']);
  await setVisibility(page, 'visible');
  await expect.poll(async () => (await inboxesOf(page)).length).toBe(2);
  expect(await reasons(site)).toEqual(['identify', 'expired']);
  expect(await fates(site)).toEqual(Array<string>(2).fill('/v1/inbox/fetch 200'));
  expect(await tokenEvents(page)).toContain('expired');
});

test('expires while the machine sleeps: a jump of a day, one new token, no call with the old one', async ({
  members,
  page,
  site,
}) => {
  await site.change({ login: { ttlSeconds: 2 * TTL_SECONDS } });
  await lastFor(page, 900);
  await page.clock.install();
  await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  await page.clock.fastForward(86_400_000);
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect(await reasons(site)).toEqual(['identify', 'expired']);
  const [before, after] = await site.privateCalls();
  expect(after?.authorization).not.toBe(before?.authorization);
  expect(await fates(site)).toEqual(Array<string>(2).fill('/v1/inbox/fetch 200'));
});

test('expires while the browser has frozen the tab: shown again, it works with a new token', async ({
  site,
}) => {
  await site.change({ login: { ttlSeconds: 2 } });
  const tabs = await startRealTabs();
  try {
    const tab = await tabs.open(`${site.origin}/members`);
    await expect.poll(() => tab.evaluate('typeof window.analytics')).toBe('object');
    const inbox = 'window.outcome(window.analytics.inbox.messages().then((all) => all.map(({ id }) => id)))';
    await tab.evaluate("window.analytics.identify('ann')");
    expect(await tab.evaluate(inbox)).toEqual({ value: ['ann-1', 'ann-2'] });
    await tab.freeze();
    const asked = (await site.logins()).length;
    const frozenAt = Date.now();
    await expect.poll(() => Date.now() - frozenAt, { timeout: 10_000 }).toBeGreaterThan(2_500);
    expect((await site.logins()).length).toBe(asked);
    await tab.show();
    expect(await tab.evaluate(inbox)).toEqual({ value: ['ann-1', 'ann-2'] });
    expect((await site.logins()).length).toBe(asked + 1);
    expect(await fates(site)).toEqual(Array<string>(2).fill('/v1/inbox/fetch 200'));
  } finally {
    await tabs.close();
  }
});
