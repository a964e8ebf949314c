/** The connection is cut, or the answer is lost: only what was in flight is sent again, by the same ids, and none comes twice. */
import { expectArrival, expectStats, timesTaken } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, impatient, test, told } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';

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
  test(`the answer ${what} after the proxy has accepted: that batch is sent twice, all others once, and all arrive once`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await open('/shop', DELIVERY);
    await site.faults({ times: 1, does: 'pass' }, { times: 1, does });
    const ids = await trackStored(page, numbered(250));
    await expectArrival(standIn, { names: numbered(250), page });
    await expectStats(page, { tracked: 250, delivered: 250 });
    const cut = (await site.batches()).find(({ fate }) => fate === does)?.ids ?? [];
    expect(cut).toEqual(ids.slice(50, 100));
    expect(await timesTaken(site, ids)).toEqual(ids.map((id) => (cut.includes(id) ? 2 : 1)));
    expect((await told(page, 'delivered')).flatMap((each) => each.ids ?? [])).toEqual(ids);
  });
}

test('three answers are lost one after the other: the same batch is sent four times by the same ids, and arrives once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await open('/shop', DELIVERY);
  await site.faults({ contains: '"Event 60"', times: 3, does: 'lose-answer' });
  const ids = await trackStored(page, numbered(150));
  await expectArrival(standIn, { names: numbered(150), page });
  await expectStats(page, { tracked: 150, delivered: 150 });
  const cut = (await site.batches()).filter(({ fate }) => fate === 'lose-answer');
  const batch = ids.slice(50, 100);
  expect(cut.map((each) => each.ids)).toEqual([batch, batch, batch]);
  expect(await timesTaken(site, ids)).toEqual(ids.map((id) => (batch.includes(id) ? 4 : 1)));
});

test('the answer is lost, and the page is loaded anew before the next try: the same ids are sent again, and arrive once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  test.slow(); // the page cannot know that no answer will come
  await site.faults({ times: 1, does: 'withhold-answer' });
  await open('/shop', DELIVERY);
  const ids = await trackStored(page, numbered(30));
  await expect.poll(async () => (await site.batches()).length).toBe(1);
  await page.reload();
  await expectArrival(standIn, { names: numbered(30), page });
  await expectStats(page, { tracked: 30, delivered: 30 });
  const times = await timesTaken(site, ids);
  expect(Math.min(...times)).toBe(Math.max(...times));
  // By the page, by its last request where the browser has told it of the loss before, and by the next page.
  expect(times[0]).toBeGreaterThanOrEqual(2);
  expect(times[0]).toBeLessThanOrEqual(3);
});
