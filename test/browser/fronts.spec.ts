/**
 * Gateways in front of a whole site, pages and proxy alike, that require a cookie or a password with every
 * request.
 */
import { trackStored } from '../support/page/calls.ts';
import { expect, impatient, stats, test, told, toldTimes } from '../support/site/fixtures.ts';
import { GATE_COOKIE, GATE_PASSWORD } from '../support/site/gateway.ts';
import { trackAndLeave } from '../support/page/leaving.ts';

const ONCE = (count: number): object => ({ delivered: count, lost: 0, duplicated: 0 });

test.describe('a gateway that requires a cookie', () => {
  test.beforeEach(async ({ context, site }) => {
    await context.addCookies([{ ...GATE_COOKIE, url: site.origin }]);
    await site.change({ gateway: 'cookie' });
  });

  test('without the cookie blocks all requests: events wait, and the reason is reported', async ({
    context,
    open,
    standIn,
  }) => {
    await impatient(context);
    const page = await open();
    await trackStored(page, ['Kept']);
    const [error] = await toldTimes(page, 'error');
    expect(error).toMatchObject({ code: 'endpoint-refuses' });
    expect(await stats(page)).toMatchObject({ pending: 1, delivered: 0 });
    expect(await told(page, 'dropped')).toEqual([]);
    expect(await standIn.names()).toEqual([]);
  });

  test("with credentials: 'same-origin' lets requests pass, also the last one", async ({
    open,
    page,
    standIn,
  }) => {
    await open('/shop', { delivery: { credentials: 'same-origin' } });
    await trackStored(page, ['First']);
    await page.evaluate(() => window.analytics.flush());
    await trackAndLeave(page, ['Last'], '/next');
    await expect.poll(() => standIn.account(['First', 'Last'])).toEqual(ONCE(2));
    await expect.poll(() => stats(page)).toMatchObject({ pending: 0 });
  });

  test("with credentials: 'include' lets requests to another origin pass, and the page reads the responses", async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await open('/shop', { proxyUrl: site.apiOrigin, delivery: { credentials: 'include' } });
    await trackStored(page, ['First']);
    await page.evaluate(() => window.analytics.flush());
    expect(await stats(page)).toMatchObject({ delivered: 1, pending: 0 });
    await trackAndLeave(page, ['Last'], '/next');
    await expect.poll(() => standIn.account(['First', 'Last'])).toEqual(ONCE(2));
    for (const { headers } of await standIn.requests()) expect(headers).not.toHaveProperty('cookie');
  });
});

test.describe('a password in front of a staging site', () => {
  test.use({ httpCredentials: GATE_PASSWORD });
  test.beforeEach(({ site }) => site.change({ gateway: 'password' }));

  test('uses the header Authorization, so the client key is sent in its own header', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await open('/shop', { delivery: { clientKeyHeader: 'X-CIO-Client-Key', credentials: 'same-origin' } });
    await trackStored(page, ['First']);
    await page.evaluate(() => window.analytics.flush());
    expect(await stats(page)).toMatchObject({ delivered: 1, pending: 0 });
    await trackAndLeave(page, ['Last'], '/next');
    await expect.poll(() => standIn.account(['First', 'Last'])).toEqual(ONCE(2));
    const key = `Basic ${btoa('client-api-key-web:')}`;
    for (const { authorization } of await site.batches()) expect(authorization).not.toBe(key);
  });
});

test('across origins, a client key in its own header is allowed by the preflight', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open('/shop', { proxyUrl: site.apiOrigin, delivery: { clientKeyHeader: 'X-CIO-Client-Key' } });
  await trackStored(page, ['First']);
  await expect.poll(() => standIn.account(['First'])).toEqual(ONCE(1));
  expect((await site.batches()).map(({ authorization }) => authorization)).toEqual([null, null]);
});
