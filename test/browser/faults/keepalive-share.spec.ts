/** All keepalive requests of a page share 64 KiB. Another script holds them, with a request that hangs. */
import type { Page } from 'playwright';
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { expect, type Site, stats, test, told } from '../../support/site/fixtures.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';

const HELD_BYTES = 60 * 1024;

/** As a script for analytics, whose server does not answer. */
async function holdShare(page: Page, site: Site): Promise<void> {
  await site.change({ privateFaults: [{ does: 'hang' }] });
  await page.evaluate((bytes) => {
    const body = 'x'.repeat(bytes);
    void fetch('/e/v1/held', { method: 'POST', keepalive: true, body }).catch(() => undefined);
  }, HELD_BYTES);
  await expect.poll(async () => (await site.privateCalls()).length).toBe(1);
}

test('on the very first visit: events are delivered at once, without `blocked` and without a wait', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await holdShare(page, site);
  const from = Date.now();
  await trackAll(page, numbered(20), 500);
  await expect.poll(async () => (await stats(page)).delivered, { intervals: [50] }).toBe(20);
  expect(Date.now() - from).toBeLessThan(5_000);
  await trackStored(page, ['Small']);
  await expectArrival(standIn, { names: [...numbered(20), 'Small'], page });
  await expectStats(page, { tracked: 21, delivered: 21 });
  for (const name of ['blocked', 'retrying', 'error', 'dropped']) expect(await told(page, name)).toEqual([]);
});

test('a page that is left meanwhile: all arrive once, with the next page at the latest', async ({
  page,
  site,
  standIn,
}) => {
  test.setTimeout(60_000);
  await page.goto(`${site.origin}/shop`);
  await holdShare(page, site);
  await trackAndLeave(page, numbered(40), '/next');
  await expectArrival(standIn, { names: numbered(40), page });
});
