/** Consent and customer tokens under an unmodified SDK of Customer.io. */
import { once } from '../../support/site/arrival.ts';
import { numbered } from '../../support/site/stand-in.ts';
import type { OfficialPage } from '../../support/official/official-page.ts';
import { expect, pluginStats, test, told, track } from '../../support/official/official-site.ts';
import type { Page } from 'playwright';

/** What the plugin has stored: keys of localStorage, and databases. */
const stored = (page: Page): Promise<readonly string[]> =>
  page.evaluate(async () => [
    ...Object.keys(localStorage).filter((key) => key.startsWith('cio-first-party')),
    ...(await indexedDB.databases()).map(({ name }) => String(name)),
  ]);

const decide = (page: Page, how: 'deny' | 'grant', categories?: readonly string[]): Promise<void> =>
  page.evaluate(
    ([name, given]) => (window as unknown as OfficialPage).delivery?.consent[name](given ?? undefined),
    [how, categories] as const,
  );

test('pending: events wait in memory, nothing is stored or requested; granted: they arrive with their time and person', async ({
  official,
  page,
  site,
  standIn,
}) => {
  await official.open({ way: 'load', options: { consent: 'pending' } });
  const before = Date.now();
  await track(page, ['Held']);
  await page.evaluate(() =>
    (window as unknown as OfficialPage).official.identify('u1').then(() => undefined),
  );
  await page.waitForTimeout(1_500);
  expect(await pluginStats(page)).toMatchObject({ tracked: 2, pending: 2 });
  expect(await stored(page)).toEqual([]);
  expect(await site.batches()).toEqual([]);
  expect((await site.hits()).filter((hit) => hit.includes('cio-'))).toEqual([]);
  const waited = Date.now();
  await decide(page, 'grant', ['analytics']);
  await expect.poll(() => standIn.names()).toEqual(['Held', 'identify', 'Consent Updated']);
  const [held] = await standIn.events();
  expect(held).not.toHaveProperty('userId');
  expect(Date.parse(String(held?.['timestamp' as never]))).toBeGreaterThanOrEqual(before);
  expect(Date.parse(String(held?.['timestamp' as never]))).toBeLessThan(waited);
  expect(held?.context['consent']).toEqual({ categoryPreferences: { analytics: true } });
});

test('denied: waiting and later events are dropped, and nothing goes anywhere', async ({
  official,
  page,
  site,
}) => {
  await official.open({ way: 'load', options: { consent: 'pending' } });
  await track(page, ['Held']);
  await decide(page, 'deny');
  await track(page, ['Later']);
  expect(await told(page, 'dropped')).toMatchObject([{ reason: 'consent' }, { reason: 'consent' }]);
  expect(await pluginStats(page)).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 2 } });
  await page.waitForTimeout(1_500);
  expect(await site.batches()).toEqual([]);
  expect(official.direct).toEqual([]);
  await expect.poll(() => stored(page)).toEqual([]);
});

test('withdrawn: stored events, and the ids of the visitor, are deleted in all tabs', async ({
  context,
  official,
  page,
  site,
}) => {
  await site.faults({ does: 'cut' });
  await official.open({ way: 'load' });
  const other = await official.open({ way: 'load' }, '/next', await context.newPage());
  await page.evaluate(() =>
    (window as unknown as OfficialPage).official.identify('u1').then(() => undefined),
  );
  await track(page, numbered(5));
  await decide(page, 'deny');
  await expect
    .poll(() => pluginStats(page))
    .toMatchObject({ tracked: 6, pending: 0, dropped: { consent: 6 } });
  await expect.poll(() => stored(page)).toEqual([]);
  await expect
    .poll(() => other.evaluate(() => (window as unknown as OfficialPage).delivery?.consent.state))
    .toBe('denied');
  expect(await page.evaluate(() => document.cookie)).not.toContain('ajs_user_id=u1');
  expect(await page.evaluate(() => localStorage.getItem('ajs_user_id'))).toBeNull();
});

test('what an earlier visit has stored is deleted when consent is denied', async ({
  official,
  page,
  site,
}) => {
  await site.faults({ does: 'cut' });
  await official.open({ way: 'load' });
  await track(page, numbered(5));
  await official.open({ way: 'load', options: { consent: 'denied' } }, '/next');
  await expect.poll(() => stored(page)).toEqual([]);
  await site.faults();
  await page.waitForTimeout(1_500);
  expect((await site.batches()).filter(({ fate }) => fate === 200)).toEqual([]);
});

test('customer tokens: the events of a person go with a token of that person, and reset ends it', async ({
  official,
  page,
  site,
  standIn,
}) => {
  await site.change({ customers: true });
  await official.open({ way: 'load', options: { delivery: { authorization: 'customer-token' } } });
  await track(page, ['Anonymous']);
  await expect.poll(() => standIn.account(['Anonymous'])).toEqual(once(1));
  await page.evaluate(async () => {
    const { official, delivery } = window as unknown as OfficialPage;
    await official.identify('u1');
    const body = JSON.stringify({ userId: 'u1', reason: 'initial', forceRefresh: false, attempt: 1 });
    const response = await fetch('/login', { method: 'POST', body });
    delivery?.setCustomerToken(((await response.json()) as { token: string }).token);
  });
  await track(page, ['Known']);
  await expect.poll(() => standIn.account(['Known', 'identify'])).toEqual(once(2));
  const authorizations = (await site.batches()).map(
    ({ authorization }) => String(authorization).split(' ')[0],
  );
  expect(authorizations).toEqual(['Basic', 'Bearer']);
  expect(
    await page.evaluate(() => (window as unknown as OfficialPage).delivery?.customerTokenStatus()),
  ).toMatchObject({
    userId: 'u1',
  });
  await page.evaluate(() => (window as unknown as OfficialPage).official.reset().then(() => undefined));
  await expect
    .poll(() => page.evaluate(() => (window as unknown as OfficialPage).delivery?.customerTokenStatus()))
    .toMatchObject({ userId: null });
  await track(page, ['Gone']);
  await expect.poll(() => standIn.account(['Gone'])).toEqual(once(1));
  expect((await site.batches()).at(-1)?.authorization).toMatch(/^Basic /);
});

test('a provider is asked for each person, and beforeSend sees each event', async ({
  official,
  page,
  site,
  standIn,
}) => {
  await site.change({ customers: true });
  await page.addInitScript(() => {
    (window as unknown as OfficialPage).officialFunctions = {
      customerToken: async (request) => {
        const response = await fetch('/login', { method: 'POST', body: JSON.stringify(request) });
        return ((await response.json()) as { token: string }).token;
      },
      beforeSend: (event) => (event.event === 'Secret' ? null : Object.assign(event, { seen: true })),
    };
  });
  await official.open({ way: 'load', options: { delivery: { authorization: 'customer-token' } } });
  await page.evaluate(async () => {
    const { official } = window as unknown as OfficialPage;
    await official.identify('u1');
    await official.track('Secret');
  });
  await expect.poll(() => standIn.names()).toEqual(['identify']);
  expect((await standIn.events())[0]).toMatchObject({ userId: 'u1', seen: true });
  expect(await told(page, 'dropped')).toMatchObject([{ reason: 'before-send' }]);
  await page.evaluate(async () => {
    const { official } = window as unknown as OfficialPage;
    await official.reset();
    await official.identify('u2');
  });
  await expect.poll(() => standIn.names()).toEqual(['identify', 'identify']);
  expect((await site.logins()).map(({ userId }) => userId)).toEqual(['u1', 'u2']);
  const schemes = (await site.batches()).map(({ authorization }) => String(authorization).split(' ')[0]);
  expect(schemes).toEqual(['Bearer', 'Bearer']);
});
