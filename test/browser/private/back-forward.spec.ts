/** Pages that are restored from the back/forward cache after another person has used the browser. */
import type { Page } from 'playwright';
import { findChromium } from '../../support/setup/chromium.ts';
import { attributesOf, expect, fates, inboxesOf, inboxOf, signIn, test } from '../../support/site/members.ts';

const executablePath = findChromium();
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    // Playwright disables the back/forward cache, which all visitors have.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

declare global {
  interface Window {
    /** The messages of the last `onChange` call before the page's own `pageshow` listener ran. */
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

test('signed out meanwhile: the restored page has no message and no call of the previous person', async ({
  members,
  page,
  site,
}) => {
  await members();
  await leaveWithMessages(page);
  await page.goto(`${site.origin}/members?next`);
  await page.evaluate(() => window.analytics.anonymize());
  await page.goBack({ waitUntil: 'commit' });
  // The SDK reports the change before the page's own listeners run.
  expect(await page.evaluate(() => window.onReturn)).toEqual([]);
  expect(await inboxesOf(page)).toEqual([['ann-1', 'ann-2'], []]);
  expect(await inboxOf(page)).toBe('anonymous');
  expect(await attributesOf(page)).toEqual({ code: 'anonymous' });
  expect(await fates(site)).toEqual(['/v1/inbox/fetch 200']);
});

test('another person has signed in meanwhile: the restored page has only their messages', async ({
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

test('the same person returns within a minute: nothing is requested again, and calls work', async ({
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
