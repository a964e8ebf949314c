/** One event that some server cannot take: the others arrive, it is dropped with a reason, and nothing stalls behind it. */
import { repeats } from '../../support/site/arrival.ts';
import { expect, impatient } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { NETWORKS, test } from './setup.ts';

const others = numbered(49);
const mixed = [...others.slice(0, 20), 'Poison', ...others.slice(20)];

test('400 to four events of 200: each is dropped by its id, the others arrive once', async ({ shop }) => {
  await shop.site.faults({ contains: '"Bad', does: { status: 400 } });
  await shop.open();
  const names = numbered(200).map((name, i) => (i % 50 === 30 ? `Bad ${i}` : name));
  const ids = await shop.track(names);
  const rejected = [30, 80, 130, 180];
  const dropped = { rejected: rejected.map((i) => `Bad ${i}`) };
  await shop.expectAccount({ dropped, inOrder: true });
  await shop.expectTold({
    dropped: rejected.map((i) => ({ id: ids[i], reason: 'rejected', status: 400 })),
  });
  // Halving: two requests a step, seven steps for a batch of a hundred, for each of the four; not one request an event.
  expect((await shop.site.batches()).length).toBeLessThanOrEqual(80);

  await shop.track(['After']);
  await shop.expectAccount({ dropped });
});

for (const { how, fault } of [
  { how: 'answers 500', fault: { contains: '"Poison"', does: { status: 500 } } },
  { how: 'hangs up', fault: { contains: '"Poison"', does: 'cut-late' } },
] as const) {
  test(`the proxy always ${how} on it: after a bounded number of tries it is dropped`, async ({ shop }) => {
    await impatient(shop.page);
    await shop.site.faults(fault);
    await shop.open();
    const ids = await shop.track(mixed);
    const poisonId = ids[20] ?? '';
    await shop.expectAccount({ dropped: { rejected: ['Poison'] }, inOrder: true });
    await shop.expectTold({ dropped: [{ id: poisonId, reason: 'rejected' }] });
    const tries = (await shop.site.batches()).filter((batch) => batch.ids.includes(poisonId));
    // Three until it is suspected, six halvings, three alone; Chromium repeats some that were cut.
    expect(tries.length).toBeLessThanOrEqual(24);

    await shop.track(['After']);
    await shop.expectAccount({ dropped: { rejected: ['Poison'] } });
  });
}

test('the proxy hangs up on it, and the page is loaded anew: dropped in the end', async ({ shop }) => {
  const { page, site, standIn } = shop;
  await impatient(page);
  await site.faults({ contains: '"Poison"', does: 'cut-late' });
  await shop.open();
  await shop.track(mixed);
  await page.reload();
  await page.reload();
  await expect.poll(async () => (await standIn.account(others)).lost).toBe(0);
  await expect.poll(() => shop.told('dropped')).toMatchObject([{ reason: 'rejected' }]);
  expect((await standIn.account(['Poison'])).delivered).toBe(0);
  expect(await repeats(standIn)).toEqual(new Map());
});

test('Customer.io answers 500 on it, and the proxy 503: nothing is dropped', async ({ shop }) => {
  await shop.page.clock.install();
  await shop.standIn.faults({ poison: 'Poison' });
  await shop.open();
  await shop.track(['Poison', 'A']);
  const [retrying] = await shop.untilTold('retrying');
  expect(retrying?.status).toBe(503);
  await shop.expectAccount({ pending: 2 });
  await shop.standIn.faults({ poison: null });
  await shop.passTime(20_000);
  await shop.expectAccount();
});

test.describe('an outage is never mistaken for poison', () => {
  for (const { what, fault } of [
    { what: '500 to everything', fault: { does: { status: 500 } } },
    { what: 'a connection that is always cut', fault: { does: 'cut' } },
    { what: 'a connection that is always cut after the request was read', fault: { does: 'cut-late' } },
  ] as const) {
    test(`${what} drops nothing`, async ({ shop }) => {
      await impatient(shop.page);
      await shop.open();
      await shop.trackDelivered(['Before']);
      await shop.site.faults(fault);
      await shop.track(numbered(10));
      await expect.poll(async () => (await shop.site.batches()).length).toBeGreaterThanOrEqual(7);
      await shop.expectAccount({ pending: 10 });
      await shop.expectRecovery();
      await shop.expectTold({ dropped: [] });
    });
  }

  for (const { onLine, lose, restore, recoversWithinMs } of NETWORKS) {
    test(`being offline for a day drops nothing, with \`navigator.onLine\` ${onLine}`, async ({ shop }) => {
      await shop.page.clock.install();
      await shop.open();
      await shop.trackDelivered(['Before']);
      await lose(shop.page);
      await shop.track(mixed);
      for (let minutes = 0; minutes < 24 * 60; minutes += 20) await shop.passTime(1_200_000);
      await shop.expectAccount({ pending: 50 });
      await shop.expectTold({ dropped: [] });
      await restore(shop.page);
      await shop.expectAccount({ fastForwardMs: recoversWithinMs });
    });
  }
});
