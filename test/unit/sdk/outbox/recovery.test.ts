// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { totalDropped } from '../../../../src/sdk/outbox/contract.ts';
import { settled, START_MS } from '../../../fakes/clock.ts';
import { events, outboxEvent, placeless } from '../../../fakes/events.ts';
import { faultyDatabase } from '../../../fakes/faulty-database.ts';
import { seeded } from '../../../fakes/random.ts';
import {
  BATCH,
  deleteDatabase,
  expectBalance,
  freshDatabase,
  idsOf,
  onDisk,
  openPage,
  openStore,
  type Page,
  rawErase,
  rawWrite,
  TURNS,
} from './setup.ts';

const HALF_A_MINUTE = 30_000;

const unhandled: unknown[] = [];
const note = (cause: unknown): void => void unhandled.push(cause);

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  await settled(TURNS);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** A page that has abandoned IndexedDB: `disk` events are stored there, the others wait in memory. */
async function inMemory(disk: number, memory: number, page: Page = openPage()): Promise<Page> {
  if (disk) await page.add(events('disk', disk));
  page.disk.fail('throws');
  expect(await page.add(events('memory', memory))).toEqual(Array.from({ length: memory }, () => 'memory'));
  expect(page.outbox.storage()).toBe('memory');
  return page;
}

/** Lets IndexedDB work again, and waits half a minute. */
async function heal({ disk, clock, outbox }: Page): Promise<void> {
  disk.fail(undefined);
  await clock.advance(HALF_A_MINUTE);
  await outbox.refresh();
  await clock.advance(0);
}

describe('a failure that passes', () => {
  test.each([1, 2, 3])('%i times, is noticed by nobody', async (times) => {
    const { add, disk, fallbacks, stored, database, loads } = openPage();
    await add(events('e', 1));
    disk.fail('throws', ['append'], times);
    expect(await add(events('f', 2))).toEqual(['indexeddb', 'indexeddb']);
    expect([fallbacks, stored, loads()]).toEqual([[], [['e1'], ['f1', 'f2']], times > 1 ? 1 : 0]);
    expect((await onDisk(database)).ids).toEqual(['e1', 'f1', 'f2']);
  });

  test.each([
    ['done, but throws', 1],
    ['done, but throws', 2],
    ['done, but throws', 3],
    ['done, but hangs', 1],
    ['done, but hangs', 2],
  ] as const)('(%s, %i times) does not double what is written', async (fault, times) => {
    const { add, disk, clock, stored, stats, database, deliver } = openPage();
    await add(events('e', 1));
    disk.fail(fault, ['append'], times);
    const receipts = add(events('f', 2));
    await clock.advance(20_000);
    expect(await receipts).toEqual(['indexeddb', 'indexeddb']);
    expect(stored).toEqual([['e1'], ['f1', 'f2']]);
    expect(await onDisk(database)).toMatchObject({
      ids: ['e1', 'f1', 'f2'],
      ledger: { tracked: 3, pending: 3 },
    });
    await deliver();
    expect(stats()).toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
  });

  test.each(['done, but throws', 'done, but hangs'] as const)(
    '(%s) does not count a delivery twice',
    async (fault) => {
      const { add, disk, clock, stats, outbox } = openPage();
      await add(events('e', 3));
      const sent = await outbox.oldest(BATCH);
      disk.fail(fault, ['settle'], 2);
      const done = outbox.settle(sent, 'delivered');
      await clock.advance(20_000);
      await done;
      expect(stats()).toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
    },
  );

  test('leaves no connection open that could hold up a page which deletes the database', async () => {
    const { add, disk, database } = openPage();
    await add(events('e', 1));
    disk.fail('throws', ['append'], 3);
    await add(events('f', 1));
    await deleteDatabase(database);
    expect(await indexedDB.databases()).toEqual([]);
  });
});

describe('what cannot be read', () => {
  const [one, two, three] = events('e', 3);

  /** Stores a log of five events in two records: e1, e2, e3, and f1, f2. */
  async function damaged(key: IDBValidKey, value: unknown): Promise<string> {
    const database = freshDatabase();
    await openStore(database).append(events('e', 3), START_MS);
    await openStore(database).append(events('f', 2), START_MS);
    if (value === undefined) await rawErase(database, key);
    else await rawWrite(database, key, value);
    return database;
  }

  test.each([
    ['a record that is none', 1, null, ['f1', 'f2']],
    ['a record that is a text', 2, 'x', ['e1', 'e2', 'e3']],
    ['a record without events', 1, { at: START_MS }, ['f1', 'f2']],
    [
      'the first event of a record',
      1,
      { at: START_MS, events: [null, two, three] },
      ['e2', 'e3', 'f1', 'f2'],
    ],
    [
      'the text of an event',
      1,
      { at: START_MS, events: [one, { ...two, json: 5 }, three] },
      ['e1', 'e3', 'f1', 'f2'],
    ],
    ['all events of a record', 1, { at: START_MS, events: [null, {}, 5] }, ['f1', 'f2']],
    ['the time of a record', 1, { events: [one, two, three] }, ['e1', 'e2', 'e3', 'f1', 'f2']],
  ] as const)('is taken out, and the rest goes on: %s', async (_, key, value, left) => {
    const database = await damaged(key, value);
    const { outbox, stats, unreadable, fallbacks, add, deliver, clock } = openPage({ database });
    expect(idsOf(await outbox.oldest(BATCH))).toEqual(left);
    const gone = 5 - left.length;
    expect(unreadable).toEqual(gone ? [gone] : []);
    expect(stats()).toMatchObject({
      tracked: 5,
      delivered: 0,
      pending: left.length,
      dropped: { storage: gone },
    });
    expect(await add(events('g', 1))).toEqual(['indexeddb']);
    expect(await deliver()).toEqual([...left, 'g1']);
    expect(stats()).toMatchObject({ tracked: 6, pending: 0, delivered: left.length + 1 });
    expect([outbox.storage(), fallbacks, clock.timers()]).toEqual(['indexeddb', [], []]);
    expectBalance(outbox.ledger());
  });

  test.each([
    ['is lost', undefined],
    ['is none', 'x'],
    ['has wrong sums', { tracked: 9, delivered: 0, pending: 5, bytes: 1, dropped: {}, nextPlace: 3 }],
    ['has no numbers', { tracked: null, delivered: {}, pending: '5', bytes: Number.NaN, dropped: [] }],
  ])('is made anew where it is the head that %s, and no event is lost', async (_, value) => {
    const database = await damaged('head', value);
    const { outbox, stats, unreadable, add, deliver, fallbacks } = openPage({ database });
    expect(await add(events('g', 1))).toEqual(['indexeddb']);
    expect(await deliver()).toEqual(['e1', 'e2', 'e3', 'f1', 'f2', 'g1']);
    expect([unreadable, fallbacks]).toEqual([[], []]);
    expect(stats()).toMatchObject({ tracked: 6, delivered: 6, pending: 0, dropped: { storage: 0 } });
    expectBalance(outbox.ledger());
  });

  test('is made anew where the head is lost, also by a page that only sends', async () => {
    const database = await damaged('head', undefined);
    const { outbox, stats, unreadable, deliver, fallbacks } = openPage({ database });
    expect(await deliver(4)).toEqual(['e1', 'e2', 'e3', 'f1']);
    expectBalance(outbox.ledger());
    expectBalance(stats());
    expect(await deliver()).toEqual(['f2']);
    expectBalance(outbox.ledger());
    expectBalance(stats());
    expect([unreadable, fallbacks, stats().pending]).toEqual([[], [], 0]);
  });

  test('is made anew where the page has read the head before, with all that it had counted', async () => {
    const { add, deliver, stats, database, outbox } = openPage();
    await add(events('e', 4));
    await deliver(1);
    await deliver(1, 'rejected');
    await rawErase(database, 'head');
    await add(events('f', 1));
    expect(stats()).toMatchObject({
      tracked: 5,
      delivered: 1,
      pending: 3,
      dropped: { rejected: 1, storage: 0 },
    });
    expect(idsOf(await outbox.oldest(BATCH))).toEqual(['e3', 'e4', 'f1']);
  });

  test.each([
    ['too few events', { pending: 1, tracked: 1 }],
    ['too many events', { pending: 50, tracked: 50 }],
  ])('is put right, at the latest with the last event, where the head counts %s', async (_, wrong) => {
    const database = freshDatabase();
    const store = openStore(database);
    await store.append(events('e', 3), START_MS);
    await rawWrite(database, 'head', { ...(await store.ledger()), ...wrong });
    const { deliver, outbox, stats } = openPage({ database });
    const all: string[] = [];
    for (let i = 0; i < 3; i++) all.push(...(await deliver(2)));
    expect(all).toEqual(['e1', 'e2', 'e3']);
    expectBalance(outbox.ledger());
    expectBalance(stats());
    expect(stats()).toMatchObject({ pending: 0 });
  });

  test('is counted as gone, at the latest with the last event, where a record is lost', async () => {
    const { deliver, unreadable, stats } = openPage({ database: await damaged(1, undefined) });
    expect(await deliver()).toEqual(['f1', 'f2']);
    expect(await deliver()).toEqual([]);
    expect(unreadable).toEqual([3]);
    expect(stats()).toMatchObject({ tracked: 5, delivered: 2, pending: 0, dropped: { storage: 3 } });
  });

  test('is put right where the head would write over a record', async () => {
    const database = freshDatabase();
    const store = openStore(database);
    await store.append(events('e', 3), START_MS);
    await rawWrite(database, 'head', { ...(await store.ledger()), nextPlace: 1 });
    const { add, deliver, unreadable, stats } = openPage({ database });
    expect(await add(events('f', 2))).toEqual(['indexeddb', 'indexeddb']);
    expect(await deliver()).toEqual(['e1', 'e2', 'e3', 'f1', 'f2']);
    expect([unreadable, stats().pending]).toEqual([[], 0]);
  });

  test('is taken out where the browser itself cannot read it', async () => {
    const database = await damaged('other', 'does not matter');
    const faulty = faultyDatabase();
    faulty.spoil(1);
    const { outbox, unreadable, stats, fallbacks, deliver } = openPage({ database });
    expect(idsOf(await outbox.oldest(BATCH))).toEqual(['f1', 'f2']);
    expect([unreadable, fallbacks]).toEqual([[3], []]);
    expect(stats()).toMatchObject({ tracked: 5, pending: 2, dropped: { storage: 3 } });
    expect(await deliver()).toEqual(['f1', 'f2']);
  });

  test('is not taken out where the browser can read nothing at all: it may be able to again', async () => {
    const database = await damaged('other', 'does not matter');
    const faulty = faultyDatabase();
    for (const key of [1, 2, 'head', 'other']) faulty.spoil(key);
    const page = openPage({ database });
    expect(await page.add(events('g', 1))).toEqual(['memory']);
    expect([page.unreadable, page.fallbacks.length]).toEqual([[], 1]);
    faulty.heal();
    await heal(page);
    expect((await onDisk(database)).ids).toEqual(['e1', 'e2', 'e3', 'f1', 'f2', 'g1']);
    expect(page.stats()).toMatchObject({ tracked: 6, pending: 6, dropped: { storage: 0 } });
  });

  test('is told and counted once, however many calls find it at once', async () => {
    const database = await damaged(1, null);
    const { outbox, add, stats, unreadable, fallbacks } = openPage({ database });
    const [first, second] = await Promise.all([
      outbox.oldest(BATCH),
      outbox.oldest(BATCH),
      outbox.refresh(),
      outbox.adopt(events('x', 2)),
      add(events('g', 2)),
      outbox.settle(placeless(events('f', 1)), 'delivered'),
    ]);
    expect([first, second].flat().every(({ id }) => !id.startsWith('e'))).toBe(true);
    expect([unreadable, fallbacks]).toEqual([[3], []]);
    await outbox.refresh();
    expect(stats()).toMatchObject({ tracked: 9, delivered: 1, pending: 5, dropped: { storage: 3 } });
    expect([...(await onDisk(database)).ids].sort()).toEqual(['f2', 'g1', 'g2', 'x1', 'x2']);
  });

  test('leaves no connection open where taking it out fails, too', async () => {
    const disk = faultyDatabase();
    const database = await damaged(1, null);
    const { outbox } = openPage({ database });
    // Reading fails, also with new handles; then the search for the unreadable record fails.
    disk.refuse(0, 7);
    await outbox.oldest(BATCH);
    expect(disk.refused()).toBe(true);
    await deleteDatabase(database);
    expect(await indexedDB.databases()).toEqual([]);
  });

  test('leaves no connection open that could hold up a page which deletes the database', async () => {
    const database = await damaged(1, null);
    const { outbox } = openPage({ database });
    await outbox.oldest(BATCH);
    await deleteDatabase(database);
    expect(await indexedDB.databases()).toEqual([]);
  });
});

describe('while IndexedDB is given up', () => {
  test('what waits in memory is what the page would take with it, and nothing else is', async () => {
    const { outbox, deliver } = await inMemory(3, 2);
    expect(idsOf(outbox.unsaved())).toEqual(['memory1', 'memory2']);
    await deliver(1);
    expect(idsOf(outbox.unsaved())).toEqual(['memory2']);
  });

  test('it is told once, when the counts are right', async () => {
    const page = openPage();
    await page.add(events('e', 4));
    page.disk.fail('throws');
    await page.add(events('f', 1));
    await page.add(events('g', 1));
    expect(page.fallbacks).toHaveLength(1);
    expect(page.stats()).toMatchObject({ tracked: 6, pending: 6 });
  });

  test('it is asked again after half a minute, not sooner, and only when there is something to do', async () => {
    const { disk, clock, outbox, add } = await inMemory(1, 1);
    const before = disk.calls.length;
    await clock.advance(HALF_A_MINUTE - 1);
    await outbox.refresh();
    await add(events('f', 1));
    expect([disk.calls.length - before, clock.timers()]).toEqual([0, []]);
    await clock.advance(1);
    expect(disk.calls.length - before).toBe(0);
    await outbox.refresh();
    expect(disk.calls.length - before).toBeGreaterThan(0);
    const after = disk.calls.length;
    await outbox.refresh();
    expect(disk.calls.length).toBe(after);
    await clock.advance(HALF_A_MINUTE);
    await outbox.refresh();
    expect(disk.calls.length).toBeGreaterThan(after);
    expect(outbox.storage()).toBe('memory');
  });

  test('it is asked again also when the clock was set back', async () => {
    const { disk, clock, outbox } = await inMemory(1, 1);
    disk.fail(undefined);
    clock.set(START_MS - 365 * 86_400_000);
    await outbox.refresh();
    expect(outbox.storage()).toBe('indexeddb');
  });

  test('it is not asked again while requests carry events, whose places would be others', async () => {
    const page = await inMemory(1, 2);
    page.setSending(true);
    await heal(page);
    expect(page.outbox.storage()).toBe('memory');
    page.setSending(false);
    await page.outbox.refresh();
    expect(page.outbox.storage()).toBe('indexeddb');
  });

  test('memory by the wish of the application stays memory', async () => {
    const page = openPage({ storage: 'memory' });
    await page.add(events('e', 2));
    await heal(page);
    await page.add(events('f', 1));
    expect([page.outbox.storage(), page.disk.opens(), await indexedDB.databases()]).toEqual([
      'memory',
      0,
      [],
    ]);
  });
});

describe('when IndexedDB works again', () => {
  test('what waits in memory moves there, behind what was there, and is told as stored', async () => {
    const page = await inMemory(3, 2);
    const { outbox, stored, add, stats, database, clock } = page;
    await heal(page);
    expect(outbox.storage()).toBe('indexeddb');
    expect(stored.at(-1)).toEqual(['memory1', 'memory2']);
    expect(outbox.unsaved()).toEqual([]);
    expect(await add(events('late', 1))).toEqual(['indexeddb']);
    expect((await onDisk(database)).ids).toEqual(['disk1', 'disk2', 'disk3', 'memory1', 'memory2', 'late1']);
    expect(stats()).toMatchObject({ tracked: 6, pending: 6 });
    expect(clock.timers()).toEqual([]);
  });

  test('what has left meanwhile is counted there, too', async () => {
    const page = await inMemory(3, 6);
    const { deliver, stats, database, outbox } = page;
    await deliver(2);
    await deliver(1, 'rejected');
    await deliver(1, 'too-large');
    const before = stats();
    await heal(page);
    expect(stats()).toEqual(before);
    expect(stats()).toMatchObject({
      tracked: 9,
      delivered: 2,
      pending: 5,
      dropped: { rejected: 1, 'too-large': 1 },
    });
    expectBalance(outbox.ledger());
    expect(await onDisk(database)).toMatchObject({
      ids: ['disk1', 'disk2', 'disk3', 'memory5', 'memory6'],
      ledger: { tracked: 9, delivered: 2, pending: 5, dropped: { rejected: 1, 'too-large': 1 } },
    });
    expect(await deliver()).toHaveLength(5);
    expect(stats()).toMatchObject({ tracked: 9, delivered: 7, pending: 0 });
  });

  test('where nothing waits in memory any more, only the counts move', async () => {
    const page = await inMemory(2, 3);
    await page.deliver();
    await heal(page);
    expect(page.stats()).toMatchObject({ tracked: 5, delivered: 3, pending: 2 });
    expect(await onDisk(page.database)).toMatchObject({
      ids: ['disk1', 'disk2'],
      ledger: { tracked: 5, delivered: 3 },
    });
  });

  describe('what was read there and settled while it was away', () => {
    async function owing(settle: (page: Page) => Promise<unknown>): Promise<Page> {
      const page = openPage();
      await page.add(events('disk', 4));
      const sent = await page.outbox.oldest({ maxEvents: 2, maxBytes: 100_000 });
      page.disk.fail('throws');
      await page.settle(sent);
      expect(page.outbox.storage()).toBe('memory');
      expect(page.stats()).toMatchObject({ tracked: 4, delivered: 2, pending: 2 });
      await settle(page);
      return page;
    }

    test('is counted once, and not sent again', async () => {
      const page = await owing(async () => undefined);
      await heal(page);
      expect(page.stats()).toMatchObject({ tracked: 4, delivered: 2, pending: 2 });
      expect(await onDisk(page.database)).toMatchObject({
        ids: ['disk3', 'disk4'],
        ledger: { tracked: 4, delivered: 2, pending: 2 },
      });
      expect(await page.deliver()).toEqual(['disk3', 'disk4']);
    });

    test('as something else than delivered is counted as that', async () => {
      const page = await owing(({ settle }) => settle(placeless(events('disk', 1, 3)), 'rejected'));
      expect(page.stats()).toMatchObject({ delivered: 2, pending: 1, dropped: { rejected: 1 } });
      await heal(page);
      expect(page.stats()).toMatchObject({ tracked: 4, delivered: 2, pending: 1, dropped: { rejected: 1 } });
      expect((await onDisk(page.database)).ids).toEqual(['disk4']);
    });

    test('is counted once also where another tab has sent it, too', async () => {
      const page = await owing(async ({ database }) => {
        const other = openStore(database);
        const { events: found } = await other.oldest(BATCH, START_MS);
        await other.settle(found.slice(0, 3), 'delivered');
      });
      await heal(page);
      expect(page.stats()).toMatchObject({ tracked: 4, delivered: 3, pending: 1 });
      expect((await onDisk(page.database)).ids).toEqual(['disk4']);
    });

    test('goes together with what came and went in memory', async () => {
      const page = await owing(async ({ add, deliver }) => {
        await add(events('memory', 3));
        await deliver(2);
      });
      await heal(page);
      expect(page.stats()).toMatchObject({ tracked: 7, delivered: 4, pending: 3 });
      expect(await onDisk(page.database)).toMatchObject({
        ids: ['disk3', 'disk4', 'memory3'],
        ledger: { tracked: 7, delivered: 4, pending: 3 },
      });
    });
  });

  describe('what seemed not to be written there, and was', () => {
    /** The page abandons IndexedDB because a write seemed to fail, although it succeeded. */
    async function twice(): Promise<Page> {
      const page = openPage();
      await page.add(events('disk', 1));
      page.disk.fail('done, but throws');
      expect(await page.add(events('e', 3))).toEqual(['memory', 'memory', 'memory']);
      expect(page.stats()).toMatchObject({ tracked: 4, pending: 4 });
      return page;
    }

    test('is not there twice', async () => {
      const page = await twice();
      await heal(page);
      expect(page.stats()).toMatchObject({ tracked: 4, pending: 4 });
      expect((await onDisk(page.database)).ids).toEqual(['disk1', 'e1', 'e2', 'e3']);
    });

    test('is not sent again, nor counted again, if it was delivered from memory', async () => {
      const page = await twice();
      expect(await page.deliver(2)).toEqual(['e1', 'e2']);
      await heal(page);
      expect((await onDisk(page.database)).ids).toEqual(['disk1', 'e3']);
      expect(page.stats()).toMatchObject({ tracked: 4, delivered: 2, pending: 2 });
    });
  });

  describe('after it was never open on this page', () => {
    test('what earlier pages had left there is found then, and counts as new', async () => {
      const database = freshDatabase();
      const earlier = openStore(database);
      await earlier.append(events('old', 10), START_MS);
      const { events: sent } = await earlier.oldest({ maxEvents: 6, maxBytes: 100_000 }, START_MS);
      await earlier.settle(sent, 'delivered');
      const page = openPage({ database });
      page.disk.fail('throws');
      await page.add(events('e', 3));
      await page.deliver(1);
      expect(page.opened()).toEqual([]);
      expect(page.stats()).toMatchObject({ tracked: 3, delivered: 1, pending: 2 });
      await heal(page);
      expect(page.opened()).toMatchObject([{ tracked: 10, delivered: 6, pending: 4 }]);
      expect(page.stats()).toMatchObject({ tracked: 7, delivered: 1, pending: 6 });
      expectBalance(page.stats());
      expect((await onDisk(database)).ids).toEqual(['old7', 'old8', 'old9', 'old10', 'e2', 'e3']);
    });

    test('where nothing was there, it begins with what waits', async () => {
      const page = await inMemory(0, 3);
      await page.deliver(1);
      await heal(page);
      expect(page.lost()).toBe(0);
      expect(page.stats()).toMatchObject({ tracked: 3, delivered: 1, pending: 2 });
      expect(await onDisk(page.database)).toMatchObject({ ids: ['memory2', 'memory3'] });
    });

    test('where it hung from the beginning, too', async () => {
      const page = openPage();
      page.disk.fail('hangs');
      const receipts = page.add(events('e', 3));
      await page.clock.advance(6_000);
      expect(await receipts).toEqual(['memory', 'memory', 'memory']);
      await heal(page);
      expect(await page.add(events('f', 1))).toEqual(['indexeddb']);
      expect((await onDisk(page.database)).ids).toEqual(['e1', 'e2', 'e3', 'f1']);
      expect(page.stats()).toMatchObject({ tracked: 4, pending: 4 });
    });
  });

  describe('after somebody has deleted it', () => {
    test('all that this page knows is there again, in counts that add up', async () => {
      const page = await inMemory(4, 3);
      await page.deliver(1);
      await deleteDatabase(page.database);
      await heal(page);
      expect(page.lost()).toBe(1);
      expect(page.stats()).toMatchObject({ tracked: 7, delivered: 1, pending: 6, dropped: { storage: 0 } });
      expectBalance(page.stats());
      const { ids, ledger } = await onDisk(page.database);
      expect([...ids].sort()).toEqual(['disk1', 'disk2', 'disk3', 'disk4', 'memory2', 'memory3']);
      expectBalance(ledger);
      await page.deliver();
      expect(page.stats()).toMatchObject({ tracked: 7, delivered: 7, pending: 0 });
    });

    test('what nobody has any more is dropped', async () => {
      const database = freshDatabase();
      await openStore(database).append(events('old', 4), START_MS);
      const page = await inMemory(1, 2, openPage({ database }));
      await deleteDatabase(database);
      await heal(page);
      expect(page.stats()).toMatchObject({ tracked: 7, delivered: 0, pending: 3, dropped: { storage: 4 } });
      expectBalance(page.stats());
    });

    test('what was settled meanwhile stays settled', async () => {
      const page = openPage();
      await page.add(events('disk', 3));
      const sent = await page.outbox.oldest({ maxEvents: 2, maxBytes: 100_000 });
      page.disk.fail('throws');
      await page.settle(sent);
      await deleteDatabase(page.database);
      await heal(page);
      expectBalance(page.stats());
      expect(page.stats()).toMatchObject({ tracked: 3, delivered: 2, pending: 1 });
      expect((await onDisk(page.database)).ids).toEqual(['disk3']);
    });

    test('where nothing waited at all, nothing is lost', async () => {
      const page = openPage();
      await page.add(events('disk', 2));
      await page.deliver();
      page.disk.fail('throws');
      await page.outbox.refresh();
      await deleteDatabase(page.database);
      await heal(page);
      expect(page.stats()).toMatchObject({ tracked: 2, delivered: 2, pending: 0, dropped: { storage: 0 } });
      await page.add(events('e', 1));
      expect(page.stats()).toMatchObject({ tracked: 3, delivered: 2, pending: 1 });
    });
  });

  test('what it has no room for any more is given up, oldest first, and told', async () => {
    const page = openPage({ limits: { maxEvents: 4 } });
    await inMemory(3, 3, page);
    await heal(page);
    expect(page.evicted).toEqual([
      { id: 'disk1', reason: 'outbox-full' },
      { id: 'disk2', reason: 'outbox-full' },
    ]);
    expect(page.stats()).toMatchObject({ tracked: 6, pending: 4, dropped: { 'outbox-full': 2 } });
    expectBalance(page.stats());
  });

  test('and fails again, and works again, nothing is lost and everything is told', async () => {
    const page = openPage();
    for (let round = 1; round <= 3; round++) {
      page.disk.fail('throws');
      await page.add(events(`r${round}-`, 2));
      await page.deliver(1);
      expect(page.outbox.storage()).toBe('memory');
      await heal(page);
      expect(page.outbox.storage()).toBe('indexeddb');
      expect(page.fallbacks).toHaveLength(round);
      expect(page.stats()).toMatchObject({ tracked: round * 2, delivered: round, pending: round });
    }
    expect((await onDisk(page.database)).ids).toEqual(['r1-2', 'r2-2', 'r3-2']);
    expect(page.loads()).toBe(1);
  });

  test('calls that come while things move wait, and find everything', async () => {
    const page = await inMemory(2, 2);
    const { disk, clock, outbox, add, stats, database, stored } = page;
    disk.fail(undefined);
    const letGo = faultyDatabase().holdOpen();
    await clock.advance(HALF_A_MINUTE);
    const moving = outbox.refresh();
    await settled(TURNS);
    const receipts = add(events('while', 2));
    const read = outbox.oldest(BATCH);
    const settling = outbox.settle(placeless(events('disk', 1)), 'delivered');
    const adopting = outbox.adopt(events('boat', 1));
    await settled(TURNS);
    expect(new Set(idsOf(outbox.unsaved()))).toEqual(new Set(['memory1', 'memory2', 'while1', 'while2']));
    expectBalance(stats());
    letGo();
    await Promise.all([moving, settling, adopting]);
    expect(await receipts).toEqual(['indexeddb', 'indexeddb']);
    expect(idsOf(await read)).toEqual(expect.arrayContaining(['disk2', 'memory1', 'memory2']));
    expect(stored.flat()).toEqual(expect.arrayContaining(['memory1', 'memory2', 'while1', 'while2']));
    await outbox.refresh();
    expect([...(await onDisk(database)).ids].sort()).toEqual([
      'boat1',
      'disk2',
      'memory1',
      'memory2',
      'while1',
      'while2',
    ]);
    expect(stats()).toMatchObject({ tracked: 7, delivered: 1, pending: 6 });
    expect(outbox.unsaved()).toEqual([]);
  });
});

describe('when it fails again as things move', () => {
  test.each([
    ['they are moved all the same', 1, 'indexeddb'],
    ['and when that is put right, they stay in memory until the next time', 2, 'memory'],
  ])('at any request, %s, and nothing is doubled', async (_, times, storage) => {
    const faulty = faultyDatabase();
    let isOver = false;
    for (let after = 0; !isOver; after++) {
      const page = openPage();
      const { add, disk, clock, outbox, stats, stored, deliver } = page;
      await add(events('disk', 3));
      const sent = await outbox.oldest({ maxEvents: 1, maxBytes: 100_000 });
      disk.fail('throws');
      await page.settle(sent);
      await add(events('memory', 3));
      await deliver(1);
      const before = stats();
      disk.fail(undefined);
      faulty.refuse(after, times);
      await clock.advance(HALF_A_MINUTE);
      await outbox.refresh();
      await settled(TURNS);
      // A request that fails after the move belongs to another transaction.
      const isMoved = stored.some((ids) => ids.includes('memory3') && !ids.includes('memory1'));
      isOver = storage === 'memory' ? isMoved : !faulty.refused();
      faulty.heal();
      if (!isOver) {
        expect(outbox.storage(), `request ${after}`).toBe(storage);
        expect(stats()).toEqual(before);
        expect(idsOf(outbox.unsaved())).toEqual(storage === 'memory' ? ['memory2', 'memory3'] : []);
        expect(await add(events('late', 1))).toEqual([storage]);
        // With memory storage, the oldest event is still in memory.
        expect(await deliver(1)).toEqual([storage === 'memory' ? 'memory2' : 'disk2']);
        await heal(page);
        if (storage === 'memory') expect(stored.at(-1)).toEqual(['memory3', 'late1']);
        const waiting = storage === 'memory' ? ['disk2', 'disk3'] : ['disk3', 'memory2'];
        expect((await onDisk(page.database)).ids).toEqual([...waiting, 'memory3', 'late1']);
        expect(stats()).toMatchObject({ tracked: 7, delivered: 3, pending: 4 });
        await deliver();
        expect(stats()).toMatchObject({ tracked: 7, delivered: 7, pending: 0 });
        expectBalance((await onDisk(page.database)).ledger);
      } else expect(after).toBeGreaterThan(10);
    }
  });

  test('a move that was given up and comes to its end after all does no harm', async () => {
    const page = await inMemory(1, 3);
    const { disk, clock, outbox, stats, database, deliver } = page;
    await deliver(1);
    disk.fail(undefined);
    const letGo = faultyDatabase().holdOpen();
    await clock.advance(HALF_A_MINUTE);
    const tried = outbox.refresh();
    await clock.advance(10_000);
    await tried;
    expect(outbox.storage()).toBe('memory');
    letGo();
    await settled(TURNS);
    expect(await deliver(1)).toEqual(['memory2']);
    expect(stats()).toMatchObject({ tracked: 4, delivered: 2, pending: 2 });
    await heal(page);
    expect(outbox.storage()).toBe('indexeddb');
    expect(await onDisk(database)).toMatchObject({
      ids: ['disk1', 'memory3'],
      ledger: { tracked: 4, delivered: 2, pending: 2 },
    });
    expect(stats()).toMatchObject({ tracked: 4, delivered: 2, pending: 2 });
  });
});

describe('when the file of the recovery is missing', () => {
  test('nothing rejects, what was taken waits, and is written when the file is there', async () => {
    const { add, outbox, disk, clock, setMissing, stats, fallbacks, loads } = openPage();
    await add(events('e', 1));
    setMissing(true);
    disk.fail('throws');
    const receipts = add(events('f', 2));
    const others = Promise.all([outbox.refresh(), outbox.oldest(BATCH), outbox.settle([], 'delivered')]);
    await clock.advance(HALF_A_MINUTE - 1);
    expect([loads(), fallbacks.length]).toEqual([1, 1]);
    expect(idsOf(outbox.unsaved())).toEqual(['f1', 'f2']);
    expect(stats()).toMatchObject({ tracked: 3, pending: 3 });
    setMissing(false);
    await clock.advance(1);
    expect(await receipts).toEqual(['memory', 'memory']);
    await others;
    expect([loads(), clock.timers()]).toEqual([2, []]);
    expect(stats()).toMatchObject({ tracked: 3, pending: 3 });
  });

  test('and IndexedDB works again, it is not missed', async () => {
    const { add, disk, clock, setMissing, stats, database, outbox } = openPage();
    setMissing(true);
    disk.fail('throws');
    const receipts = add(events('e', 2));
    await clock.advance(1_000);
    disk.fail(undefined);
    await clock.advance(HALF_A_MINUTE);
    expect(await receipts).toEqual(['indexeddb', 'indexeddb']);
    expect([outbox.storage(), (await onDisk(database)).ids]).toEqual(['indexeddb', ['e1', 'e2']]);
    expect(stats()).toMatchObject({ tracked: 2, pending: 2 });
  });
});

describe('whatever fails', () => {
  const FAULTS = [undefined, 'throws', 'hangs', 'done, but throws', 'done, but hangs'] as const;
  const METHODS = ['append', 'oldest', 'settle', 'ledger'] as const;

  test.each(Array.from({ length: 30 }, (_, i) => i + 1))(
    'every receipt resolves, nothing is lost, and counts add up after every step: seed %i',
    async (seed) => {
      const random = seeded(seed);
      const page = openPage({ limits: { maxEvents: 40 + random.below(60) } });
      const { add, outbox, clock, disk, evicted, stats } = page;
      const receipts: Promise<unknown>[] = [];
      const delivered = new Set<string>();
      let sending: Promise<void> | undefined;
      let count = 0;
      for (let step = 0; step < 60; step++) {
        const roll = random.below(10);
        if (roll < 4) {
          const more = events('e', 1 + random.below(6), count + 1);
          count += more.length;
          receipts.push(add(more));
        } else if (roll < 6) {
          sending ??= page.deliver(1 + random.below(20)).then((ids) => {
            for (const id of ids) delivered.add(id);
            sending = undefined;
          });
        } else if (roll === 6) {
          const fault = random.pick(FAULTS);
          disk.fail(fault, random.chance(0.5) ? undefined : [random.pick(METHODS)], 1 + random.below(8));
        } else await clock.advance(random.below(random.chance(0.2) ? 40_000 : 3_000));
        expectBalance(stats());
      }
      disk.fail(undefined);
      for (let i = 0; i < 5; i++) await clock.advance(HALF_A_MINUTE);
      await Promise.all([...receipts, sending]);
      await outbox.refresh();
      expect(outbox.storage()).toBe('indexeddb');
      expect(outbox.unsaved()).toEqual([]);
      const { ids, ledger } = await onDisk(page.database);
      const known = new Set([...delivered, ...idsOf(evicted), ...ids]);
      // Events that expire or are evicted in a write without a result are counted, but cannot be reported by
      // id.
      const untold = totalDropped(stats().dropped) - evicted.length;
      expect(count - known.size).toBe(untold);
      expectBalance(ledger);
      expectBalance(stats());
      expect(stats()).toMatchObject({ tracked: count, pending: ids.length });
    },
  );

  test('a page with no IndexedDB at all works', async () => {
    const database = freshDatabase();
    Reflect.deleteProperty(globalThis, 'indexedDB');
    const page = openPage({ database });
    expect(await page.add([outboxEvent('e1')])).toEqual(['memory']);
    expect(await page.deliver()).toEqual(['e1']);
    await page.clock.advance(HALF_A_MINUTE);
    expect(await page.add([outboxEvent('e2')])).toEqual(['memory']);
    expect(page.stats()).toMatchObject({ tracked: 2, delivered: 1, pending: 1 });
  });
});
