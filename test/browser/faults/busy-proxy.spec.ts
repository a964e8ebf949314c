/** The proxy says "not now": 408, 425, 429 and 5xx, with and without `Retry-After`. */
import { expect, stats } from '../../support/site/fixtures.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

test('503 for ten seconds: all events of this time arrive once, in order', async ({ shop }) => {
  test.slow();
  const { page, site } = shop;
  // The waits are 0.5, 1, 2, 4 and 8 seconds.
  await page.addInitScript(() => {
    Math.random = () => 0.5;
  });
  await shop.open();
  await shop.trackDelivered(['Before']);

  await site.faults({ does: { status: 503 } });
  const upAt = Date.now() + 10_000;
  let calls = 0;
  while (Date.now() < upAt) {
    await shop.track([`Event ${++calls}`]);
    await page.waitForTimeout(250);
  }
  await shop.expectAccount({ pending: calls });
  await site.faults();
  await shop.expectAccount({ inOrder: true });
  // Each refusal doubles the wait: the proxy was asked a few times, not forty.
  expect((await site.batches()).filter(({ fate }) => fate === 503).length).toBeLessThanOrEqual(6);
});

for (const status of [408, 425, 429, 500, 502, 504]) {
  test(`${status} for ten seconds: the events are kept and arrive once`, async ({ shop }) => {
    await shop.page.clock.install();
    await shop.expectKept(numbered(30), {
      fault: { does: { status } },
      waits: [0, 1_000],
      told: { error: [], blocked: [], dropped: [] },
    });
    for (let seconds = 0; seconds < 10; seconds++) {
      await shop.passTime(1_000);
      await shop.track([`Second ${seconds}`]);
    }
    await shop.expectAccount({ pending: 40 });
    await shop.site.faults();
    await shop.expectAccount({ fastForwardMs: 10_000, inOrder: true });
    await shop.expectTold({ dropped: [] });
    const retrying = await shop.told('retrying');
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

  for (const { status, form, write } of [
    { status: 429, form: 'seconds', write: inSeconds },
    { status: 429, form: 'a date', write: asDate },
    { status: 503, form: 'seconds', write: inSeconds },
    { status: 503, form: 'a date', write: asDate },
  ]) {
    test(`${status} with Retry-After in ${form}: no request before it has passed`, async ({ shop }) => {
      const { page, site } = shop;
      await shop.open();
      const asked = write(2);
      await site.faults({ times: 1, does: { status, headers: { 'Retry-After': asked } } });
      await shop.track(numbered(20));
      await shop.untilTold('retrying');
      // All other reasons for which the SDK sends at once.
      await page.evaluate(() => {
        void window.analytics.track('Meanwhile');
        void window.analytics.flush();
        document.dispatchEvent(new Event('visibilitychange'));
        window.dispatchEvent(new Event('online'));
      });
      await shop.expectAccount({ arrived: [...numbered(20), 'Meanwhile'] });
      const [first, second] = await site.batches();
      const earliest = form === 'seconds' ? (first?.at ?? 0) + 2_000 : Date.parse(asked);
      // The Date header, by which a date is meant, has no milliseconds.
      expect(second?.at).toBeGreaterThanOrEqual(earliest - (form === 'seconds' ? 0 : 1_000));
    });
  }

  test('of an hour: no request earlier, also when the application asks for a flush', async ({ shop }) => {
    const { page, site } = shop;
    await page.clock.install();
    await shop.expectKept(['A'], {
      fault: { times: 1, does: { status: 503, headers: { 'Retry-After': '3600' } } },
      waits: [3_600_000, 3_600_000],
      told: { error: [], blocked: [], dropped: [] },
    });
    await shop.passTime(3_500_000);
    await page.evaluate(() => window.analytics.flush({ timeoutMs: 1 }));
    expect((await site.batches()).length).toBe(1);
    expect(await stats(page)).toMatchObject({ tracked: 1, pending: 1 });
    await shop.expectAccount({ fastForwardMs: 200_000 });
  });

  test('also holds for the next page, and for another tab', async ({ context, shop }) => {
    const { page, site } = shop;
    await shop.open();
    await site.faults({ times: 1, does: { status: 503, headers: { 'Retry-After': '4' } } });
    await shop.track(numbered(20));
    await shop.untilTold('retrying');
    await shop.goTo('/next');
    await shop.track(['Next']);
    const other = await context.newPage();
    await other.goto(`${site.origin}/other`);
    await shop.track(['Other'], other);
    for (const each of [page, other]) await each.evaluate(() => window.analytics.flush({ timeoutMs: 1 }));
    for (const each of [other, page]) await shop.expectAccount({ page: each });
    const [first, second] = await site.batches();
    expect(first?.fate).toBe(503);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(4_000);
  });
});
