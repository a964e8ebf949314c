/** The proxy takes less than we send: 413 to a large body, 415 to a packed one. */
import { expect } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { packedCount, test } from './setup.ts';

test.describe('413', () => {
  test('to large batches: the SDK halves them until they fit, and remembers the size', async ({ shop }) => {
    const { site } = shop;
    await site.change({ maxBodyBytes: 20_000 });
    await shop.open();
    await shop.track(numbered(100));
    await shop.expectAccount({ inOrder: true });
    const refused = async (): Promise<number> =>
      (await site.batches()).filter(({ fate }) => fate === 413).length;
    const before = await refused();
    expect(before).toBeGreaterThanOrEqual(1);
    expect(before).toBeLessThanOrEqual(3);

    await shop.trackDelivered(numbered(300, 'More'));
    expect(await refused()).toBe(before);
    await shop.expectTold({ dropped: [] });
  });

  test('to one event alone: it is dropped as too large, and the others arrive', async ({ shop }) => {
    await shop.site.faults({ contains: '"Large"', does: { status: 413 } });
    await shop.open();
    const ids = await shop.track([...numbered(6), 'Large', ...numbered(6, 'After')]);
    await shop.expectAccount({ dropped: { 'too-large': ['Large'] } });
    await shop.expectTold({ dropped: [{ id: ids[6], reason: 'too-large', status: 413 }] });
  });
});

test.describe('415 to gzip, from a moment on', () => {
  test.beforeEach(async ({ shop }) => {
    await shop.open();
    await shop.trackBursts('Plain');
    await shop.site.faults({ gzip: true, does: { status: 415 } });
  });

  test('the batch is sent again plain, and plain from then on', async ({ shop }) => {
    await shop.trackBursts('Packed', 'Second', 'Third');
    expect(await packedCount(shop.site)).toBe(1);
    await shop.expectTold({ dropped: [] });
  });

  test('plain from the next page, too', async ({ shop }) => {
    await shop.trackBursts('Packed');
    await shop.goTo('/next');
    await shop.track(numbered(20, 'Next'));
    await shop.expectAccount({ delivered: 20 });
    expect(await packedCount(shop.site)).toBe(1);
  });
});
