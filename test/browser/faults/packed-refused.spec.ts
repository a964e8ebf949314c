/** Something in front of the proxy does not take packed bodies, and says so in words of its own: a firewall, a body parser. */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, type Site, test, told } from '../../support/site/fixtures.ts';
import { webPage } from '../../support/site/fronts.ts';
import type { FixedAnswer } from '../../support/site/proxy-faults.ts';
import { numbered } from '../../support/site/stand-in.ts';

const packed = async (site: Site): Promise<number> =>
  (await site.batches()).filter(({ encoding }) => encoding === 'gzip').length;

const REFUSALS: Readonly<Record<string, FixedAnswer>> = {
  'the body parser of a framework: 400 "Invalid JSON"': { status: 400, body: 'Invalid JSON' },
  'the rule of a firewall: 403 with a web page': webPage(403),
  'a server that says what it means: 415': { status: 415 },
  'an older proxy: 422 with JSON': { status: 422, body: '{"error":"unprocessable"}' },
};

for (const [what, does] of Object.entries(REFUSALS)) {
  test(`${what}: once more in plain, and plain from then on, also on the next page`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ gzip: true, does });
    await open();
    // With this answer the proxy says that it reads gzip, which is true of itself.
    await trackStored(page, ['First']);
    await expectArrival(standIn, { names: ['First'], page });
    await trackStored(page, numbered(32));
    const names = ['First', ...numbered(32)];
    await expectArrival(standIn, { names, page });
    expect(await packed(site)).toBe(1);

    for (const burst of ['Second', 'Third']) {
      names.push(...numbered(20, burst));
      await trackStored(page, numbered(20, burst));
      await expectArrival(standIn, { names, page });
    }
    await expectStats(page, { tracked: 73, delivered: 73 });
    await page.goto(`${site.origin}/next`);
    names.push(...numbered(20, 'Next'));
    await trackStored(page, numbered(20, 'Next'));
    await expectArrival(standIn, { names, page });
    expect(await packed(site)).toBe(1);
    expect(await told(page, 'dropped')).toEqual([]);
    expect(await told(page, 'error')).toEqual([]);
  });
}

test('an event that is refused for what it is, in a packed batch: it alone is dropped, and packed ones are sent as before', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await trackStored(page, ['First']);
  await expectArrival(standIn, { names: ['First'], page });
  await site.faults({ contains: '"Bad"', does: { status: 400 } });
  const ids = await trackStored(page, [...numbered(20), 'Bad', ...numbered(20, 'After')]);
  const names = ['First', ...numbered(20), ...numbered(20, 'After')];
  await expectArrival(standIn, { names, page });
  await expectStats(page, { tracked: 42, delivered: 41, dropped: { rejected: 1 } });
  expect(await told(page, 'dropped')).toMatchObject([{ id: ids[20], reason: 'rejected', status: 400 }]);
  const before = await packed(site);
  await trackStored(page, numbered(20, 'Later'));
  await expectArrival(standIn, { names: [...names, ...numbered(20, 'Later')], page });
  expect(await packed(site)).toBe(before + 1);
});

test('an event that is refused for what it is, behind such a server: it alone is dropped', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ gzip: true, does: webPage(403) }, { contains: '"Bad"', does: { status: 400 } });
  await open();
  await trackStored(page, ['First']);
  await expectArrival(standIn, { names: ['First'], page });
  const ids = await trackStored(page, [...numbered(20), 'Bad', ...numbered(20, 'After')]);
  await expectArrival(standIn, { names: ['First', ...numbered(20), ...numbered(20, 'After')], page });
  await expectStats(page, { tracked: 42, delivered: 41, dropped: { rejected: 1 } });
  expect(await told(page, 'dropped')).toMatchObject([{ id: ids[20], reason: 'rejected', status: 400 }]);
});
