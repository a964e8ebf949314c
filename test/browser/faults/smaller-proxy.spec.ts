/** The proxy takes less than we send: 413 to a large body, 415 to a packed one. */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, type Site, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';

test.describe('413', () => {
  test('from a proxy with a smaller limit than ours: halves until it fits, and remembers what fits', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.change({ maxBodyBytes: 20_000 });
    await open();
    await trackStored(page, numbered(100));
    await expectArrival(standIn, { names: numbered(100), page });
    expect(await standIn.names()).toEqual(numbered(100));
    const refused = async (): Promise<number> =>
      (await site.batches()).filter(({ fate }) => fate === 413).length;
    const before = await refused();
    expect(before).toBeGreaterThanOrEqual(1);
    expect(before).toBeLessThanOrEqual(3);

    const all = [...numbered(100), ...numbered(300, 'More')];
    await trackStored(page, numbered(300, 'More'));
    await expectArrival(standIn, { names: all, page });
    expect(await refused()).toBe(before);
    await expectStats(page, { tracked: 400, delivered: 400 });
    expect(await told(page, 'dropped')).toEqual([]);
  });

  test('to one event alone: it is dropped as too large, and the others arrive', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ contains: '"Large"', does: { status: 413 } });
    await open();
    const others = [...numbered(6), ...numbered(6, 'After')];
    const ids = await trackStored(page, [...numbered(6), 'Large', ...numbered(6, 'After')]);
    await expectArrival(standIn, { names: others, page });
    const [dropped] = await toldTimes(page, 'dropped');
    expect(dropped).toMatchObject({ id: ids[6], reason: 'too-large', status: 413 });
    await expectStats(page, { tracked: 13, delivered: 12, dropped: { 'too-large': 1 } });
  });
});

test.describe('415 to gzip', () => {
  const packed = async (site: Site): Promise<number> =>
    (await site.batches()).filter(({ encoding }) => encoding === 'gzip').length;

  test('sent again plain, and plain from then on', async ({ open, page, site, standIn }) => {
    await open();
    await trackStored(page, numbered(20, 'Plain'));
    await expectArrival(standIn, { names: numbered(20, 'Plain'), page });
    await site.faults({ gzip: true, does: { status: 415 } });
    const names = [...numbered(20, 'Plain')];
    for (const burst of ['Packed', 'Second', 'Third']) {
      names.push(...numbered(20, burst));
      await trackStored(page, numbered(20, burst));
      await expectArrival(standIn, { names, page });
    }
    await expectStats(page, { tracked: 80, delivered: 80 });
    expect(await packed(site)).toBe(1);
    expect(await told(page, 'dropped')).toEqual([]);
  });

  test('plain from the next page, too', async ({ open, page, site, standIn }) => {
    await open();
    await trackStored(page, numbered(20, 'Plain'));
    await expectArrival(standIn, { names: numbered(20, 'Plain'), page });
    await site.faults({ gzip: true, does: { status: 415 } });
    await trackStored(page, numbered(20, 'Packed'));
    const names = [...numbered(20, 'Plain'), ...numbered(20, 'Packed')];
    await expectArrival(standIn, { names, page });
    await page.goto(`${site.origin}/next`);
    await trackStored(page, numbered(20, 'Next'));
    await expectArrival(standIn, { names: [...names, ...numbered(20, 'Next')], page });
    await expectStats(page, { tracked: 20, delivered: 20 });
    expect(await packed(site)).toBe(1);
  });
});
