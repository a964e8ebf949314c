/** Pages that come back from the back/forward cache, after somebody else has had the browser. */
import type { Page } from 'playwright';
import { findChromium } from '../../support/setup/chromium.ts';
import { attributesOf, expect, fates, inboxesOf, inboxOf, signIn, test } from '../../support/site/members.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    // Playwright switches it off; every visitor has it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

declare global {
  interface Window {
    /** What `onChange` had told last when the page was shown again. */
    onReturn?: string[] | undefined;
  }
}

async function leaveWithMessages(page: Page): Promise<void> {
  await signIn(page, 'ann');
  await page.evaluate(() => {
    window.addEventListener('pageshow', ({ persisted }) => {
      if (persisted) window.onReturn = window.inboxes.at(-1);
    });
    window.listen();
  });
  await expect.poll(() => inboxesOf(page)).toEqual([['ann-1', 'ann-2']]);
}

test('signed out meanwhile: on return there is no message of the previous person, nor a call of theirs', async ({
  members,
  page,
  site,
}) => {
  await members();
  await leaveWithMessages(page);
  await page.goto(`${site.origin}/members?next`);
  await page.evaluate(() => window.analytics.anonymize());
  await page.goBack({ waitUntil: 'commit' });
  // Told before the page's own listeners to its return.
  expect(await page.evaluate(() => window.onReturn)).toEqual([]);
  expect(await inboxesOf(page)).toEqual([['ann-1', 'ann-2'], []]);
  expect(await inboxOf(page)).toBe('anonymous');
  expect(await attributesOf(page)).toEqual({ code: 'anonymous' });
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200']);
});

test('somebody else has signed in meanwhile: on return there are their messages alone', async ({
  members,
  page,
  site,
}) => {
  await members();
  await leaveWithMessages(page);
  await page.goto(`${site.origin}/members?next`);
  await signIn(page, 'bob');
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => window.onReturn)).toEqual([]);
  await expect.poll(() => inboxesOf(page)).toEqual([['ann-1', 'ann-2'], [], ['bob-1']]);
  expect((await site.logins()).at(-1)).toMatchObject({ userId: 'bob', reason: 'identify' });
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/inbox/fetch 200']);
});

test('the same person comes back within a minute: nothing is asked again, and calls work', async ({
  members,
  page,
  site,
}) => {
  await members();
  await leaveWithMessages(page);
  await page.goto(`${site.origin}/blank`);
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => window.onReturn)).toEqual(['ann-1', 'ann-2']);
  expect(await attributesOf(page)).toEqual({ value: { plan: 'pro' } });
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200', '/v1/customers/attributes 200']);
  expect(await site.logins()).toHaveLength(1);
});
