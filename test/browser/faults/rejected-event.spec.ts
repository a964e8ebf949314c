/** One event that Customer.io does not take: the proxy finds it, and it costs nothing but itself. */
import { expectArrival, expectStats } from '../../support/site/arrival.ts';
import { trackStored } from '../../support/page/calls.ts';
import { expect, test, told } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';

test('the others of its batch arrive with the same request, and it is dropped by its id', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await standIn.faults({ reject: 'Bad' });
  await open();
  const good = numbered(40);
  const ids = await trackStored(page, [...good.slice(0, 23), 'Bad', ...good.slice(23)]);
  await expectArrival(standIn, { names: good, page });
  expect(await standIn.names()).toEqual(good);
  await expectStats(page, { tracked: 41, delivered: 40, dropped: { rejected: 1 } });
  expect(await told(page, 'dropped')).toMatchObject([{ id: ids[23], reason: 'rejected' }]);
  const batches = await site.batches();
  expect(batches.filter(({ ids: sent }) => sent.includes(ids[23] ?? ''))).toHaveLength(1);
  expect(batches.map(({ fate }) => fate)).toEqual(batches.map(() => 200));
});

test('alone in its batch it is dropped, too', async ({ open, page, standIn }) => {
  await standIn.faults({ reject: 'Bad' });
  await open();
  const [id] = await trackStored(page, ['Bad']);
  await expectStats(page, { tracked: 1, delivered: 0, dropped: { rejected: 1 } });
  expect(await told(page, 'dropped')).toMatchObject([{ id, reason: 'rejected' }]);
});
