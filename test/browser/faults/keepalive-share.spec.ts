/** All keepalive requests of a page share 64 KiB. Another script of the page uses most of it, with a request that hangs. */
import { trackAll } from '../../support/page/calls.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { expectArrival } from '../../support/site/arrival.ts';
import { expect, stats } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { type Shop, test } from './setup.ts';

const HELD_BYTES = 60 * 1024;

/** Sends what another analytics script would send, to a server that does not answer. */
async function holdShare({ page, site }: Shop): Promise<void> {
  await site.change({ privateFaults: [{ does: 'hang' }] });
  await page.evaluate((bytes) => {
    const body = 'x'.repeat(bytes);
    void fetch('/e/v1/held', { method: 'POST', keepalive: true, body }).catch(() => undefined);
  }, HELD_BYTES);
  await expect.poll(async () => (await site.privateCalls()).length).toBe(1);
}

test('on the very first visit: events are delivered at once, without a wait', async ({ shop }) => {
  const { page } = shop;
  await shop.open();
  await holdShare(shop);
  const from = Date.now();
  await trackAll(page, numbered(20), 500);
  await expect.poll(async () => (await stats(page)).delivered, { intervals: [50] }).toBe(20);
  expect(Date.now() - from).toBeLessThan(5_000);
  await shop.track(['Small']);
  await shop.expectAccount({ arrived: [...numbered(20), 'Small'] });
  await shop.expectTold({ blocked: [], retrying: [], error: [], dropped: [] });
});

test('a page that is left meanwhile: all arrive once, with the next page at the latest', async ({ shop }) => {
  const { page, standIn } = shop;
  await shop.open();
  await holdShare(shop);
  await trackAndLeave(page, numbered(40), '/next');
  await expectArrival(standIn, { names: numbered(40), page });
});
