// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Eviction, Ledger, Limits, Store } from '../../../src/outbox/contract.ts';
import { memoryTransactions } from '../../../src/outbox/memory.ts';
import { createOutbox, type Outbox, type Storage } from '../../../src/outbox/outbox.ts';
import { createStore } from '../../../src/outbox/store.ts';
import { type FakeClock, fakeClock, settled, START_MS } from '../../fakes/clock.ts';
import { events, placeless } from '../../fakes/events.ts';
import { type Fault, type FaultyStore, faultyStore } from '../../fakes/faulty-store.ts';
import { seeded } from '../../fakes/random.ts';

const NOTHING: Ledger = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };
const BATCH = { maxEvents: 1_000, maxBytes: 1_000_000 };

interface Bench {
  readonly outbox: Outbox;
  readonly clock: FakeClock;
  /** What stands for IndexedDB. */
  readonly disk: FaultyStore;
  readonly stored: readonly (readonly string[])[];
  readonly evicted: readonly Eviction[];
  readonly fallbacks: readonly unknown[];
  readonly opens: () => number;
}

interface BenchOptions {
  readonly storage?: Storage;
  readonly disk?: FaultyStore;
  readonly limits?: Partial<Limits>;
}

const limitsOf = (some: Partial<Limits> = {}): Limits => ({
  maxEvents: 10_000,
  maxBytes: 10_000_000,
  maxAgeMs: 86_400_000,
  ...some,
});

const newDisk = (limits?: Partial<Limits>): FaultyStore =>
  faultyStore(createStore(memoryTransactions(NOTHING), limitsOf(limits)));

function bench({ storage = 'indexeddb', limits, disk = newDisk(limits) }: BenchOptions = {}): Bench {
  const clock = fakeClock();
  const stored: (readonly string[])[] = [];
  const evicted: Eviction[] = [];
  const fallbacks: unknown[] = [];
  let opens = 0;
  const outbox = createOutbox({
    clock,
    storage,
    openDurable(): Store {
      opens += 1;
      return disk.store;
    },
    openMemory: (ledger) => createStore(memoryTransactions(ledger), limitsOf(limits)),
    onStored: (ids) => void stored.push(ids),
    onEvicted: (list) => void evicted.push(...list),
    onFallback: (cause) => void fallbacks.push(cause),
  });
  return { outbox, clock, disk, stored, evicted, fallbacks, opens: () => opens };
}

const idsOf = (list: readonly { readonly id: string }[]): readonly string[] => list.map(({ id }) => id);
const addAll = (outbox: Outbox, list: ReturnType<typeof events>): Promise<(Storage | undefined)[]> =>
  Promise.all(list.map(outbox.add));

function expectBalance({ tracked, delivered, pending, dropped }: Ledger): void {
  expect(delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(tracked);
}

describe('an outbox', () => {
  test('writes what one task of the page has tracked in one go, and says when it is safe', async () => {
    const { outbox, disk, stored } = bench();
    expect(await addAll(outbox, events('e', 40))).toEqual(Array.from({ length: 40 }, () => 'indexeddb'));
    expect(disk.calls.filter((call) => call === 'append')).toHaveLength(1);
    expect(stored).toEqual([idsOf(events('e', 40))]);
  });

  test('has one write in flight at a time; the next takes all that has gathered', async () => {
    const { outbox, disk, stored } = bench();
    const first = outbox.add(...(events('e', 1) as [ReturnType<typeof events>[number]]));
    await Promise.resolve();
    const rest = addAll(outbox, events('f', 30));
    await Promise.all([first, rest]);
    expect(disk.calls.filter((call) => call === 'append')).toHaveLength(2);
    expect(stored.map(({ length }) => length)).toEqual([1, 30]);
  });

  test('divides a burst into writes that do not hold up the page', async () => {
    const { outbox, stored } = bench();
    await addAll(outbox, events('e', 2_500));
    expect(stored.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(idsOf(await outbox.oldest({ maxEvents: 5_000, maxBytes: 10_000_000 }))).toEqual(
      idsOf(events('e', 2_500)),
    );
  });

  test('counts an event from the moment it is taken', async () => {
    const { outbox } = bench();
    const done = addAll(outbox, events('e', 3));
    expect(outbox.ledger()).toMatchObject({ tracked: 3, pending: 3 });
    await done;
    expect(outbox.ledger()).toMatchObject({ tracked: 3, pending: 3 });
    await outbox.settle(await outbox.oldest(BATCH), 'delivered');
    expect(outbox.ledger()).toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
  });

  test('knows which events would die with the page', async () => {
    const { outbox } = bench();
    const done = addAll(outbox, events('e', 3));
    expect(idsOf(outbox.unsaved())).toEqual(['e1', 'e2', 'e3']);
    await Promise.resolve();
    await Promise.resolve();
    const more = addAll(outbox, events('f', 1));
    expect(idsOf(outbox.unsaved())).toEqual(['e1', 'e2', 'e3', 'f1']);
    await Promise.all([done, more]);
    expect(outbox.unsaved()).toEqual([]);
  });

  test('says when all is written', async () => {
    const { outbox } = bench();
    void addAll(outbox, events('e', 3));
    await outbox.written();
    expect(outbox.unsaved()).toEqual([]);
    await outbox.written();
  });

  test('says what it held when it was opened, whatever is added meanwhile', async () => {
    const disk = newDisk();
    await disk.store.append(events('old', 4), START_MS);
    const { outbox } = bench({ disk });
    void addAll(outbox, events('e', 2));
    expect(await outbox.opened).toMatchObject({ tracked: 4, pending: 4 });
    await outbox.written();
    expect(outbox.ledger()).toMatchObject({ tracked: 6, pending: 6 });
  });

  test('tells what it had to give up', async () => {
    const { outbox, evicted } = bench({ limits: { maxEvents: 3 } });
    await addAll(outbox, events('e', 5));
    expect(evicted).toEqual([
      { id: 'e1', reason: 'outbox-full' },
      { id: 'e2', reason: 'outbox-full' },
    ]);
    expectBalance(outbox.ledger());
  });

  test('tells what has expired', async () => {
    const { outbox, evicted, clock } = bench({ limits: { maxAgeMs: 1_000 } });
    await addAll(outbox, events('e', 1));
    await clock.advance(2_000);
    expect(await outbox.oldest(BATCH)).toEqual([]);
    expect(evicted).toEqual([{ id: 'e1', reason: 'expired' }]);
  });

  test('adopts those events of another page that it does not have', async () => {
    const { outbox } = bench();
    await addAll(outbox, events('e', 2));
    await outbox.adopt(events('e', 4));
    await outbox.adopt([]);
    expect(idsOf(await outbox.oldest(BATCH))).toEqual(['e1', 'e2', 'e3', 'e4']);
    expect(outbox.ledger()).toMatchObject({ tracked: 4, pending: 4 });
  });

  test('learns what another tab has done', async () => {
    const { outbox, disk } = bench();
    await addAll(outbox, events('e', 2));
    await disk.store.append(events('other', 3), START_MS);
    await outbox.refresh();
    expect(outbox.ledger()).toMatchObject({ tracked: 5, pending: 5 });
  });

  test('settles an event that was sent before it was written', async () => {
    const { outbox } = bench();
    const added = addAll(outbox, events('e', 2));
    await outbox.settle(placeless(events('e', 2)), 'delivered');
    await added;
    expect(await outbox.oldest(BATCH)).toEqual([]);
    expect(outbox.ledger()).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
  });

  test('that is wiped says everything that it had, written or not, and that it is gone', async () => {
    const { outbox, disk } = bench();
    await addAll(outbox, events('e', 2));
    const late = addAll(outbox, events('f', 2));
    expect([...(await outbox.wipe())].sort()).toEqual(['e1', 'e2', 'f1', 'f2']);
    expect(await late).toEqual([undefined, undefined]);
    expect(await disk.store.ledger()).toMatchObject(NOTHING);
    expect(outbox.ledger()).toMatchObject(NOTHING);
  });

  test('in memory asks no database, and says so', async () => {
    const { outbox, disk, opens } = bench({ storage: 'memory' });
    expect(await addAll(outbox, events('e', 2))).toEqual(['memory', 'memory']);
    expect(outbox.storage()).toBe('memory');
    expect(disk.calls).toEqual([]);
    expect(opens()).toBe(0);
  });

  test('sets no timer while it has nothing to do', async () => {
    const { outbox, clock } = bench();
    await addAll(outbox, events('e', 2));
    await outbox.settle(await outbox.oldest(BATCH), 'delivered');
    expect(clock.timers()).toEqual([]);
  });
});

describe.each(['throws', 'hangs'] as const)('when IndexedDB %s', (fault: Fault) => {
  test('from the beginning, events are kept in memory, in order, and every receipt says so', async () => {
    const disk = newDisk();
    disk.fail(fault);
    const { outbox, clock, fallbacks, stored } = bench({ disk });
    const receipts = addAll(outbox, events('e', 3));
    await clock.advance(6_000);
    const late = addAll(outbox, events('f', 2));
    await clock.advance(60_000);
    expect(await receipts).toEqual(['memory', 'memory', 'memory']);
    expect(await late).toEqual(['memory', 'memory']);
    expect(fallbacks).toHaveLength(1);
    expect(stored.flat()).toEqual(['e1', 'e2', 'e3', 'f1', 'f2']);
    expect(idsOf(await outbox.oldest(BATCH))).toEqual(['e1', 'e2', 'e3', 'f1', 'f2']);
    await outbox.settle(await outbox.oldest(BATCH), 'delivered');
    expect(outbox.ledger()).toMatchObject({ tracked: 5, delivered: 5, pending: 0 });
  });

  test('in the middle, what it held still counts, and what comes then is kept in memory', async () => {
    const { outbox, clock, disk, fallbacks } = bench();
    await addAll(outbox, events('e', 3));
    disk.fail(fault);
    const receipts = addAll(outbox, events('f', 2));
    await clock.advance(60_000);
    expect(await receipts).toEqual(['memory', 'memory']);
    expect(fallbacks).toHaveLength(1);
    expect(outbox.storage()).toBe('memory');
    expect(outbox.ledger()).toMatchObject({ tracked: 5, pending: 5 });
    const readable = await outbox.oldest(BATCH);
    expect(idsOf(readable)).toEqual(['f1', 'f2']);
    await outbox.settle(readable, 'delivered');
    expect(outbox.ledger()).toMatchObject({ tracked: 5, delivered: 2, pending: 3 });
  });

  test('once, a fresh handle is tried, and nobody notices', async () => {
    const { outbox, clock, disk, fallbacks, opens } = bench();
    await addAll(outbox, events('e', 1));
    disk.fail(fault);
    const receipts = addAll(outbox, events('f', 1));
    await settled();
    disk.fail(undefined);
    await clock.advance(10_000);
    if (fault === 'hangs') expect(await receipts).toEqual(['indexeddb']);
    expect(fallbacks.length).toBe(fault === 'hangs' ? 0 : 1);
    expect(opens()).toBeGreaterThan(1);
  });

  test.each(['oldest', 'settle', 'ledger', 'holds', 'wipe'] as const)(
    'only in "%s", nothing rejects',
    async (method) => {
      const { outbox, clock, disk } = bench();
      await addAll(outbox, events('e', 2));
      disk.fail(fault, [method]);
      const all = Promise.all([
        outbox.oldest(BATCH),
        outbox.settle(placeless(events('e', 1)), 'delivered'),
        outbox.refresh(),
        outbox.adopt(events('x', 1)),
        addAll(outbox, events('g', 1)),
      ]);
      await clock.advance(120_000);
      await all;
      expectBalance(outbox.ledger());
      const gone = outbox.wipe();
      await clock.advance(120_000);
      await gone;
      expect(outbox.ledger()).toMatchObject(NOTHING);
    },
  );

  test('the ledger adds up at every moment, and is right when the fallback is told', async () => {
    const disk = newDisk();
    const seen: Ledger[] = [];
    const clock = fakeClock();
    const outbox: Outbox = createOutbox({
      clock,
      storage: 'indexeddb',
      openDurable: () => disk.store,
      openMemory: (ledger) => createStore(memoryTransactions(ledger), limitsOf()),
      onStored: () => undefined,
      onEvicted: () => undefined,
      onFallback: () => void seen.push(outbox.ledger()),
    });
    await addAll(outbox, events('e', 4));
    disk.fail(fault);
    void addAll(outbox, events('f', 1));
    await clock.advance(60_000);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ tracked: 5, pending: 5 });
  });

  test('and it is wiped, nothing of what was in memory stays', async () => {
    const disk = newDisk();
    disk.fail(fault);
    const { outbox, clock } = bench({ disk });
    void addAll(outbox, events('e', 3));
    await clock.advance(60_000);
    expect(await outbox.wipe()).toEqual(['e1', 'e2', 'e3']);
    expect(await outbox.oldest(BATCH)).toEqual([]);
  });
});

test('a browser that hangs when it is opened is given up after a few seconds, one that hangs later after a while', async () => {
  const disk = newDisk();
  disk.fail('hangs');
  const early = bench({ disk });
  await early.clock.advance(5_999);
  expect(early.fallbacks).toHaveLength(0);
  await early.clock.advance(1);
  expect(early.fallbacks).toHaveLength(1);

  const late = bench();
  await addAll(late.outbox, events('e', 1));
  late.disk.fail('hangs');
  void addAll(late.outbox, events('f', 1));
  await late.clock.advance(29_999);
  expect(late.fallbacks).toHaveLength(0);
  await late.clock.advance(1);
  expect(late.fallbacks).toHaveLength(1);
});

test('an answer that comes after IndexedDB was given up does not count any more', async () => {
  const clock = fakeClock();
  const disk = newDisk();
  await disk.store.append(events('old', 5), START_MS);
  await disk.store.settle((await disk.store.oldest(BATCH, START_MS)).events, 'delivered');
  let letGo = (): void => undefined;
  const late = new Promise<void>((resolve) => (letGo = resolve));
  const outbox = createOutbox({
    clock,
    storage: 'indexeddb',
    openDurable: () => ({ ...disk.store, ledger: () => late.then(disk.store.ledger) }),
    openMemory: (ledger) => createStore(memoryTransactions(ledger), limitsOf()),
    onStored: () => undefined,
    onEvicted: () => undefined,
    onFallback: () => undefined,
  });
  disk.fail('throws', ['oldest']);
  const read = outbox.oldest(BATCH);
  await settled();
  letGo();
  await read;
  const found = await outbox.opened;
  void addAll(outbox, events('e', 2));
  await outbox.written();
  const { tracked, delivered } = outbox.ledger();
  expect([tracked - found.tracked, delivered - found.delivered]).toEqual([2, 0]);
});

test('a write that was made although it seemed to fail loses nothing', async () => {
  const { outbox, disk, clock } = bench();
  await addAll(outbox, events('e', 1));
  disk.fail('done, but throws', ['append']);
  const receipts = addAll(outbox, events('f', 2));
  await clock.advance(60_000);
  expect(await receipts).toEqual(['memory', 'memory']);
  expect(idsOf(await outbox.oldest(BATCH))).toEqual(['f1', 'f2']);
  expectBalance(outbox.ledger());
});

test('whatever fails, every receipt resolves, nothing is lost, and the ledger adds up after every step', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const { outbox, clock, disk, evicted } = bench({ limits: { maxEvents: 40 + random.below(60) } });
    const receipts: Promise<unknown>[] = [];
    const settledIds = new Set<string>();
    let count = 0;
    for (let step = 0; step < 60; step++) {
      const roll = random.below(10);
      if (roll < 5) {
        const more = events('e', 1 + random.below(6), count + 1);
        count += more.length;
        receipts.push(...more.map(outbox.add));
      } else if (roll < 7) {
        const read = outbox.oldest({ maxEvents: 1 + random.below(20), maxBytes: 100_000 });
        await clock.advance(random.below(2_000));
        void read.then(async (found) => {
          await outbox.settle(found, 'delivered');
          for (const { id } of found) settledIds.add(id);
        });
      } else if (roll === 7) disk.fail(random.chance(0.15) ? 'throws' : undefined);
      else if (roll === 8) disk.fail(random.chance(0.15) ? 'hangs' : undefined);
      else await clock.advance(random.below(5_000));
      expectBalance(outbox.ledger());
    }
    disk.fail(undefined);
    await clock.advance(120_000);
    await Promise.all(receipts);
    expectBalance(outbox.ledger());
    expect(outbox.unsaved()).toEqual([]);
    const left = await disk.store.oldest({ maxEvents: 10_000, maxBytes: 10_000_000 }, clock.now());
    const inMemory =
      outbox.storage() === 'memory' ? await outbox.oldest({ maxEvents: 10_000, maxBytes: 10_000_000 }) : [];
    const known = new Set([...settledIds, ...idsOf(evicted), ...idsOf(left.events), ...idsOf(inMemory)]);
    expect(known.size, `seed ${seed}`).toBe(count);
  }
});
