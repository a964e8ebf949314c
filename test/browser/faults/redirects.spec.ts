/** The address of the proxy redirects: to itself with a slash at its end, to a sign-in, to another origin. */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, impatient, type Site, test, told } from '../../support/site/fixtures.ts';
import { errorsOf, untilJudged } from '../../support/site/fronts.ts';
import type { Fault } from '../../support/site/proxy-faults.ts';
import { numbered } from '../../support/site/stand-in.ts';

/** Of the address without a slash at its end alone. */
const redirect = (status: number, location: string): Fault => ({
  path: '/v1/batch',
  does: { status, headers: { Location: location } },
});

const urlsOf = async (site: Site): Promise<readonly string[]> =>
  (await site.batches()).filter(({ ids, fate }) => ids.length && fate === 200).map(({ url }) => url);

for (const status of [307, 308]) {
  test(`${status} to the same path with a slash: followed, and remembered for the page`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await site.faults(redirect(status, '/e/v1/batch/'));
    await open();
    const names: string[] = [];
    for (const burst of ['First', 'Second', 'Third']) {
      names.push(...numbered(20, burst));
      await trackStored(page, numbered(20, burst));
      await expectArrival(standIn, { names, page });
    }
    await expectStats(page, { tracked: 60, delivered: 60 });
    expect(new Set(await urlsOf(site))).toEqual(new Set([`${site.origin}/e/v1/batch/`]));
    // One batch, and one without events that finds out where it leads.
    const redirected = (await site.batches()).filter(({ fate }) => fate === status);
    expect(redirected.length).toBeLessThanOrEqual(2);
    expect(await told(page, 'error')).toEqual([]);
    expect(await told(page, 'retrying')).toEqual([]);
  });
}

test('the redirect is gone again, and so is where it led: the first address is found again', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await impatient(page);
  await site.faults(redirect(308, '/e/v1/batch/'));
  await open();
  await trackStored(page, ['Redirected']);
  await expectArrival(standIn, { names: ['Redirected'], page });
  await site.faults({ path: '/v1/batch/', does: { status: 404 } });
  await trackStored(page, numbered(5));
  await expectArrival(standIn, { names: ['Redirected', ...numbered(5)], page });
  expect(await told(page, 'dropped')).toEqual([]);
});

for (const status of [301, 302, 303]) {
  test(`${status} to a sign-in: no delivery, kept, told once with where it leads; all arrive once when it is gone`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await impatient(page);
    await site.faults(redirect(status, '/sign-in?from=batch'));
    await open();
    await trackStored(page, numbered(5));
    await untilJudged(page);
    await expectStats(page, { tracked: 5, delivered: 0, pending: 5 });
    await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(3);
    const errors = await told(page, 'error');
    expect(errors.map(({ code }) => code)).toEqual(['endpoint-refuses']);
    expect(errors[0]?.message).toContain(`${site.origin}/sign-in`);
    expect(await told(page, 'blocked')).toEqual([]);

    await site.faults();
    await page.evaluate(() => window.analytics.flush());
    await expectArrival(standIn, { names: numbered(5), page });
    await expectStats(page, { tracked: 5, delivered: 5 });
  });
}

for (const status of [302, 307, 308]) {
  test(`${status} to another origin: no event goes there, kept, told once with where it leads`, async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await impatient(page);
    await site.faults({
      ...redirect(status, `${site.apiOrigin}/v1/batch?token=secret`),
      path: '/e/v1/batch',
    });
    await open();
    await trackStored(page, numbered(5));
    await untilJudged(page);
    await expectStats(page, { tracked: 5, delivered: 0, pending: 5 });
    await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(3);
    const errors = await errorsOf(page, 'endpoint-refuses');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toContain(`${site.apiOrigin}/v1/batch`);
    expect(errors[0]?.message).not.toContain('secret');
    const elsewhere = (await site.batches()).filter(({ url }) => url.startsWith(site.apiOrigin));
    expect(elsewhere.flatMap(({ ids }) => ids)).toEqual([]);
    expect(elsewhere.map(({ authorization }) => authorization)).toEqual(elsewhere.map(() => null));

    await site.faults();
    await page.evaluate(() => window.analytics.flush());
    await expectArrival(standIn, { names: numbered(5), page });
  });
}

test('in a circle: kept, and all arrive once when it is gone', async ({ open, page, site, standIn }) => {
  await impatient(page);
  await site.faults({ does: { status: 308, headers: { Location: '/e/v1/batch' } } });
  await open();
  await trackStored(page, numbered(5));
  await untilJudged(page);
  await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(3);
  await expectStats(page, { tracked: 5, delivered: 0, pending: 5 });
  expect(await told(page, 'dropped')).toEqual([]);
  await site.faults();
  await page.evaluate(() => window.analytics.flush());
  await expectArrival(standIn, { names: numbered(5), page });
});
