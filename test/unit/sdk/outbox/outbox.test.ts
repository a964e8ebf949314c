// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { settled, START_MS } from '../../../fakes/clock.ts';
import { events, outboxEvent, placeless } from '../../../fakes/events.ts';
import type { Fault } from '../../../fakes/faulty-store.ts';
import {
  BATCH,
  deleteDatabase,
  expectBalance,
  freshDatabase,
  idsOf,
  NOTHING,
  onDisk,
  openPage,
  openStore,
  type Page,
  rawContents,
  TURNS,
} from './setup.ts';

/** Waits until a write has begun; the write does not end. */
async function begun(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

describe('an outbox', () => {
  test('writes what one task of the page has tracked in one go, and says when it is safe', async () => {
    const { add, disk, stored } = openPage();
    expect(await add(events('e', 40))).toEqual(Array.from({ length: 40 }, () => 'indexeddb'));
    expect(disk.calls.filter((call) => call === 'append')).toHaveLength(1);
    expect(stored).toEqual([idsOf(events('e', 40))]);
  });

  test('has one write in flight at a time; the next takes all that has gathered', async () => {
    const { add, disk, stored } = openPage();
    await add(events('old', 1));
    const first = add(events('e', 1));
    await begun();
    const rest = add(events('f', 30));
    await Promise.all([first, rest]);
    expect(disk.calls.filter((call) => call === 'append')).toHaveLength(3);
    expect(stored.map(({ length }) => length)).toEqual([1, 1, 30]);
  });

  test('divides a burst into writes that do not hold up the page', async () => {
    const { add, outbox, stored } = openPage();
    await add(events('e', 2_500));
    expect(stored.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(idsOf(await outbox.oldest({ maxEvents: 5_000, maxBytes: 10_000_000 }))).toEqual(
      idsOf(events('e', 2_500)),
    );
  });

  test('counts an event from the moment it is taken', async () => {
    const { add, outbox } = openPage();
    const done = add(events('e', 3));
    expect(outbox.ledger()).toMatchObject({ tracked: 3, pending: 3 });
    await done;
    expect(outbox.ledger()).toMatchObject({ tracked: 3, pending: 3 });
    await outbox.settle(await outbox.oldest(BATCH), 'delivered');
    expect(outbox.ledger()).toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
  });

  test('knows which events would die with the page', async () => {
    const { add, outbox } = openPage();
    const done = add(events('e', 3));
    expect(idsOf(outbox.unsaved())).toEqual(['e1', 'e2', 'e3']);
    await Promise.resolve();
    await Promise.resolve();
    const more = add(events('f', 1));
    expect(idsOf(outbox.unsaved())).toEqual(['e1', 'e2', 'e3', 'f1']);
    await Promise.all([done, more]);
    expect(outbox.unsaved()).toEqual([]);
  });

  describe('of a page that leaves its events to a lifeboat', () => {
    /** Prepares a page that leaves while one event is being written and three events wait. */
    async function leaving(): Promise<{ readonly page: Page; readonly done: Promise<unknown> }> {
      const page = openPage();
      await page.add(events('old', 1));
      const first = page.add(events('e', 1));
      await begun();
      const done = Promise.all([first, page.add(events('f', 3))]);
      const saved = page.outbox.unsaved();
      expect(idsOf(saved)).toEqual(['e1', 'f1', 'f2', 'f3']);
      page.outbox.leave(saved.length);
      return { page, done };
    }
    const written = async (page: Page): Promise<readonly string[]> =>
      idsOf(
        await openStore(page.database)
          .oldest(BATCH, START_MS)
          .then((read) => read.events),
      );

    test('ends the write that has begun, and begins no other', async () => {
      const { page } = await leaving();
      await settled(TURNS);
      expect(await written(page)).toEqual(['old1', 'e1']);
    });

    test('writes the rest when it comes back, in order', async () => {
      const { page, done } = await leaving();
      await settled(TURNS);
      await page.outbox.comeBack(false);
      await done;
      expect(await written(page)).toEqual(['old1', 'e1', 'f1', 'f2', 'f3']);
    });

    test('writes nothing twice that another page has just taken out of the lifeboat', async () => {
      const { page, done } = await leaving();
      await openStore(page.database).append([...events('e', 1), ...events('f', 3)], START_MS, true);
      await page.outbox.comeBack(false);
      await done;
      expect(await written(page)).toEqual(['old1', 'e1', 'f1', 'f2', 'f3']);
    });

    test('leaves them to the page that has taken the lifeboat', async () => {
      const { page, done } = await leaving();
      await settled(TURNS);
      await page.outbox.comeBack(true);
      expect(await done).toEqual([['indexeddb'], ['memory', 'memory', 'memory']]);
      expect(await written(page)).toEqual(['old1', 'e1']);
    });

    test('goes on with what had no room in it, and with what comes later', async () => {
      const page = openPage();
      const done = page.add(events('e', 4));
      page.outbox.leave(2);
      await page.add(events('f', 1));
      expect(await written(page)).toEqual(['e3', 'e4', 'f1']);
      await page.outbox.comeBack(true);
      expect(await done).toHaveLength(4);
    });
  });

  test('says when all is written', async () => {
    const { add, outbox } = openPage();
    void add(events('e', 3));
    await outbox.written();
    expect(outbox.unsaved()).toEqual([]);
    await outbox.written();
  });

  test('says once what it held when the page came, whatever is added meanwhile', async () => {
    const database = freshDatabase();
    await openStore(database).append(events('old', 4), START_MS);
    const { add, outbox, opened } = openPage({ database });
    void add(events('e', 2));
    await outbox.written();
    expect(opened()).toMatchObject([{ tracked: 4, pending: 4 }]);
    expect(outbox.ledger()).toMatchObject({ tracked: 6, pending: 6 });
  });

  test('reads and writes nothing before an earlier one has deleted its database', async () => {
    let letGo = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { add, disk } = openPage({ ready });
    const done = add(events('e', 1));
    await settled(TURNS);
    expect(disk.opens()).toBe(0);
    letGo();
    expect(await done).toEqual(['indexeddb']);
  });

  test('tells what it had to give up', async () => {
    const { add, outbox, evicted } = openPage({ limits: { maxEvents: 3 } });
    await add(events('e', 2));
    await add(events('f', 3));
    expect(evicted).toEqual([
      { id: 'e1', reason: 'outbox-full' },
      { id: 'e2', reason: 'outbox-full' },
    ]);
    expectBalance(outbox.ledger());
  });

  test('does not call stored what it gave up with the very write', async () => {
    const { add, outbox, evicted, stored } = openPage({ limits: { maxEvents: 3 } });
    const receipts = add(events('e', 5));
    await outbox.written();
    expect(idsOf(evicted)).toEqual(['e1', 'e2']);
    expect(stored).toEqual([['e3', 'e4', 'e5']]);
    expect(await receipts).toHaveLength(5);
    expect(outbox.ledger()).toMatchObject({ tracked: 5, pending: 3, dropped: { 'outbox-full': 2 } });
  });

  test('tells what it gave up before it says that the write is done', async () => {
    const { add, evicted } = openPage({ limits: { maxEvents: 1 } });
    const [first, second] = events('e', 2);
    const told: (readonly string[])[] = [];
    await Promise.all(
      [first, second].flatMap((event) =>
        event ? [add([event]).then(() => void told.push(idsOf(evicted)))] : [],
      ),
    );
    expect(told).toEqual([['e1'], ['e1']]);
  });

  test('tells what has expired', async () => {
    const { add, outbox, evicted, clock } = openPage({ limits: { maxAgeMs: 1_000 } });
    await add(events('e', 1));
    await clock.advance(2_000);
    expect(await outbox.oldest(BATCH)).toEqual([]);
    expect(evicted).toEqual([{ id: 'e1', reason: 'expired' }]);
  });

  test('adopts those events of another page that it does not have, each once', async () => {
    const { add, outbox } = openPage();
    await add(events('e', 2));
    await Promise.all([outbox.adopt(events('e', 4)), outbox.adopt(events('e', 4))]);
    await outbox.adopt([]);
    expect(idsOf(await outbox.oldest(BATCH))).toEqual(['e1', 'e2', 'e3', 'e4']);
    expect(outbox.ledger()).toMatchObject({ tracked: 4, pending: 4 });
  });

  test('that two tabs bring the same events to has them once', async () => {
    const database = freshDatabase();
    const [one, other] = [openPage({ database }), openPage({ database })];
    await Promise.all([one.outbox.adopt(events('e', 5)), other.outbox.adopt(events('e', 5))]);
    expect(await onDisk(database)).toMatchObject({
      ids: idsOf(events('e', 5)),
      ledger: { tracked: 5, pending: 5 },
    });
  });

  test('learns what another tab has done', async () => {
    const { add, outbox, database } = openPage();
    await add(events('e', 2));
    await openStore(database).append(events('other', 3), START_MS);
    await outbox.refresh();
    expect(outbox.ledger()).toMatchObject({ tracked: 5, pending: 5 });
  });

  test('settles an event that was sent before it was written', async () => {
    const { add, outbox } = openPage();
    const added = add(events('e', 2));
    await outbox.settle(placeless(events('e', 2)), 'delivered');
    await added;
    expect(await outbox.oldest(BATCH)).toEqual([]);
    expect(outbox.ledger()).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
  });

  test('that is wiped says everything that it had, written or not, and that it is gone', async () => {
    const { add, outbox, database } = openPage();
    await add(events('e', 2));
    const late = add(events('f', 2));
    expect([...(await outbox.wipe())].sort()).toEqual(['e1', 'e2', 'f1', 'f2']);
    expect(await late).toEqual([undefined, undefined]);
    expect((await rawContents(database)).size).toBe(0);
    expect(outbox.ledger()).toMatchObject(NOTHING);
  });

  test('that is wiped after it was lost says nothing of it', async () => {
    const { add, outbox, database, lost } = openPage();
    await add(events('e', 2));
    await deleteDatabase(database);
    await outbox.wipe();
    void outbox.refresh();
    await settled(TURNS);
    expect(lost()).toBe(0);
    expect(outbox.ledger()).toMatchObject(NOTHING);
  });

  test('that is wiped brings nothing back, whatever comes late', async () => {
    const { add, outbox, database } = openPage();
    await add(events('e', 2));
    await outbox.wipe();
    await deleteDatabase(database);
    void outbox.adopt(events('boat', 2));
    void outbox.settle(placeless(events('e', 1)), 'delivered');
    void outbox.oldest(BATCH);
    await settled(TURNS);
    expect(await indexedDB.databases()).toEqual([]);
    expect(outbox.ledger()).toMatchObject(NOTHING);
  });

  test('in memory asks no database, and says so', async () => {
    const { add, outbox, disk } = openPage({ storage: 'memory' });
    expect(await add(events('e', 2))).toEqual(['memory', 'memory']);
    expect(outbox.storage()).toBe('memory');
    await outbox.settle(await outbox.oldest(BATCH), 'delivered');
    expect(outbox.ledger()).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
    expect(disk.opens()).toBe(0);
    expect(await indexedDB.databases()).toEqual([]);
  });

  test('in memory by the wish of the application saves nothing as the page leaves', async () => {
    const { add, outbox } = openPage({ storage: 'memory' });
    await add(events('e', 2));
    expect(outbox.unsaved()).toEqual([]);
  });

  test('sets no timer while it has nothing to do', async () => {
    const { add, outbox, clock } = openPage();
    await add(events('e', 2));
    await outbox.settle(await outbox.oldest(BATCH), 'delivered');
    expect(clock.timers()).toEqual([]);
  });
});

describe('when somebody deletes the database', () => {
  test('what this page has tracked and not sent is stored again, and counts add up', async () => {
    const { add, deliver, stats, outbox, database, lost } = openPage();
    await add(events('e', 5));
    expect(await deliver(2)).toEqual(['e1', 'e2']);
    await deleteDatabase(database);
    await add(events('f', 1));
    await outbox.written();
    await settled(TURNS);
    expect(lost()).toBe(1);
    expect([...(await onDisk(database)).ids].sort()).toEqual(['e3', 'e4', 'e5', 'f1']);
    expect(stats()).toMatchObject({ tracked: 6, delivered: 2, pending: 4, dropped: { storage: 0 } });
    expectBalance(stats());
    await deliver();
    expect(stats()).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
  });

  test('what an earlier page had left there, and nobody has, is dropped', async () => {
    const database = freshDatabase();
    await openStore(database).append(events('old', 5), START_MS);
    const { add, stats, outbox, clock } = openPage({ database });
    await add(events('e', 2));
    expect(stats()).toMatchObject({ tracked: 7, pending: 7 });
    await deleteDatabase(database);
    await outbox.refresh();
    await clock.advance(0);
    expect(stats()).toMatchObject({ tracked: 7, delivered: 0, pending: 2, dropped: { storage: 5 } });
    expectBalance(stats());
  });

  test('counts never become negative on a page that came when much had been delivered', async () => {
    const database = freshDatabase();
    const earlier = openStore(database);
    await earlier.append(events('old', 50), START_MS);
    await earlier.settle((await earlier.oldest(BATCH, START_MS)).events, 'delivered');
    const { add, deliver, stats, clock } = openPage({ database });
    await add(events('e', 1));
    await deleteDatabase(database);
    await add(events('f', 1));
    await clock.advance(0);
    expectBalance(stats());
    await deliver();
    expect(stats()).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
  });

  test.each([
    ['a write', async ({ add }: Page, time: number) => void (await add(events(`late${time}-`, 1)))],
    ['a look', async ({ outbox }: Page) => outbox.refresh()],
    ['a read', async ({ outbox }: Page) => void (await outbox.oldest(BATCH))],
    ['a delivery', async ({ outbox }: Page) => outbox.settle(placeless([outboxEvent('gone')]), 'delivered')],
  ])('it is noticed by %s, each time', async (_, act) => {
    const page = openPage();
    const { add, outbox, clock, database, lost, stats, deliver } = page;
    await add(events('e', 3));
    for (let time = 1; time <= 3; time++) {
      await deleteDatabase(database);
      await act(page, time);
      await clock.advance(0);
      await outbox.refresh();
      await clock.advance(0);
      expect(lost()).toBe(time);
      expectBalance(stats());
      expect(await onDisk(database)).toMatchObject({ ledger: { pending: stats().pending } });
    }
    expect(await deliver()).toContain('e3');
    expect(stats()).toMatchObject({ pending: 0, dropped: { storage: 0 } });
  });

  test('it is noticed again also where nothing was left to store', async () => {
    const { add, deliver, outbox, clock, database, stats, lost } = openPage();
    await add(events('e', 3));
    await deliver();
    await deleteDatabase(database);
    await outbox.refresh();
    await clock.advance(0);
    await add(events('f', 2));
    await deleteDatabase(database);
    await outbox.refresh();
    await clock.advance(0);
    expect(lost()).toBe(2);
    expect(stats()).toMatchObject({ tracked: 5, delivered: 3, pending: 2 });
    expect(await onDisk(database)).toMatchObject({ ids: ['f1', 'f2'] });
  });

  test.each([
    [
      'at once',
      async (...tabs: readonly Page[]) =>
        void (await Promise.all(tabs.map(({ outbox }) => outbox.refresh()))),
    ],
    [
      'one after the other',
      async (...tabs: readonly Page[]) => {
        for (const { outbox, clock } of tabs) {
          await outbox.refresh();
          await clock.advance(1_000);
        }
      },
    ],
  ])('two tabs that notice it %s bring back what each of them has, once', async (_, look) => {
    const database = freshDatabase();
    const [one, other] = [openPage({ database }), openPage({ database })];
    await one.add(events('a', 3));
    await other.add(events('b', 3));
    await one.outbox.refresh();
    await one.clock.advance(1_000);
    await deleteDatabase(database);
    await look(one, other);
    await one.clock.advance(0);
    await Promise.all([one.outbox.refresh(), other.outbox.refresh()]);
    expect([one.lost(), other.lost()]).toEqual([1, 1]);
    const { ids, ledger } = await onDisk(database);
    expect([...ids].sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
    expect(ledger).toMatchObject({ tracked: 6, pending: 6 });
    for (const { stats } of [one, other]) expectBalance(stats());
  });
});

describe.each(['throws', 'hangs'] as const)('when IndexedDB %s', (fault: Fault) => {
  test('from the beginning, events are kept in memory, in order, and every receipt says so', async () => {
    const page = openPage();
    page.disk.fail(fault);
    const { outbox, add, clock, fallbacks, stored } = page;
    const receipts = add(events('e', 3));
    await clock.advance(6_000);
    const late = add(events('f', 2));
    await clock.advance(1_000);
    expect(await receipts).toEqual(['memory', 'memory', 'memory']);
    expect(await late).toEqual(['memory', 'memory']);
    expect(fallbacks).toHaveLength(1);
    expect(stored.flat()).toEqual(['e1', 'e2', 'e3', 'f1', 'f2']);
    expect(idsOf(await outbox.oldest(BATCH))).toEqual(['e1', 'e2', 'e3', 'f1', 'f2']);
    await outbox.settle(await outbox.oldest(BATCH), 'delivered');
    expect(outbox.ledger()).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
  });

  test('in the middle, what it held still counts, and what comes then is kept in memory', async () => {
    const { outbox, add, clock, disk, fallbacks } = openPage();
    await add(events('e', 3));
    disk.fail(fault);
    const receipts = add(events('f', 2));
    await clock.advance(fault === 'hangs' ? 30_000 : 0);
    expect(await receipts).toEqual(['memory', 'memory']);
    expect(fallbacks).toHaveLength(1);
    expect(outbox.storage()).toBe('memory');
    expect(outbox.ledger()).toMatchObject({ tracked: 5, pending: 5 });
    expect(idsOf(outbox.unsaved())).toEqual(['f1', 'f2']);
    const readable = await outbox.oldest(BATCH);
    expect(idsOf(readable)).toEqual(['f1', 'f2']);
    await outbox.settle(readable, 'delivered');
    expect(outbox.ledger()).toMatchObject({ tracked: 5, delivered: 2, pending: 3 });
  });

  test('once, a fresh handle is tried, and nobody notices', async () => {
    const { add, clock, disk, fallbacks, loads, stored } = openPage();
    await add(events('e', 1));
    const before = disk.opens();
    disk.fail(fault, ['append'], 1);
    const receipts = add(events('f', 1));
    await clock.advance(10_000);
    expect(await receipts).toEqual(['indexeddb']);
    expect(stored).toEqual([['e1'], ['f1']]);
    expect([fallbacks.length, loads(), disk.opens() - before]).toEqual([0, 0, 1]);
  });

  test.each(['oldest', 'settle', 'ledger', 'append', 'wipe'] as const)(
    'only in "%s", nothing rejects, and counts add up',
    async (method) => {
      const { outbox, add, clock, disk, stats } = openPage();
      await add(events('e', 2));
      disk.fail(fault, [method]);
      const all = Promise.all([
        outbox.oldest(BATCH),
        outbox.settle(placeless(events('e', 1)), 'delivered'),
        outbox.refresh(),
        outbox.adopt(events('x', 1)),
        add(events('g', 1)),
      ]);
      await clock.advance(120_000);
      await all;
      expectBalance(outbox.ledger());
      expectBalance(stats());
      const gone = outbox.wipe();
      await clock.advance(120_000);
      await gone;
      expect(outbox.ledger()).toMatchObject(NOTHING);
    },
  );

  test('and it is wiped, nothing of what was in memory stays', async () => {
    const { outbox, add, clock, disk } = openPage();
    disk.fail(fault);
    void add(events('e', 3));
    await clock.advance(20_000);
    expect(await outbox.wipe()).toEqual(['e1', 'e2', 'e3']);
    expect(outbox.unsaved()).toEqual([]);
  });
});
