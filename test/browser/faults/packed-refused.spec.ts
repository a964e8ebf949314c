/** A server in front of the proxy does not take packed bodies, and refuses them in its own way: a firewall, a body parser. */
import { expect } from '../../support/site/fixtures.ts';
import { webPage } from '../../support/site/fronts.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { packedCount, test } from './setup.ts';

for (const { what, does } of [
  { what: 'a body parser: 400 "Invalid JSON"', does: { status: 400, body: 'Invalid JSON' } },
  { what: 'a firewall: 403 with a web page', does: webPage(403) },
  { what: 'a server that knows the right status: 415', does: { status: 415 } },
  { what: 'an older proxy: 422 with JSON', does: { status: 422, body: '{"error":"unprocessable"}' } },
]) {
  test(`${what}: sent again plain, and plain from then on, also on the next page`, async ({ shop }) => {
    const { site } = shop;
    await site.faults({ gzip: true, does });
    await shop.open();
    // With this answer the proxy says that it reads gzip, which is true of itself.
    await shop.trackDelivered(['First']);
    await shop.trackDelivered(numbered(32));
    expect(await packedCount(site)).toBe(1);

    await shop.trackBursts('Second', 'Third');
    await shop.goTo('/next');
    await shop.track(numbered(20, 'Next'));
    await shop.expectAccount({ delivered: 20 });
    expect(await packedCount(site)).toBe(1);
    await shop.expectTold({ dropped: [], error: [] });
  });
}

test.describe('the proxy refuses one event of a packed batch with 400', () => {
  const bad = { contains: '"Bad"', does: { status: 400 } };

  for (const { what, faults, packsLater } of [
    { what: 'it alone is dropped, and packed batches are sent as before', faults: [bad], packsLater: true },
    {
      what: 'behind a server that refuses packed bodies: it alone is dropped',
      faults: [{ gzip: true, does: webPage(403) }, bad],
      packsLater: false,
    },
  ]) {
    test(what, async ({ shop }) => {
      const { site } = shop;
      await site.faults(...faults);
      await shop.open();
      await shop.trackDelivered(['First']);
      const ids = await shop.track([...numbered(20), 'Bad', ...numbered(20, 'After')]);
      const dropped = { rejected: ['Bad'] };
      await shop.expectAccount({ dropped });
      await shop.expectTold({ dropped: [{ id: ids[20], reason: 'rejected', status: 400 }] });
      const before = await packedCount(site);
      await shop.track(numbered(20, 'Later'));
      await shop.expectAccount({ dropped });
      expect(await packedCount(site)).toBe(packsLater ? before + 1 : before);
    });
  }
});
