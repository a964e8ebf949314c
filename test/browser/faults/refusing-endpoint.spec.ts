/**
 * Something else than the proxy answers where the proxy should be, and says no: bot rules, a route that is not deployed yet, a
 * static server. That is nothing that an event could help.
 */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackAll, trackStored } from '../../support/page/calls.ts';
import { expect, impatient, type Site, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { errorsOf, untilJudged, warningsOf, webPage } from '../../support/site/fronts.ts';
import { watchRequests } from '../../support/page/requests.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { passTime } from '../../support/page/time.ts';

const RULE = 'Request blocked by rule 17';

const refused = async (site: Site): Promise<number> =>
  (await site.batches()).filter(({ fate }) => fate !== 200).length;

for (const [status, count, forMs] of [
  [403, 21, 3_000],
  [404, 21, 3_000],
  [405, 21, 3_000],
  [410, 21, 3_000],
  [404, 301, 3_000],
  [403, 301, 1_000],
] as const) {
  test(`${status} with a web page for ${forMs / 1_000} s, ${count} events wait: all arrive once, it is told once, few requests`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ does: webPage(status) });
    await open();
    await trackStored(page, numbered(count));
    await page.waitForTimeout(forMs);
    await expectStats(page, { tracked: count, delivered: 0, pending: count });
    // The batch, an empty one, and what a wait that doubles from a second on leaves room for.
    expect(await refused(site)).toBeLessThanOrEqual(8);

    await site.faults();
    await expectArrival(standIn, { names: numbered(count), page });
    await expectStats(page, { tracked: count, delivered: count });
    expect(await standIn.names()).toEqual(numbered(count));
    const [error, ...others] = await told(page, 'error');
    expect(others).toEqual([]);
    expect(error?.code).toBe('endpoint-refuses');
    expect(error?.message).toContain(String(status));
    expect(error?.message).toContain(RULE);
    expect(error?.message).not.toContain('than a proxy');
    expect(await told(page, 'dropped')).toEqual([]);
  });
}

test('for an hour: told once, at most 30 requests, nothing is dropped, and all arrive once afterwards', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  const requests = watchRequests(page);
  await site.faults({ does: webPage(404) });
  await open();
  await trackStored(page, numbered(21));
  await untilJudged(page);
  await expectStats(page, { tracked: 21, delivered: 0, pending: 21 });
  for (let minutes = 0; minutes < 60; minutes++) {
    await passTime(page, requests, 60_000);
    await trackStored(page, [`Minute ${minutes}`]);
  }
  expect(await refused(site)).toBeLessThanOrEqual(30);
  expect(await errorsOf(page, 'endpoint-refuses')).toHaveLength(1);
  expect(await told(page, 'dropped')).toEqual([]);
  await site.faults();
  const names = [...numbered(21), ...Array.from({ length: 60 }, (_, minutes) => `Minute ${minutes}`)];
  await expectArrival(standIn, { names, page, fastForwardMs: 300_000 });
});

test('our own proxy, behind a server that cuts off the prefix by which it knows its paths: nothing is lost', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.change({ cutsPrefix: true });
  await open();
  await trackStored(page, numbered(21));
  await untilJudged(page);
  await expectStats(page, { tracked: 21, delivered: 0, pending: 21 });
  const [error] = await toldTimes(page, 'error');
  expect(error?.code).toBe('endpoint-refuses');
  expect(error?.message).toContain('404');
  expect(error?.message).toContain('not_found');
  expect((await site.batches()).map(({ fate }) => fate)).toEqual((await site.batches()).map(() => 404));
  await site.change({ cutsPrefix: false });
  await page.evaluate(() => window.analytics.flush());
  await expectArrival(standIn, { names: numbered(21), page });
  expect(await told(page, 'dropped')).toEqual([]);
});

test('a page that nobody listens in: one warning on the console, which says what it is', async ({
  page,
  site,
}) => {
  await impatient(page);
  const warnings = warningsOf(page);
  await site.faults({ does: webPage(405) });
  await site.page('/quiet', {
    body: `<!doctype html><title>Quiet</title><link rel="icon" href="data:,"><script type="module">
      import { createAnalytics } from '/dist/index.js';
      window.analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
    </script>`,
  });
  await page.goto(`${site.origin}/quiet`);
  await trackAll(page, numbered(5));
  await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(6);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('405');
  expect(warnings[0]).toContain(RULE);
});

test.describe('an event that is refused for what it is', () => {
  test('while something else refuses everything for a while: it alone is dropped, later', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    const bad = { contains: '"Bad"', does: { status: 400 } };
    await site.faults(bad, { does: webPage(404) });
    await open();
    const names = [...numbered(10), 'Bad', ...numbered(10, 'After')];
    const ids = await trackStored(page, names);
    await untilJudged(page);
    await expectStats(page, { tracked: 21, delivered: 0, pending: 21 });
    await site.faults(bad);
    await page.evaluate(() => window.analytics.flush());
    const good = names.filter((name) => name !== 'Bad');
    await expectArrival(standIn, { names: good, page });
    await expectStats(page, { tracked: 21, delivered: 20, dropped: { rejected: 1 } });
    expect(await told(page, 'dropped')).toMatchObject([{ id: ids[10], reason: 'rejected', status: 400 }]);
  });

  test('and nothing else is wrong: no `error` is told, and few empty batches were asked', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults({ contains: '"Bad"', does: { status: 422 } });
    await open();
    const ids = await trackStored(page, [...numbered(10), 'Bad']);
    await expectArrival(standIn, { names: numbered(10), page });
    await expectStats(page, { tracked: 11, delivered: 10, dropped: { rejected: 1 } });
    expect(await told(page, 'dropped')).toMatchObject([{ id: ids[10], status: 422 }]);
    expect(await told(page, 'error')).toEqual([]);
    const empty = (await site.batches()).filter(({ ids: sent }) => sent.length === 0);
    expect(empty.length).toBeGreaterThanOrEqual(1);
    expect(empty.length).toBeLessThanOrEqual(6);
  });
});
