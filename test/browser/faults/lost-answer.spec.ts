/** The connection is cut, or the answer is lost: only the batch in flight is sent again, by the same ids, and none comes twice. */
import { timesTaken } from '../../support/site/arrival.ts';
import { expect, impatient } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

const DELIVERY = { delivery: { maxBatchEvents: 50, flushIntervalMs: 100 } };

/** `taken`: how often the proxy accepts the second batch of five. It is the batch that is cut, or whose answer is lost. */
for (const { what, does, times, taken } of [
  { what: 'the connection is cut twice before the request was read', does: 'cut', times: 2, taken: 1 },
  { what: 'the connection is cut twice after the request was read', does: 'cut-late', times: 2, taken: 1 },
  { what: 'the answer of the proxy is lost', does: 'lose-answer', times: 1, taken: 2 },
  { what: 'the answer of the proxy breaks off in the middle', does: 'halve-answer', times: 1, taken: 2 },
  { what: 'three answers in a row are lost', does: 'lose-answer', times: 3, taken: 4 },
] as const) {
  test(`${what}: batch 2 is accepted ${taken} times, all arrive once`, async ({ shop }) => {
    const { page, site } = shop;
    await impatient(page);
    await shop.open(DELIVERY);
    await site.faults({ contains: '"Event 60"', times, does });
    const ids = await shop.track(numbered(250));
    await shop.expectAccount({ inOrder: true });
    const second = ids.slice(50, 100);
    expect(await timesTaken(site, ids)).toEqual(ids.map((id) => (second.includes(id) ? taken : 1)));
    const failed = (await site.batches()).filter(({ fate }) => fate === does).map((batch) => batch.ids);
    if (taken > 1) expect(failed).toEqual(Array.from({ length: times }, () => second));
    expect((await shop.told('delivered')).flatMap((each) => each.ids ?? [])).toEqual(ids);
  });
}

test('the answer is lost, and the page is loaded anew: the same ids are sent again', async ({ shop }) => {
  test.slow(); // the page cannot know that no answer will come
  const { page, site } = shop;
  await site.faults({ times: 1, does: 'withhold-answer' });
  await shop.open(DELIVERY);
  const ids = await shop.track(numbered(30));
  await expect.poll(async () => (await site.batches()).length).toBe(1);
  await page.reload();
  await shop.expectAccount();
  const times = await timesTaken(site, ids);
  expect(Math.min(...times)).toBe(Math.max(...times));
  // By the page, by its last request where the browser has told it of the loss before, and by the next page.
  expect(times[0]).toBeGreaterThanOrEqual(2);
  expect(times[0]).toBeLessThanOrEqual(3);
});
