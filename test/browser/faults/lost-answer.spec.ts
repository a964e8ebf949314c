/** The connection is cut, or the answer is lost: only what was in flight may come twice, and then by the same id. */
import { expectArrival, expectStats } from '../../support/arrival.ts';
import { trackStored } from '../../support/calls.ts';
import { expect, impatient, test, told } from '../../support/fixtures.ts';
import { numbered } from '../../support/stand-in.ts';

const DELIVERY = { delivery: { maxBatchEvents: 50, flushIntervalMs: 100 } };

for (const [what, does] of [
  ['before the request was read', 'cut'],
  ['after the request was read', 'cut-late'],
] as const) {
  test(`the connection is cut ${what}: all arrive once`, async ({ open, page, site, standIn }) => {
    await open('/shop', DELIVERY);
    await site.faults({ times: 1, does: 'pass' }, { times: 2, does });
    await trackStored(page, numbered(250));
    await expectArrival(standIn, { names: numbered(250), page });
    await expectStats(page, { tracked: 250, delivered: 250 });
    expect(await standIn.names()).toEqual(numbered(250));
  });
}

for (const [what, does] of [
  ['is lost', 'lose-answer'],
  ['breaks off in the middle', 'halve-answer'],
] as const) {
  test(`the answer ${what} after the proxy has accepted: that batch comes twice, all others once`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await open('/shop', DELIVERY);
    await site.faults({ times: 1, does: 'pass' }, { times: 1, does });
    const ids = await trackStored(page, numbered(250));
    await expect.poll(async () => (await standIn.account(numbered(250))).lost).toBe(0);
    const cut = (await site.batches()).find(({ fate }) => fate === does)?.ids ?? [];
    expect(cut).toEqual(ids.slice(50, 100));
    await expectArrival(standIn, { names: numbered(250), twice: cut, page });
    await expectStats(page, { tracked: 250, delivered: 250 });
    expect((await told(page, 'delivered')).flatMap((each) => each.ids ?? [])).toEqual(ids);
  });
}

test('three answers are lost one after the other: the same batch comes four times by the same ids', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await open('/shop', DELIVERY);
  await site.faults({ contains: '"Event 60"', times: 3, does: 'lose-answer' });
  const ids = await trackStored(page, numbered(150));
  await expect.poll(async () => (await standIn.account(numbered(150))).lost).toBe(0);
  await expectStats(page, { tracked: 150, delivered: 150 });
  const cut = (await site.batches()).filter(({ fate }) => fate === 'lose-answer');
  expect(cut.map((batch) => batch.ids)).toEqual([ids.slice(50, 100), ids.slice(50, 100), ids.slice(50, 100)]);
  expect(await standIn.account(numbered(150))).toEqual({ delivered: 150, lost: 0, duplicated: 50 });
  expect(await standIn.times()).toEqual(
    new Map(ids.map((id) => [id, ids.indexOf(id) >= 50 && ids.indexOf(id) < 100 ? 4 : 1])),
  );
});

test('the answer is lost, and the page is loaded anew before the next try: the same ids come again', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ times: 1, does: 'withhold-answer' });
  await open('/shop', DELIVERY);
  const ids = await trackStored(page, numbered(30));
  await expect.poll(async () => (await site.batches()).length).toBe(1);
  await page.reload();
  await expectArrival(standIn, { names: numbered(30), twice: ids, page });
  await expectStats(page, { tracked: 30, delivered: 30 });
});
