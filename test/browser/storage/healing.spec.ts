/** IndexedDB was broken and works again: what waits in memory moves there, nothing is sent twice, and the counts go on. */
import type { Page } from 'playwright';
import { expect, stats, test, told } from '../../support/site/fixtures.ts';
import {
  breakIndexedDb,
  type IndexedDbFault,
  setIndexedDbFaults,
} from '../../support/page/indexeddb-faults.ts';
import { addsUp } from '../../support/page/in-page.ts';
import { type Log, readLog } from '../../support/page/outbox-database.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { flush, once, quiet, REFUSING, setVisibility, storageErrors, track } from './setup.ts';

/** Nothing of it works. */
const BROKEN: readonly IndexedDbFault[] = [
  { on: 'open', how: 'request', error: 'UnknownError' },
  { on: 'transaction', how: 'throw', error: 'InvalidStateError' },
];

/** After this long it is tried again. */
const TRIED_AGAIN_MS = 31_000;

/** The proxy, too, wants to be left alone: whatever happens meanwhile, it is not because of a request. */
const LATER = { does: { status: 503, headers: { 'Retry-After': '3600' } } };

const STORED = numbered(3, 'Stored');
const MEMORY = numbered(5, 'In memory');
const NEW = numbered(2, 'New');

/** Three events are stored, and then five are in memory. */
async function breakDown(page: Page): Promise<void> {
  expect(await track(page, STORED)).toEqual(STORED.map(() => 'stored'));
  await quiet(page);
  await setIndexedDbFaults(page, ...BROKEN);
  expect(await track(page, MEMORY)).toEqual(MEMORY.map(() => 'memory'));
  expect(await storageErrors(page)).toBe(1);
}

/** Names of the events that the log holds, in their order. */
const logged = (log: Log): readonly string[] =>
  log.flatMap(([, value]) =>
    ((value as { readonly events?: readonly { readonly json: string }[] }).events ?? []).map(
      ({ json }) => (JSON.parse(json) as { readonly event: string }).event,
    ),
  );

/** Ids that were told as stored, each as often as it was. */
const storedIds = async (page: Page): Promise<readonly string[]> =>
  (await told(page, 'stored')).flatMap(({ ids }) => ids ?? []);

test('at a call, 30 s later and not sooner: stored again, in their order, and safe from the page’s end', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await breakIndexedDb(page);
  await site.faults(LATER);
  await open();
  await breakDown(page);
  await setIndexedDbFaults(page);
  await page.clock.fastForward(20_000);
  expect(await track(page, ['Too soon'])).toEqual(['memory']);
  await page.clock.fastForward(TRIED_AGAIN_MS - 20_000);
  expect(await track(page, NEW)).toEqual(['stored', 'stored']);
  const all = [...STORED, ...MEMORY, 'Too soon', ...NEW];
  expect(logged(await readLog(page))).toEqual(all);
  expect(await stats(page)).toMatchObject({ tracked: 11, delivered: 0, pending: 11 });
  const ids = await storedIds(page);
  expect([ids.length, new Set(ids).size]).toEqual([11, 11]);
  expect(await storageErrors(page)).toBe(1);

  // As the wait of the proxy is over.
  await page.evaluate(() => localStorage.clear());
  await site.faults();
  await page.goto(`${site.origin}/next`);
  await expect.poll(() => standIn.names()).toEqual(all);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 11, delivered: 11, pending: 0 });
});

test('as the page becomes visible, without a call', async ({ open, page, site, standIn }) => {
  await page.clock.install();
  await breakIndexedDb(page);
  await site.faults(LATER);
  await open();
  await breakDown(page);
  await setIndexedDbFaults(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
  await setVisibility(page, 'hidden');
  await setVisibility(page, 'visible');
  await expect.poll(async () => logged(await readLog(page))).toEqual([...STORED, ...MEMORY]);
  await expect.poll(async () => (await storedIds(page)).length).toBe(8);
  expect(await stats(page)).toMatchObject({ tracked: 8, delivered: 0, pending: 8 });
  expect(await standIn.names()).toEqual([]);
});

test('while the proxy is up: 5 from memory, then 3 of the log and 2 new ones; 10 of 10 delivered once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await breakIndexedDb(page);
  await site.faults(REFUSING);
  await open();
  await breakDown(page);
  await site.faults();
  await flush(page);
  await expect.poll(() => standIn.names()).toEqual(MEMORY);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 8, delivered: 5, pending: 3 });
  await setIndexedDbFaults(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
  expect(await track(page, NEW)).toEqual(['stored', 'stored']);
  await flush(page);
  await expect.poll(() => standIn.names()).toEqual([...MEMORY, ...STORED, ...NEW]);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
  expect(addsUp(await stats(page))).toBe(true);
  await page.goto(`${site.origin}/next`);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, delivered: 0, pending: 0 });
  expect(await standIn.account([...STORED, ...MEMORY, ...NEW])).toEqual(once(10));
});

test('never opened before: 3 of an earlier page, 5 from memory and 2 new ones, 10 of 10 delivered once', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  const earlier = await open('/shop', {}, await context.newPage());
  await site.faults(LATER);
  await track(earlier, STORED);
  await quiet(earlier);
  await earlier.close();

  await page.clock.install();
  await breakIndexedDb(page, ...BROKEN);
  await open();
  expect(await track(page, MEMORY)).toEqual(MEMORY.map(() => 'memory'));
  expect(await stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
  await setIndexedDbFaults(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
  expect(await track(page, NEW)).toEqual(['stored', 'stored']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 10, delivered: 0, pending: 10 });
  await page.evaluate(() => localStorage.clear());
  await site.faults();
  await page.close();

  const later = await open('/shop', {}, await context.newPage());
  await expect.poll(() => standIn.account([...STORED, ...MEMORY, ...NEW])).toEqual(once(10));
  await expect.poll(() => stats(later)).toMatchObject({ tracked: 10, delivered: 10, pending: 0 });
});

test('tried again and still broken: not told a second time, and stored at the try after that, 9 of 9 delivered once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await breakIndexedDb(page);
  await site.faults(REFUSING);
  await open();
  await breakDown(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
  expect(await track(page, ['Still broken'])).toEqual(['memory']);
  await setIndexedDbFaults(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
  expect(await storageErrors(page)).toBe(1);
  await site.faults();
  await flush(page);
  const all = [...STORED, ...MEMORY, 'Still broken'];
  await expect.poll(() => standIn.account(all)).toEqual(once(9));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 9, delivered: 9, pending: 0 });
});

test('broken, whole, broken, whole: told twice, 21 of 21 delivered once, in their order', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await breakIndexedDb(page);
  await site.faults(LATER);
  await open();
  for (const turn of [1, 2]) {
    expect(await track(page, numbered(5, `Whole ${turn}`))).toEqual(numbered(5).map(() => 'stored'));
    await setIndexedDbFaults(page, ...BROKEN);
    expect(await track(page, numbered(5, `Broken ${turn}`))).toEqual(numbered(5).map(() => 'memory'));
    await setIndexedDbFaults(page);
    await page.clock.fastForward(TRIED_AGAIN_MS);
  }
  expect(await track(page, ['Last'])).toEqual(['stored']);
  expect(await stats(page)).toMatchObject({ tracked: 21, delivered: 0, pending: 21 });
  expect(await storageErrors(page)).toBe(2);
  await page.evaluate(() => localStorage.clear());
  await site.faults();
  await page.goto(`${site.origin}/next`);
  const all = [1, 2].flatMap((turn) => numbered(5, `Whole ${turn}`).concat(numbered(5, `Broken ${turn}`)));
  await expect.poll(() => standIn.names()).toEqual([...all, 'Last']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 21, delivered: 21, pending: 0 });
});

test('what was delivered and could not be removed is removed then, not sent again: 5 of 5 delivered once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.clock.install();
  await breakIndexedDb(page);
  await site.faults(REFUSING);
  await open();
  await track(page, numbered(5));
  await quiet(page);
  await setIndexedDbFaults(page, { on: 'delete', how: 'request', error: 'UnknownError' });
  await site.faults();
  await flush(page);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
  await setIndexedDbFaults(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
  expect(await track(page, ['New'])).toEqual(['stored']);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
  await page.goto(`${site.origin}/next`);
  await flush(page);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, delivered: 0, pending: 0 });
  expect(await standIn.account([...numbered(5), 'New'])).toEqual(once(6));
});

test('one of two tabs is broken: it sends by itself, and joins the other when it is whole, 8 of 8 delivered once', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  const other = await context.newPage();
  await open('/shop', {}, other);
  await page.clock.install();
  await breakIndexedDb(page, ...BROKEN);
  await open();
  expect(await track(page, MEMORY)).toEqual(MEMORY.map(() => 'memory'));
  expect(await track(other, ['Other'])).toEqual(['stored']);
  await expect.poll(() => standIn.account([...MEMORY, 'Other'])).toEqual(once(6));
  await site.faults(LATER);
  expect(await track(page, ['Waits'])).toEqual(['memory']);
  await quiet(page);
  await setIndexedDbFaults(page);
  await page.clock.fastForward(TRIED_AGAIN_MS);
  expect(await track(page, ['New'])).toEqual(['stored']);
  await site.faults();
  await page.close();
  await other.evaluate(() => localStorage.clear());
  await other.reload();
  await expect.poll(() => standIn.account([...MEMORY, 'Other', 'Waits', 'New'])).toEqual(once(8));
  await expect.poll(() => stats(other)).toMatchObject({ pending: 0 });
});

test.describe('the page leaves before it is whole again', () => {
  test('the proxy down: the next page takes it from the lifeboat, 8 of 8 delivered once', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await breakIndexedDb(page);
    await site.faults(REFUSING);
    await open();
    await breakDown(page);
    await page.goto(`${site.origin}/blank`);
    const boats = await page.evaluate(() =>
      Object.keys(localStorage).filter((key) => key.includes('lifeboat')),
    );
    expect(boats).toHaveLength(1);
    await site.faults();
    await page.goto(`${site.origin}/next`);
    await expect.poll(() => standIn.account([...STORED, ...MEMORY])).toEqual(once(8));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 8, delivered: 8, pending: 0 });
    await expect
      .poll(() => page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('lifeboat'))))
      .toEqual([]);
  });

  test('and the next page cannot use IndexedDB either: from page to page, until 5 of 5 are delivered once', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await breakIndexedDb(page, ...BROKEN);
    await site.faults(REFUSING);
    await open();
    expect(await track(page, MEMORY)).toEqual(MEMORY.map(() => 'memory'));
    await quiet(page);
    for (const name of ['/second', '/third']) {
      await page.goto(site.origin + name);
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 5, delivered: 0, pending: 5 });
      await quiet(page);
    }
    await site.faults();
    await flush(page);
    await expect.poll(() => standIn.names()).toEqual(MEMORY);
    await page.goto(`${site.origin}/fourth`);
    await expect.poll(() => storageErrors(page)).toBe(1);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 0, pending: 0 });
    expect(await standIn.account(MEMORY)).toEqual(once(5));
  });

  test('the proxy up, and nothing sent yet: 6 of 6 delivered beyond its end', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await breakIndexedDb(page, ...BROKEN);
    await open('/shop', { delivery: { flushIntervalMs: 60_000 } });
    await track(page, ['First']);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 1, delivered: 1, pending: 0 });
    expect(await track(page, MEMORY)).toEqual(MEMORY.map(() => 'memory'));
    await page.goto(`${site.origin}/blank`);
    await expect.poll(() => standIn.account(['First', ...MEMORY])).toEqual(once(6));
  });
});
