/** The visitor's clock jumps a day between a call and its delivery: order is kept, nothing expires, nothing waits a day. */
import { expect, stats, test, told, toldTimes } from '../../support/site/fixtures.ts';
import { breakIndexedDb } from '../../support/page/indexeddb-faults.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { DAY_MS, setClock, setNextClock, wrongClock } from '../../support/page/page-clock.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, quiet, REFUSING, track, trackAll } from './setup.ts';

const JUMPS = [
  ['back', -DAY_MS],
  ['forward', DAY_MS],
] as const;

for (const [direction, jumpMs] of JUMPS) {
  test.describe(`a day ${direction}`, () => {
    test('while events wait: 10 of 10 delivered once, in the order of the calls', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await wrongClock(page);
      await site.faults(REFUSING);
      await open();
      await track(page, numbered(5, 'Before'));
      await quiet(page);
      await setClock(page, jumpMs);
      await track(page, numbered(5, 'After'));
      await site.faults();
      await flush(page);
      const all = [...numbered(5, 'Before'), ...numbered(5, 'After')];
      await expect.poll(() => standIn.names()).toEqual(all);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
      expect(await told(page, 'dropped')).toEqual([]);
      // Each keeps the time of its call, as the visitor's clock showed it.
      const times = (await standIn.events()).map(({ timestamp }) => Date.parse(timestamp));
      const between = (times[5] ?? 0) - (times[0] ?? 0);
      expect(Math.abs(between - jumpMs)).toBeLessThan(60_000);
    });

    test('while it waits to try again: it does, without any sign from outside', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await wrongClock(page);
      // Waits of 0.5, 1, 2 … seconds.
      await page.addInitScript(() => {
        Math.random = () => 0.5;
      });
      await site.faults({ does: { status: 503 } });
      await open();
      await track(page, numbered(5));
      await toldTimes(page, 'retrying', 2);
      await setClock(page, jumpMs);
      await site.faults();
      await expect.poll(() => standIn.account(numbered(5))).toEqual(once(5));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
    });

    test('while a proxy has asked for two seconds: they do not become a day, nor does the next page’s', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await wrongClock(page);
      await site.faults({ times: 2, does: { status: 429, headers: { 'Retry-After': '2' } } });
      await open();
      await track(page, ['First']);
      await quiet(page);
      await setClock(page, jumpMs);
      await track(page, ['Second']);
      await expect.poll(() => standIn.account(['First', 'Second'])).toEqual(once(2));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });

      await site.faults({ times: 1, does: { status: 429, headers: { 'Retry-After': '2' } } });
      await track(page, ['Third']);
      await toldTimes(page, 'retrying', 2);
      await setNextClock(page, 0);
      await page.goto(`${site.origin}/next`);
      await track(page, ['Fourth']);
      await expect.poll(() => standIn.account(['Third', 'Fourth'])).toEqual(once(2));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
    });

    test('between two batches: the next goes after the flush interval', async ({ open, page, standIn }) => {
      await wrongClock(page);
      await open();
      await track(page, ['First']);
      await expect.poll(() => standIn.names()).toEqual(['First']);
      await setClock(page, jumpMs);
      await track(page, numbered(5));
      await expect.poll(() => standIn.names()).toEqual(['First', ...numbered(5)]);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
    });

    test('between two page visits: 8 of 8 delivered once, in the order of the calls', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await wrongClock(page);
      await site.faults(REFUSING);
      await open();
      await track(page, numbered(5, 'Before'));
      await quiet(page);
      await setNextClock(page, jumpMs);
      await page.goto(`${site.origin}/next`);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, pending: 5 });
      await track(page, numbered(3, 'After'));
      await site.faults();
      await flush(page);
      const all = [...numbered(5, 'Before'), ...numbered(3, 'After')];
      await expect.poll(() => standIn.names()).toEqual(all);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 8, delivered: 8, pending: 0 });
      expect(addsUp(await stats(page))).toBe(true);
      expect(await told(page, 'dropped')).toEqual([]);
    });

    test('before the page leaves with events that are not stored: 4 of 4 delivered once, in their order', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await wrongClock(page);
      await site.faults({ does: 'cut' });
      await breakIndexedDb(page, { on: 'open', how: 'hang' });
      await open();
      await trackAll(page, numbered(2, 'Before'));
      await setClock(page, jumpMs);
      await trackAll(page, numbered(2, 'After'));
      await page.goto(`${site.origin}/blank`);
      // One request, which browsers may repeat by themselves where its connection was cut.
      await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(1);
      await site.faults();
      const next = await open('/next', {}, await page.context().newPage());
      const all = [...numbered(2, 'Before'), ...numbered(2, 'After')];
      await expect.poll(() => standIn.names()).toEqual(all);
      await expect.poll(() => stats(next)).toMatchObject({ tracked: 4, delivered: 4, pending: 0 });
    });

    test('without Web Locks, where a lease says who sends: 10 of 10 delivered once', async ({
      open,
      page,
      standIn,
    }) => {
      await wrongClock(page);
      await page.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
      await open();
      await track(page, numbered(5, 'Before'));
      await expect.poll(() => standIn.account(numbered(5, 'Before'))).toEqual(once(5));
      await setClock(page, jumpMs);
      await track(page, numbered(5, 'After'));
      const all = [...numbered(5, 'Before'), ...numbered(5, 'After')];
      await expect.poll(() => standIn.account(all)).toEqual(once(10));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
    });
  });
}
