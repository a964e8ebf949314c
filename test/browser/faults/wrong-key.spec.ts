/** The proxy answers 401 because the client key is wrong. A person corrects it later. */
import { expect } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

const ERROR = JSON.stringify({ error: 'invalid_client_key', message: '', serverTime: 0 });

for (const { answer, fault } of [
  { answer: '401 with the error of our proxy', fault: { does: { status: 401, body: ERROR } } },
  { answer: '401 without a body', fault: { does: { status: 401, body: '' } } },
]) {
  test(`${answer}: one error, and all events arrive once the key is right`, async ({ shop }) => {
    await shop.page.clock.install();
    await shop.expectKept(numbered(50), {
      fault,
      waits: [10_000, 10_000],
      told: { error: [{ code: 'invalid-client-key' }], blocked: [], dropped: [] },
    });
    const [retrying] = await shop.told('retrying');
    expect(retrying?.status).toBe(401);
    expect((await shop.site.batches()).length).toBe(1);

    await shop.site.faults();
    await shop.expectAccount({ fastForwardMs: 10_000 });
  });
}

test('our proxy does not know the key for a day, over two visits: nothing is lost', async ({ shop }) => {
  const { page, site } = shop;
  await page.clock.install();
  await site.change({ keys: ['another'] });
  await shop.open();
  await shop.track(numbered(20));
  await shop.untilTold('error');
  for (let hours = 0; hours < 24; hours++) {
    await shop.passTime(3_600_000);
    await shop.track([`Hour ${hours}`]);
  }
  await shop.expectAccount({ pending: 44 });
  const [error] = await shop.told('error');
  expect(error?.code).toBe('invalid-client-key');
  await shop.expectTold({ dropped: [] });
  // Tries again slowly.
  expect((await site.batches()).length).toBeLessThanOrEqual(26);

  await shop.goTo('/next');
  await shop.track(['Next']);
  await shop.untilTold('retrying');
  await site.change({ keys: ['client-api-key-web'] });
  await shop.expectAccount({ fastForwardMs: 300_000, inOrder: true });
});
