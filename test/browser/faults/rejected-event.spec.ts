/** Customer.io does not take one event of a batch: the proxy finds it, and no other event is lost. */
import { expect } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

/** `answers`: the status of each answer to a request that contains the event. */
for (const { what, before, after, answers } of [
  { what: 'among 40 others: they arrive with the same request', before: 23, after: 17, answers: [200] },
  { what: 'alone in its batch', before: 0, after: 0, answers: [400, 400] },
]) {
  test(`${what}, and the rejected event is dropped by its id`, async ({ shop }) => {
    await shop.standIn.faults({ reject: 'Bad' });
    await shop.open();
    const ids = await shop.track([...numbered(before), 'Bad', ...numbered(after, 'After')]);
    const badId = ids[before] ?? '';
    await shop.expectAccount({ dropped: { rejected: ['Bad'] }, inOrder: true });
    await shop.expectTold({ dropped: [{ id: badId, reason: 'rejected' }] });
    const batches = await shop.site.batches();
    const withBad = batches.filter((batch) => batch.ids.includes(badId));
    expect(withBad.map(({ fate }) => fate)).toEqual(answers);
    expect(batches.filter(({ fate }) => fate !== 200)).toEqual(withBad.filter(({ fate }) => fate !== 200));
  });
}
