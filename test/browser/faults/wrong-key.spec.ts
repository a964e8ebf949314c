/** 401 because the client key is wrong, then put right. */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { passTime } from '../../support/page/time.ts';

for (const [name, body] of [
  ['invalid_client_key', JSON.stringify({ error: 'invalid_client_key', message: '', serverTime: 0 })],
  ['bare', ''],
] as const) {
  test(`401, ${name}: everything is kept, the error is told, and all arrives once the key is put right`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await page.clock.install();
    await site.faults({ does: { status: 401, body } });
    await open();
    await trackStored(page, numbered(50));
    const [error] = await toldTimes(page, 'error');
    expect(error?.code).toBe('invalid-client-key');
    const [retrying] = await toldTimes(page, 'retrying');
    expect(retrying?.status).toBe(401);
    expect(retrying?.delayMs).toBeGreaterThanOrEqual(10_000);
    await expectStats(page, { tracked: 50, delivered: 0, pending: 50 });
    expect((await site.batches()).length).toBe(1);

    await site.faults();
    await expectArrival(standIn, { names: numbered(50), page, fastForwardMs: retrying?.delayMs ?? 0 });
    await expectStats(page, { tracked: 50, delivered: 50 });
  });
}

test('our own proxy, a key that it does not know for a day, over two visits: nothing is lost', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  const requests = watchRequests(page);
  await site.change({ keys: ['another'] });
  await open();
  await trackStored(page, numbered(20));
  const [error] = await toldTimes(page, 'error');
  expect(error?.code).toBe('invalid-client-key');
  for (let hours = 0; hours < 24; hours++) {
    await passTime(page, requests, 3_600_000);
    await trackStored(page, [`Hour ${hours}`]);
  }
  const names = [...numbered(20), ...Array.from({ length: 24 }, (_, hours) => `Hour ${hours}`)];
  await expectStats(page, { tracked: 44, delivered: 0, pending: 44 });
  expect(await told(page, 'dropped')).toEqual([]);
  // Tries again slowly.
  expect((await site.batches()).length).toBeLessThanOrEqual(26);

  await page.goto(`${site.origin}/next`);
  await trackStored(page, ['Next']);
  await toldTimes(page, 'retrying');
  await site.change({ keys: ['client-api-key-web'] });
  await expectArrival(standIn, { names: [...names, 'Next'], page, fastForwardMs: 300_000 });
  expect(await standIn.names()).toEqual([...names, 'Next']);
  await expectStats(page, { tracked: 45, delivered: 45 });
});
