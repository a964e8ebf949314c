/** The proxy says "not now": 408, 425, 429 and 5xx, with and without `Retry-After`. */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, stats, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { passTime } from '../../support/page/time.ts';

test('503 for ten seconds: what was tracked all the while arrives once, in order', async ({
  open,
  page,
  site,
  standIn,
}) => {
  test.slow();
  // The waits are 0.5, 1, 2, 4 and 8 seconds.
  await page.addInitScript(() => {
    Math.random = () => 0.5;
  });
  await open();
  await trackStored(page, ['Before']);
  await expect.poll(() => standIn.names()).toEqual(['Before']);

  await site.faults({ does: { status: 503 } });
  const upAt = Date.now() + 10_000;
  let calls = 0;
  while (Date.now() < upAt) {
    await trackStored(page, [`Event ${++calls}`]);
    await page.waitForTimeout(250);
  }
  const during = numbered(calls);
  await expectStats(page, { tracked: calls + 1, delivered: 1, pending: calls });
  await site.faults();
  await expectArrival(standIn, { names: ['Before', ...during], page });
  expect(await standIn.names()).toEqual(['Before', ...during]);
  await expectStats(page, { tracked: calls + 1, delivered: calls + 1 });
  // Each refusal doubles the wait: the proxy was asked a few times, not forty.
  expect((await site.batches()).filter(({ fate }) => fate === 503).length).toBeLessThanOrEqual(6);
});

for (const status of [408, 425, 429, 500, 502, 504]) {
  test(`${status} for ten seconds: the events are kept and arrive once`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await page.clock.install();
    const requests = watchRequests(page);
    await open();
    await site.faults({ does: { status } });
    await trackStored(page, numbered(30));
    await toldTimes(page, 'retrying');
    for (let seconds = 0; seconds < 10; seconds++) {
      await passTime(page, requests, 1_000);
      await trackStored(page, [`Second ${seconds}`]);
    }
    const names = [...numbered(30), ...Array.from({ length: 10 }, (_, seconds) => `Second ${seconds}`)];
    await expectStats(page, { tracked: 40, delivered: 0, pending: 40 });
    await site.faults();
    await expectArrival(standIn, { names, page, fastForwardMs: 10_000 });
    expect(await standIn.names()).toEqual(names);
    await expectStats(page, { tracked: 40, delivered: 40 });
    expect(await told(page, 'dropped')).toEqual([]);
    const retrying = await told(page, 'retrying');
    expect(retrying.length).toBeGreaterThanOrEqual(2);
    // Full jitter: at most a second, then two, then four.
    retrying.forEach(({ delayMs, status: said }, i) => {
      expect(said).toBe(status);
      expect(delayMs).toBeLessThanOrEqual(1_000 * 2 ** i);
    });
  });
}

test.describe('Retry-After', () => {
  const inSeconds = (seconds: number): string => String(seconds);
  const asDate = (seconds: number): string =>
    new Date(Math.ceil(Date.now() / 1_000) * 1_000 + seconds * 1_000).toUTCString();

  for (const status of [429, 503]) {
    for (const [form, write] of [
      ['seconds', inSeconds],
      ['a date', asDate],
    ] as const) {
      test(`${status} with Retry-After in ${form}: no request before it has passed`, async ({
        open,
        page,
        site,
        standIn,
      }) => {
        await open();
        const asked = write(2);
        await site.faults({ times: 1, does: { status, headers: { 'Retry-After': asked } } });
        await trackStored(page, numbered(20));
        await toldTimes(page, 'retrying');
        // Whatever else would make it try at once.
        await page.evaluate(() => {
          void window.analytics.track('Meanwhile');
          void window.analytics.flush();
          document.dispatchEvent(new Event('visibilitychange'));
          window.dispatchEvent(new Event('online'));
        });
        const names = [...numbered(20), 'Meanwhile'];
        await expectArrival(standIn, { names, page });
        await expectStats(page, { tracked: 21, delivered: 21 });
        const [first, second] = await site.batches();
        const earliest = form === 'seconds' ? (first?.at ?? 0) + 2_000 : Date.parse(asked);
        // The Date header, by which a date is meant, has no milliseconds.
        expect(second?.at).toBeGreaterThanOrEqual(earliest - (form === 'seconds' ? 0 : 1_000));
      });
    }
  }

  test('of an hour: kept to, also when the application asks for a flush', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await page.clock.install();
    const requests = watchRequests(page);
    await site.faults({ times: 1, does: { status: 503, headers: { 'Retry-After': '3600' } } });
    await open();
    await trackStored(page, ['A']);
    const [retrying] = await toldTimes(page, 'retrying');
    expect(retrying?.delayMs).toBe(3_600_000);
    await passTime(page, requests, 3_500_000);
    await page.evaluate(() => window.analytics.flush({ timeoutMs: 1 }));
    expect((await site.batches()).length).toBe(1);
    expect(await stats(page)).toMatchObject({ tracked: 1, pending: 1 });
    await expectArrival(standIn, { names: ['A'], page, fastForwardMs: 200_000 });
  });

  test('outlives the page that was told: the next page keeps to it, and so does another tab', async ({
    context,
    open,
    page,
    site,
    standIn,
  }) => {
    await open();
    await site.faults({ times: 1, does: { status: 503, headers: { 'Retry-After': '4' } } });
    await trackStored(page, numbered(20));
    await toldTimes(page, 'retrying');
    await page.goto(`${site.origin}/next`);
    await trackStored(page, ['Next']);
    const other = await context.newPage();
    await other.goto(`${site.origin}/other`);
    await trackStored(other, ['Other']);
    for (const each of [page, other]) await each.evaluate(() => window.analytics.flush({ timeoutMs: 1 }));
    await expectArrival(standIn, { names: [...numbered(20), 'Next', 'Other'], page: other });
    const [first, second] = await site.batches();
    expect(first?.fate).toBe(503);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(4_000);
    await expectStats(page, { tracked: 22, delivered: 22 });
  });
});
