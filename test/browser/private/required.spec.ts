/** A proxy that wants the token of a person with that person's events: what it refuses is counted, and holds up nothing. */
import { expect, stats, test, told } from '../../support/fixtures.ts';

test('events of a person without their token are dropped with a reason, and those of nobody arrive', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await site.change({ customers: 'required' });
  await open();
  await page.evaluate(async () => {
    const { analytics } = window;
    await Promise.all([
      analytics.track('Before'),
      analytics.identify('ann'),
      analytics.track('Signed in'),
      analytics.track('Ordered'),
    ]);
  });
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 4, delivered: 1, pending: 0 });
  expect(await stats(page)).toMatchObject({ dropped: { rejected: 3 } });
  expect(await standIn.names()).toEqual(['Before']);
  expect(await told(page, 'dropped')).toEqual(
    Array.from({ length: 3 }, () => expect.objectContaining({ reason: 'rejected', status: 200 }) as unknown),
  );
});
