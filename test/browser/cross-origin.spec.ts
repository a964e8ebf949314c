/** The proxy on an origin of its own: preflights, headers and compression. */
import type { Page } from 'playwright';
import { expect, impatient, stats, test, told, toldTimes } from '../support/site/fixtures.ts';
import { numbered } from '../support/site/stand-in.ts';

const trackStored = (page: Page, names: readonly string[]): Promise<unknown> =>
  page.evaluate((all) => Promise.all(all.map((name) => window.analytics.track(name))), names);

const ONCE = (count: number): object => ({ delivered: count, lost: 0, duplicated: 0 });

test('events arrive; the preflight is sent once; no cookie is sent', async ({
  context,
  open,
  site,
  standIn,
}) => {
  await context.addCookies([{ name: 'session', value: 'secret', url: site.apiOrigin }]);
  const preflights: string[] = [];
  const cookies: (string | undefined)[] = [];
  const page = await open('/shop', { proxyUrl: site.apiOrigin });
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.requestWillBeSent', ({ request, type }) => {
    if (type === 'Preflight' || request.method === 'OPTIONS') preflights.push(request.url);
  });
  session.on('Network.requestWillBeSentExtraInfo', ({ headers }) =>
    cookies.push(headers['Cookie'] ?? headers['cookie']),
  );
  for (const name of numbered(4)) {
    await trackStored(page, [name]);
    await page.evaluate(() => window.analytics.flush());
  }
  await expect.poll(() => standIn.account(numbered(4))).toEqual(ONCE(4));
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 4, pending: 0 });
  const batches = await site.batches();
  expect(batches.filter(({ method }) => method === 'POST')).toHaveLength(4);
  expect(batches.filter(({ method }) => method === 'OPTIONS')).toHaveLength(1);
  expect(cookies.filter(Boolean)).toEqual([]);
  expect(batches.map(({ origin }) => origin)).toEqual(batches.map(() => site.origin));
});

test('a tracing script that adds headers to every request blocks no event', async ({
  context,
  open,
  site,
  standIn,
}) => {
  await context.addInitScript(() => {
    const original = window.fetch;
    window.fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('sentry-trace', '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1');
      headers.set('baggage', 'sentry-environment=production');
      headers.set('traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
      return original(input, { ...init, headers });
    };
  });
  const page = await open('/shop', { proxyUrl: site.apiOrigin });
  await trackStored(page, ['Traced']);
  await expect.poll(() => standIn.account(['Traced'])).toEqual(ONCE(1));
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
});

test('a page that is closed at once: all events arrive across origins too, and none is sent again by the next visit', async ({
  context,
  open,
  site,
  standIn,
}) => {
  const page = await open('/shop', { proxyUrl: site.apiOrigin }, await context.newPage());
  await page.evaluate(() => {
    for (let i = 1; i <= 20; i++) void window.analytics.track(`Event ${i}`);
  });
  await page.close({ runBeforeUnload: true });
  await expect.poll(async () => (await standIn.account(numbered(20))).lost).toBe(0);
  const next = await open('/shop', { proxyUrl: site.apiOrigin }, await context.newPage());
  await expect.poll(() => stats(next), { timeout: 20_000 }).toMatchObject({ pending: 0 });
  expect(await standIn.account(numbered(20))).toEqual(ONCE(20));
});

test('Retry-After is read across origins', async ({ open, site, standIn }) => {
  const page = await open('/shop', { proxyUrl: site.apiOrigin });
  await site.faults({ times: 1, does: { status: 503, headers: { 'Retry-After': '2' } } });
  await trackStored(page, ['A']);
  const [retrying] = await toldTimes(page, 'retrying');
  expect(retrying).toMatchObject({ status: 503, delayMs: 2_000 });
  await expect.poll(() => standIn.account(['A'])).toEqual(ONCE(1));
});

test('an origin that the proxy does not allow: events are kept, and the page has no error', async ({
  context,
  site,
  standIn,
}) => {
  await impatient(context);
  const page = await context.newPage();
  await page.addInitScript((proxyUrl) => {
    window.sdkOptions = { proxyUrl };
  }, site.apiOrigin);
  await page.goto(`${site.origin.replace('localhost', '127.0.0.1')}/shop`);
  await trackStored(page, numbered(3));
  await toldTimes(page, 'retrying', 3);
  expect(await stats(page)).toMatchObject({ tracked: 3, delivered: 0, pending: 3 });
  expect(await told(page, 'dropped')).toEqual([]);
  expect(await standIn.names()).toEqual([]);
});

test.describe('gzip', () => {
  for (const [where, proxy] of [
    ['on the same origin', 'e'],
    ['across origins', 'api'],
  ] as const) {
    test(`${where}: from the second request on, and from the first on the next page`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await open('/shop', { proxyUrl: proxy === 'e' ? '/e' : site.apiOrigin });
      for (const name of ['First', 'Second', 'Third']) {
        await trackStored(page, numbered(20, name));
        await expect.poll(() => standIn.account(numbered(20, name))).toEqual(ONCE(20));
        await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
      }
      await page.goto(`${site.origin}/next`);
      await trackStored(page, numbered(20, 'Fourth'));
      await expect.poll(() => standIn.account(numbered(20, 'Fourth'))).toEqual(ONCE(20));
      const batches = (await site.batches()).filter(({ method, ids }) => method === 'POST' && ids.length);
      expect(batches.map(({ encoding }) => encoding)).toEqual([null, 'gzip', 'gzip', 'gzip']);
      expect(batches[1]?.bytes).toBeLessThan((batches[0]?.bytes ?? 0) / 5);
    });
  }

  test('never used if the proxy has not declared that it reads gzip', async ({ open, site, page }) => {
    await site.faults({ does: { status: 200, body: '{}' } });
    await open();
    for (const name of ['First', 'Second', 'Third']) {
      await trackStored(page, numbered(20, name));
      await page.evaluate(() => window.analytics.flush());
    }
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 60, pending: 0 });
    expect((await site.batches()).every(({ encoding }) => encoding === null)).toBe(true);
  });

  test("never used with compression: 'off'", async ({ open, site, page, standIn }) => {
    await open('/shop', { delivery: { compression: 'off' } });
    for (const name of ['First', 'Second']) {
      await trackStored(page, numbered(20, name));
      await page.evaluate(() => window.analytics.flush());
    }
    await expect.poll(() => standIn.account(numbered(20, 'Second'))).toEqual(ONCE(20));
    expect((await site.batches()).every(({ encoding }) => encoding === null)).toBe(true);
  });
});
