/**
 * The site's own cookies: only the last request of a page carries them, so that its response may set one. The
 * proxy does not forward them.
 */
import { trackStored } from '../../support/page/calls.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { setVisibility } from '../../support/browser/tabs.ts';
import { expect, expectOnce, test } from './setup.ts';

test('ordinary requests carry no cookie, the last one carries the site’s own, and Customer.io receives none', async ({
  context,
  page,
  site,
  standIn,
}) => {
  await context.addCookies([{ name: 'session', value: 'secret', url: site.origin }]);
  await page.goto(`${site.origin}/shop`);
  for (const name of numbered(3, 'Ordinary')) {
    await trackStored(page, [name]);
    await page.evaluate(() => window.analytics.flush());
  }
  await trackAndLeave(page, numbered(2, 'Last'), '/next');
  await expectOnce({ site, standIn, page }, [...numbered(3, 'Ordinary'), ...numbered(2, 'Last')]);
  const batches = await site.batches();
  const last = batches.at(-1);
  expect(batches.slice(0, -1).map(({ cookie, ack }) => [cookie, ack])).toEqual(
    batches.slice(0, -1).map(() => [null, null]),
  );
  expect(last?.cookie).toContain('session=secret');
  expect(last?.ack).not.toBeNull();
  for (const { headers } of await standIn.requests()) {
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('x-cio-ack');
  }
});

test('a hidden page sends its possibly last request in the same way, and continues without cookies', async ({
  page,
  context,
  site,
  standIn,
}) => {
  await context.addCookies([{ name: 'session', value: 'secret', url: site.origin }]);
  await page.addInitScript(() => {
    window.sdkOptions = { delivery: { flushIntervalMs: 60_000 } };
  });
  await page.goto(`${site.origin}/shop`);
  await trackStored(page, ['First']);
  await page.evaluate(() => window.analytics.flush());
  await trackStored(page, ['Hidden']);
  await setVisibility(page, 'hidden');
  await expect.poll(standIn.names).toEqual(['First', 'Hidden']);
  await setVisibility(page, 'visible');
  await trackStored(page, ['Shown']);
  await page.evaluate(() => window.analytics.flush());
  await expectOnce({ site, standIn, page }, ['First', 'Hidden', 'Shown']);
  const cookies = (await site.batches()).map(({ cookie }) => cookie?.includes('session=secret') ?? false);
  expect(cookies).toEqual([false, true, false]);
});

test('across origins no request carries a cookie, not even the last one', async ({
  context,
  page,
  site,
  standIn,
}) => {
  const proxyUrl = site.apiOrigin.replace('localhost', '127.0.0.1');
  await context.addCookies([proxyUrl, site.origin].map((url) => ({ name: 'session', value: 'secret', url })));
  await page.addInitScript((given) => {
    window.sdkOptions = { proxyUrl: given };
  }, proxyUrl);
  await page.goto(`${site.origin}/shop`);
  await trackStored(page, ['Ordinary']);
  await page.evaluate(() => window.analytics.flush());
  await trackAndLeave(page, ['Last'], '/next');
  await expectOnce({ site, standIn, page }, ['Ordinary', 'Last']);
  for (const { cookie, ack } of await site.batches()) expect([cookie, ack]).toEqual([null, null]);
});
