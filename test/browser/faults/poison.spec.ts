/** One event that some server cannot take: the others arrive, it is dropped with a reason, and nothing stalls behind it. */
import { expectArrival, expectStats, repeats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, impatient, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { passTime } from '../../support/page/time.ts';

const others = numbered(49);
const mixed = [...others.slice(0, 20), 'Poison', ...others.slice(20)];
/** They were counted in `stats` as dropped for this reason, and in no other way. */
const REJECTED = { tracked: 50, delivered: 49, dropped: { rejected: 1 } };

test('one event in 50 is answered 400: the 196 others arrive once, each bad one is dropped by its id', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.faults({ contains: '"Bad', does: { status: 400 } });
  await open();
  const names = numbered(200).map((name, i) => (i % 50 === 30 ? `Bad ${i}` : name));
  const ids = await trackStored(page, names);
  const good = names.filter((name) => name.startsWith('Event'));
  await expectArrival(standIn, { names: good, page });
  expect(await standIn.names()).toEqual(good);
  await expectStats(page, { tracked: 200, delivered: 196, dropped: { rejected: 4 } });
  expect(await told(page, 'dropped')).toMatchObject(
    [30, 80, 130, 180].map((i) => ({ id: ids[i], reason: 'rejected', status: 400 })),
  );
  // Halving: two requests a step, seven steps for a batch of a hundred, for each of the four; not one request an event.
  expect((await site.batches()).length).toBeLessThanOrEqual(80);

  await trackStored(page, ['After']);
  await expectArrival(standIn, { names: [...good, 'After'], page });
});

for (const [how, does] of [
  ['answers 500', { status: 500 }],
  ['hangs up', 'cut-late'],
] as const) {
  test(`the proxy always ${how} on it: after a bounded number of tries it is dropped`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await impatient(page);
    await site.faults({ contains: '"Poison"', does });
    await open();
    const ids = await trackStored(page, mixed);
    await expectArrival(standIn, { names: others, page });
    expect(await standIn.names()).toEqual(others);
    const [dropped, ...more] = await toldTimes(page, 'dropped');
    expect(dropped).toMatchObject({ id: ids[20], reason: 'rejected' });
    expect(more).toEqual([]);
    await expectStats(page, REJECTED);
    const tries = (await site.batches()).filter((batch) => batch.ids.includes(ids[20] ?? ''));
    // Three until it is suspected, six halvings, three alone; Chromium repeats some that were cut.
    expect(tries.length).toBeLessThanOrEqual(24);

    await trackStored(page, ['After']);
    await expectArrival(standIn, { names: [...others, 'After'], page });
  });
}

test('it makes the proxy hang up while the page is loaded anew again and again: dropped in the end', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await site.faults({ contains: '"Poison"', does: 'cut-late' });
  await open();
  await trackStored(page, mixed);
  await page.reload();
  await page.reload();
  await expect.poll(async () => (await standIn.account(others)).lost).toBe(0);
  await expect.poll(() => told(page, 'dropped')).toMatchObject([{ reason: 'rejected' }]);
  expect((await standIn.account(['Poison'])).delivered).toBe(0);
  expect(await repeats(standIn)).toEqual(new Map());
});

test('Customer.io itself answers 500 on it, and the proxy 503: nothing is dropped, it is kept for later', async ({
  open,
  page,
  standIn,
}) => {
  await page.clock.install();
  const requests = watchRequests(page);
  await standIn.faults({ poison: 'Poison' });
  await open();
  await trackStored(page, ['Poison', 'A']);
  const [retrying] = await toldTimes(page, 'retrying');
  expect(retrying?.status).toBe(503);
  await expectStats(page, { tracked: 2, delivered: 0, pending: 2 });
  await standIn.faults({ poison: null });
  await passTime(page, requests, 20_000);
  await expectArrival(standIn, { names: ['Poison', 'A'], page });
  await expectStats(page, { tracked: 2, delivered: 2 });
});

test.describe('an outage is never mistaken for poison', () => {
  for (const [what, does] of [
    ['500 to everything', { status: 500 }],
    ['a connection that is always cut', 'cut'],
    ['a connection that is always cut after the request was read', 'cut-late'],
  ] as const) {
    test(`${what} drops nothing`, async ({ open, page, site, standIn }) => {
      await impatient(page);
      await open();
      await trackStored(page, ['Before']);
      await expectArrival(standIn, { names: ['Before'], page });
      await site.faults({ does });
      await trackStored(page, numbered(10));
      await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(7);
      await expectStats(page, { tracked: 11, delivered: 1, pending: 10 });
      await site.faults();
      await page.evaluate(() => window.analytics.flush());
      await expectArrival(standIn, { names: ['Before', ...numbered(10)], page });
      await expectStats(page, { tracked: 11, delivered: 11 });
      expect(await told(page, 'dropped')).toEqual([]);
    });
  }

  for (const online of [false, true]) {
    test(`being offline for a day drops nothing, with \`navigator.onLine\` ${online}`, async ({
      context,
      open,
      page,
      standIn,
    }) => {
      await page.clock.install();
      const requests = watchRequests(page);
      await open();
      await trackStored(page, ['Before']);
      await expectArrival(standIn, { names: ['Before'], page });
      if (online) await page.route('**/v1/batch', (route) => route.abort('connectionfailed'));
      else await context.setOffline(true);
      await trackStored(page, mixed);
      for (let minutes = 0; minutes < 24 * 60; minutes += 20) {
        await passTime(page, requests, 1_200_000);
      }
      await expectStats(page, { tracked: 51, delivered: 1, pending: 50 });
      expect(await told(page, 'dropped')).toEqual([]);
      if (online) await page.unroute('**/v1/batch');
      else await context.setOffline(false);
      await expectArrival(standIn, {
        names: ['Before', ...mixed],
        page,
        fastForwardMs: online ? 300_000 : 0,
      });
      await expectStats(page, { tracked: 51, delivered: 51 });
    });
  }
});
