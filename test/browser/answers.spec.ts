/**
 * The effect of the proxy's responses. Responses that stand for failed deliveries are tested in `faults/`.
 */
import { expectArrival, expectStats } from '../support/site/arrival.ts';
import { trackStored } from '../support/page/calls.ts';
import { expect, test, told, toldTimes } from '../support/site/fixtures.ts';
import { numbered } from '../support/site/stand-in.ts';

test('2xx: the events are removed, and reported as delivered by their ids', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  const ids = await trackStored(page, numbered(150));
  await expectArrival(standIn, { names: numbered(150), page });
  await expectStats(page, { tracked: 150, delivered: 150 });
  const delivered = await told(page, 'delivered');
  expect(delivered.flatMap((each) => each.ids ?? [])).toEqual(ids);
  expect(delivered.map(({ attempts }) => attempts)).toEqual(delivered.map(() => 1));
  for (const batch of await site.batches()) expect(batch.ids.length).toBeLessThanOrEqual(100);
});

test('204 without a body counts as a delivery', async ({ open, page, site }) => {
  await open();
  await site.faults({ does: { status: 204 } });
  await trackStored(page, ['A']);
  await expectStats(page, { tracked: 1, delivered: 1 });
  expect((await site.batches()).length).toBe(1);
});

test('a redirect does not count as a delivery', async ({ open, page, site, standIn }) => {
  await open();
  await site.faults({ times: 1, does: { status: 302, headers: { Location: '/blank' } } });
  await trackStored(page, ['A']);
  await expectArrival(standIn, { names: ['A'], page });
  await expectStats(page, { tracked: 1, delivered: 1 });
});

test.describe('other 4xx', () => {
  for (const status of [403, 404, 422]) {
    test(`${status} to one event: the batch is divided, and only this event is dropped`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await site.faults({ contains: '"Bad"', does: { status } });
      await open();
      const others = [...numbered(30), ...numbered(30, 'After')];
      const ids = await trackStored(page, [...numbered(30), 'Bad', ...numbered(30, 'After')]);
      await expectArrival(standIn, { names: others, page });
      const [dropped] = await toldTimes(page, 'dropped');
      expect(dropped).toMatchObject({ id: ids[30], reason: 'rejected', status });
      await expectStats(page, { tracked: 61, delivered: 60, dropped: { rejected: 1 } });
      expect((await site.batches()).length).toBeLessThan(20);
    });
  }

  test('an event that Customer.io rejects by id is dropped, and the rest of its batch arrives', async ({
    open,
    standIn,
  }) => {
    // The stand-in refuses a call without a `groupId`; the SDK never makes such a call, so a hook of the page
    // does.
    const page = await open('/shop');
    await page.evaluate(async () => {
      await window.analytics.register({
        name: 'breaker',
        type: 'enrichment',
        version: '1',
        isLoaded: () => true,
        load: async () => undefined,
        track(context) {
          if (context.event.event === 'Bad') Object.assign(context.event, { integrations: 'nonsense' });
          return context;
        },
      });
    });
    await trackStored(page, ['A', 'Bad', 'B']);
    await expectArrival(standIn, { names: ['A', 'B'], page });
    await expectStats(page, { tracked: 3, delivered: 2, dropped: { rejected: 1 } });
    const [dropped] = await toldTimes(page, 'dropped');
    // The proxy has found the event, and names it in its 2xx.
    expect(dropped).toMatchObject({ reason: 'rejected', status: 200 });
  });
});
