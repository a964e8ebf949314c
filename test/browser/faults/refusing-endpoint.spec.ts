/**
 * Another server answers where the proxy should be, and refuses: bot rules, a route that is not deployed yet, a static server.
 * The refusal is not about the events.
 */
import { trackAll } from '../../support/page/calls.ts';
import { expect, impatient, type Site } from '../../support/site/fixtures.ts';
import { errorsOf, warningsOf, webPage } from '../../support/site/fronts.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

const RULE = 'Request blocked by rule 17';

const refusedCount = async (site: Site): Promise<number> =>
  (await site.batches()).filter(({ fate }) => fate !== 200).length;

for (const { status, count, forMs } of [
  { status: 403, count: 21, forMs: 3_000 },
  { status: 404, count: 21, forMs: 3_000 },
  { status: 405, count: 21, forMs: 3_000 },
  { status: 410, count: 21, forMs: 3_000 },
  { status: 404, count: 301, forMs: 3_000 },
  { status: 403, count: 301, forMs: 1_000 },
]) {
  test(`${status} for ${forMs} ms, ${count} events wait: one error, few requests`, async ({ shop }) => {
    const { page, site } = shop;
    await site.faults({ does: webPage(status) });
    await shop.open();
    await shop.track(numbered(count));
    await page.waitForTimeout(forMs);
    await shop.expectAccount({ pending: count });
    // The batch, an empty one, and what a wait that doubles from a second on leaves room for.
    expect(await refusedCount(site)).toBeLessThanOrEqual(8);

    await site.faults();
    await shop.expectAccount({ inOrder: true });
    const quoted = expect.stringContaining(`${status}: <title>${RULE}`) as unknown;
    await shop.expectTold({ error: [{ code: 'endpoint-refuses', message: quoted }], dropped: [] });
    const [error] = await shop.told('error');
    expect(error?.message).not.toContain('than a proxy');
  });
}

test('404 for an hour: one error, at most 30 requests, all arrive once', async ({ shop }) => {
  const { page, site } = shop;
  await page.clock.install();
  await shop.expectKept(numbered(21), {
    fault: { does: webPage(404) },
    waits: [0, 1_000],
    told: { error: [{ code: 'endpoint-refuses' }] },
  });
  for (let minutes = 0; minutes < 60; minutes++) {
    await shop.passTime(60_000);
    await shop.track([`Minute ${minutes}`]);
  }
  expect(await refusedCount(site)).toBeLessThanOrEqual(30);
  expect(await errorsOf(page, 'endpoint-refuses')).toHaveLength(1);
  await shop.expectTold({ dropped: [] });
  await site.faults();
  await shop.expectAccount({ fastForwardMs: 300_000 });
});

test('our proxy, behind a server that removes the prefix of its paths: nothing is lost', async ({ shop }) => {
  const { site } = shop;
  await site.change({ cutsPrefix: true });
  await shop.open();
  await shop.track(numbered(21));
  await shop.untilTold('retrying');
  await shop.expectAccount({ pending: 21 });
  const [error] = await shop.untilTold('error');
  expect(error?.code).toBe('endpoint-refuses');
  expect(error?.message).toContain('404');
  expect(error?.message).toContain('not_found');
  const fates = (await site.batches()).map(({ fate }) => fate);
  expect(fates).toEqual(fates.map(() => 404));
  await site.change({ cutsPrefix: false });
  await shop.flush();
  await shop.expectAccount();
  await shop.expectTold({ dropped: [] });
});

test('a page without listeners: one warning on the console, with the status', async ({ shop }) => {
  const { page, site } = shop;
  await impatient(page);
  const warnings = warningsOf(page);
  await site.faults({ does: webPage(405) });
  await shop.openWithoutListeners();
  await trackAll(page, numbered(5));
  await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(6);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('405');
  expect(warnings[0]).toContain(RULE);
});

test.describe('an event that the proxy itself refuses', () => {
  const dropped = { rejected: ['Bad'] };

  test('while another server refuses everything: it alone is dropped, later', async ({ shop }) => {
    const bad = { contains: '"Bad"', does: { status: 400 } };
    await shop.site.faults(bad, { does: webPage(404) });
    await shop.open();
    const ids = await shop.track([...numbered(10), 'Bad', ...numbered(10, 'After')]);
    await shop.untilTold('retrying');
    await shop.expectAccount({ pending: 21 });
    await shop.site.faults(bad);
    await shop.flush();
    await shop.expectAccount({ dropped });
    await shop.expectTold({ dropped: [{ id: ids[10], reason: 'rejected', status: 400 }] });
  });

  test('and nothing else is wrong: no `error`, and few empty batches', async ({ shop }) => {
    await shop.site.faults({ contains: '"Bad"', does: { status: 422 } });
    await shop.open();
    const ids = await shop.track([...numbered(10), 'Bad']);
    await shop.expectAccount({ dropped });
    await shop.expectTold({ dropped: [{ id: ids[10], status: 422 }], error: [] });
    const empty = (await shop.site.batches()).filter(({ ids: sent }) => sent.length === 0);
    expect(empty.length).toBeGreaterThanOrEqual(1);
    expect(empty.length).toBeLessThanOrEqual(6);
  });
});
