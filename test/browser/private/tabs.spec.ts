/** One person, or several, in the tabs of one browser. */
import type { Page } from 'playwright';
import {
  attributesOf,
  expect,
  fates,
  inboxesOf,
  inboxOf,
  prepare,
  reasons,
  signIn,
  test,
} from '../../support/site/members.ts';
import { openTabs } from '../../support/browser/tabs.ts';

const userOf = (page: Page): Promise<string | null | undefined> =>
  page.evaluate(() => window.analytics.customerTokenStatus().userId);

test('five tabs have a token each, and a change of the person in one changes it in all', async ({
  context,
  site,
}) => {
  await prepare(context);
  const tabs = await openTabs(context, `${site.origin}/members`, 5);
  const [first, ...others] = tabs as [Page, ...Page[]];
  await signIn(first, 'ann');
  for (const tab of others) await expect.poll(() => userOf(tab)).toBe('ann');
  for (const tab of tabs) expect(await inboxOf(tab)).toEqual(['ann-1', 'ann-2']);
  const tokens = (await site.privateCalls()).map(({ authorization }) => authorization);
  expect(new Set(tokens).size).toBe(5);
  expect((await site.logins()).map(({ userId }) => userId)).toEqual(Array(5).fill('ann'));
  await signIn(first, 'bob');
  for (const tab of others) await expect.poll(() => userOf(tab)).toBe('bob');
  for (const tab of tabs) expect(await inboxOf(tab)).toEqual(['bob-1']);
  expect((await site.logins()).slice(5).map(({ userId }) => userId)).toEqual(Array(5).fill('bob'));
  expect(await fates(site)).toEqual(Array<string>(10).fill('/v1/inbox/fetch 200'));
});

test('two people sign in alternately: no tab restores a previous person', async ({ context, site }) => {
  await prepare(context, {}, null);
  const tabs = await openTabs(context, `${site.origin}/members`, 4);
  for (const [turn, userId] of Array.from({ length: 20 }, (_, i) => [i, i % 2 ? 'bob' : 'ann'] as const)) {
    const tab = tabs[turn % 2];
    if (!tab) break;
    await signIn(tab, userId);
    const known = (): Promise<readonly unknown[]> =>
      Promise.all(tabs.map((each) => each.evaluate(() => window.analytics.user().id())));
    await expect.poll(known, `turn ${turn}`).toEqual(Array.from(tabs, () => userId));
  }
});

test('sign-out in another tab: the messages are removed here, without a reload', async ({
  context,
  site,
}) => {
  await prepare(context);
  const [here, there] = (await openTabs(context, `${site.origin}/members`, 2)) as [Page, Page];
  await signIn(here, 'ann');
  await here.evaluate(() => window.listen());
  await expect.poll(() => inboxesOf(here)).toEqual([['ann-1', 'ann-2']]);
  await expect.poll(() => userOf(there)).toBe('ann');
  await there.evaluate(() => window.analytics.anonymize());
  await expect.poll(async () => (await inboxesOf(here)).at(-1)).toEqual([]);
  expect(await inboxOf(here)).toBe('anonymous');
  await signIn(there, 'bob');
  await expect.poll(async () => (await inboxesOf(here)).at(-1)).toEqual(['bob-1']);
  // Between two writes of the other tab this tab may see one more person, who has no messages.
  const told = (await inboxesOf(here)).filter(({ length }) => length > 0);
  expect(told).toEqual([['ann-1', 'ann-2'], ['bob-1']]);
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/inbox/fetch 200']);
});

test('A, B and A again: nobody sees data of the other, and a late response is ignored', async ({
  members,
  site,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  await page.evaluate(() => window.listen());
  await expect.poll(() => inboxesOf(page)).toEqual([['ann-1', 'ann-2']]);
  // A read is aborted when A signs out. A write is not aborted: its response arrives when A has signed in
  // again.
  await site.change({ privateFaults: [{ times: 2, path: '/fetch', delayMs: 1_500, does: 'pass' }] });
  const late = page.evaluate(() => {
    const { inbox, fetch } = window.analytics;
    const asked = [inbox.messages(), fetch('/v1/inbox/fetch', { method: 'POST' })];
    return Promise.all(asked.map(window.outcome));
  });
  await page.evaluate(() => window.analytics.customer.attributes());
  await signIn(page, 'bob');
  await expect.poll(() => inboxesOf(page)).toEqual([['ann-1', 'ann-2'], [], ['bob-1']]);
  await signIn(page, 'ann');
  expect(await late).toEqual([{ code: 'identity-changed' }, { code: 'identity-changed' }]);
  await expect
    .poll(() => inboxesOf(page))
    .toEqual([['ann-1', 'ann-2'], [], ['bob-1'], [], ['ann-1', 'ann-2']]);
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  expect((await site.logins()).map(({ userId }) => userId)).toEqual(['ann', 'bob', 'ann']);
});

test('sign-out empties the inbox in the same tick, and ends all calls', async ({ members, site }) => {
  await site.change({ login: { delayMs: 300 } });
  const page = await members();
  await signIn(page, 'ann');
  const [outcomes, inbox] = await page.evaluate(async () => {
    const calls = [window.analytics.inbox.messages(), window.analytics.customer.attributes()];
    const told = Promise.all(calls.map(window.outcome));
    window.listen();
    while (window.analytics.customerTokenStatus().state !== 'refreshing')
      await new Promise((resolve) => setTimeout(resolve, 0));
    window.analytics.anonymize();
    return [await told, window.inboxes.at(-1)] as const;
  });
  expect(outcomes).toEqual([{ code: 'identity-changed' }, { code: 'identity-changed' }]);
  expect(inbox).toEqual([]);
  expect(await attributesOf(page)).toEqual({ code: 'anonymous' });
  await expect.poll(() => reasons(site)).toHaveLength(1);
  expect(await fates(site)).toEqual([]);
});

test('another tab has signed in B, and this tab does not know yet: a call for A is not made for B', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members();
  await signIn(page, 'ann');
  expect(await inboxOf(page)).toEqual(['ann-1', 'ann-2']);
  await expect.poll(() => standIn.names()).toEqual(['identify']);
  const outcomes: unknown[] = [];
  for (const [index, userId] of ['bob', 'ann', 'bob'].entries()) {
    outcomes.push(
      await page.evaluate(
        ([id, which]) => {
          // The stored id as a tab finds it that was stopped and continues.
          localStorage.setItem('ajs_user_id', JSON.stringify(id));
          document.cookie = `ajs_user_id=${id}; path=/`;
          const { customer, inbox } = window.analytics;
          const calls = [
            () => customer.subscriptions({ '2': true }),
            () => inbox.delete('ann-1'),
            () => window.analytics.fetch('/v1/customers/attributes', { method: 'POST' }),
          ];
          return window.outcome(calls[which]?.() ?? Promise.resolve());
        },
        [userId, index] as const,
      ),
    );
  }
  expect(outcomes).toEqual(Array.from({ length: 3 }, () => ({ code: 'identity-changed' })));
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200']);
  expect(await standIn.names()).toEqual(['identify']);
});
