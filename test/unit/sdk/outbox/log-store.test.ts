// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Limits, OutboxEvent, Store, WaitingEvent } from '../../../../src/sdk/outbox/contract.ts';
import { createMemoryOutboxStore } from '../../../../src/sdk/outbox/memory-store.ts';
import { START_MS } from '../../../fakes/clock.ts';
import { events, outboxEvent, placeless } from '../../../fakes/events.ts';
import { type Random, seeded } from '../../../fakes/random.ts';
import { expectBalance, freshDatabase, idsOf, NOTHING, openStore, rawErase, ROOMY } from './setup.ts';

const BATCH = { maxEvents: 100, maxBytes: 475_000 };

/** One storage with two handles, as two tabs have them; memory belongs to one page. */
const PLACES: readonly (readonly [string, (limits: Limits) => readonly [Store, Store]])[] = [
  [
    'memory',
    (limits) => {
      const store = createMemoryOutboxStore(NOTHING, limits);
      return [store, store];
    },
  ],
  [
    'IndexedDB',
    (limits) => {
      const database = freshDatabase();
      return [openStore(database, limits), openStore(database, limits)];
    },
  ],
];

describe.each(PLACES)('a store in %s', (_, openPlace) => {
  const open = (limits: Partial<Limits> = {}): Store => openPlace({ ...ROOMY, ...limits })[0];

  async function oldest(store: Store, batch = BATCH, now = START_MS): Promise<readonly WaitingEvent[]> {
    return (await store.oldest(batch, now)).events;
  }

  test('begins with nothing', async () => {
    const store = open();
    expect(await store.ledger()).toMatchObject(NOTHING);
    expect(await oldest(store)).toEqual([]);
    expect(await store.wipe()).toEqual([]);
  });

  test('gives events back as they were, oldest first, whatever their clock says', async () => {
    const store = open();
    const first = outboxEvent('later', { at: START_MS + 5_000 });
    const second = outboxEvent('earlier', { at: START_MS - 5_000 });
    await store.append([first], START_MS);
    await store.append([second], START_MS - 1_000);
    const found = await oldest(store);
    expect(found.map(({ id, at, json, bytes }) => ({ id, at, json, bytes }))).toEqual([first, second]);
  });

  test('keeps them until it is told what became of them', async () => {
    const store = open();
    await store.append(events('e', 3), START_MS);
    expect(idsOf(await oldest(store))).toEqual(idsOf(await oldest(store)));
    const ledger = await store.settle(await oldest(store), 'delivered');
    expect(ledger).toMatchObject({ tracked: 3, delivered: 3, pending: 0, bytes: 0 });
    expect(await oldest(store)).toEqual([]);
  });

  test('gives no more events than a batch may have', async () => {
    const store = open();
    await store.append(events('e', 250), START_MS);
    expect(idsOf(await oldest(store, { maxEvents: 7, maxBytes: 475_000 }))).toEqual(idsOf(events('e', 7)));
  });

  test('gives no more bytes than a batch may have', async () => {
    const store = open();
    await store.append(
      Array.from({ length: 10 }, (_each, i) => outboxEvent(`e${i}`, { bytes: 1_000 })),
      START_MS,
    );
    const found = await oldest(store, { maxEvents: 100, maxBytes: 3_500 });
    expect(idsOf(found)).toEqual(['e0', 'e1', 'e2']);
  });

  test('gives an event that is larger than a batch all alone', async () => {
    const store = open();
    await store.append([outboxEvent('large', { bytes: 9_000 }), outboxEvent('small')], START_MS);
    expect(idsOf(await oldest(store, { maxEvents: 100, maxBytes: 1_000 }))).toEqual(['large']);
  });

  test('fills a batch also when many small writes come before a large one', async () => {
    const store = open();
    for (const event of events('single', 60)) await store.append([event], START_MS);
    await store.append(events('burst', 900), START_MS);
    expect(await oldest(store)).toHaveLength(100);
  });

  test('takes out single events of a batch, and keeps the order of the others', async () => {
    const store = open();
    await store.append(events('e', 6), START_MS);
    const found = await oldest(store);
    await store.settle(
      found.filter(({ id }) => ['e2', 'e5'].includes(id)),
      'rejected',
    );
    expect(idsOf(await oldest(store))).toEqual(['e1', 'e3', 'e4', 'e6']);
    expect(await store.ledger()).toMatchObject({ tracked: 6, pending: 4, dropped: { rejected: 2 } });
  });

  test('does not count an event twice', async () => {
    const store = open();
    await store.append(events('e', 3), START_MS);
    const found = await oldest(store);
    await store.settle(found, 'delivered');
    await store.settle(found, 'delivered');
    await store.settle(found, 'rejected');
    expect(await store.ledger()).toMatchObject({ tracked: 3, delivered: 3, pending: 0, dropped: {} });
  });

  test('finds events whose place nobody knew when they were sent', async () => {
    const store = open();
    await store.append(events('e', 3), START_MS);
    await store.append(events('f', 3), START_MS);
    const sent = placeless([...events('f', 1), ...events('e', 2)]);
    await store.settle(sent, 'delivered');
    expect(idsOf(await oldest(store))).toEqual(['e3', 'f2', 'f3']);
    expect(await store.ledger()).toMatchObject({ delivered: 3, pending: 3 });
  });

  test('gives up the oldest when there are too many', async () => {
    const store = open({ maxEvents: 5 });
    await store.append(events('e', 4), START_MS);
    const { evicted, ledger } = await store.append(events('f', 3), START_MS);
    expect(evicted).toEqual([
      { id: 'e1', reason: 'outbox-full' },
      { id: 'e2', reason: 'outbox-full' },
    ]);
    expect(ledger).toMatchObject({ tracked: 7, pending: 5, dropped: { 'outbox-full': 2 } });
    expect(idsOf(await oldest(store))).toEqual(['e3', 'e4', 'f1', 'f2', 'f3']);
  });

  test('gives up the oldest when they are too large', async () => {
    const store = open({ maxBytes: 3_000 });
    const list = ['a', 'b', 'c', 'd'].map((id) => outboxEvent(id, { bytes: 1_000 }));
    const { evicted, ledger } = await store.append(list, START_MS);
    expect(idsOf(evicted)).toEqual(['a']);
    expect(ledger.bytes).toBe(3_000);
  });

  test('gives up events of the very write that is too much', async () => {
    const store = open({ maxEvents: 150 });
    const { evicted } = await store.append(events('e', 420), START_MS);
    expect(idsOf(evicted)).toEqual(idsOf(events('e', 270)));
    expect(idsOf(await oldest(store, { maxEvents: 1, maxBytes: 1 }))).toEqual(['e271']);
  });

  test('gives up what has waited for too long', async () => {
    const store = open({ maxAgeMs: 1_000 });
    await store.append(events('old', 2), START_MS);
    await store.append(events('new', 2), START_MS + 900);
    const { events: found, evicted, ledger } = await store.oldest(BATCH, START_MS + 1_500);
    expect(evicted).toEqual([
      { id: 'old1', reason: 'expired' },
      { id: 'old2', reason: 'expired' },
    ]);
    expect(idsOf(found)).toEqual(['new1', 'new2']);
    expect(ledger).toMatchObject({ tracked: 4, pending: 2, dropped: { expired: 2 } });
  });

  test('gives all of it up, however much it is', async () => {
    const store = open({ maxAgeMs: 1_000 });
    for (let i = 0; i < 12; i++) await store.append(events(`r${i}-`, 30), START_MS);
    for (let i = 0; i < 40; i++) {
      const { ledger } = await store.oldest({ maxEvents: 10, maxBytes: 10_000 }, START_MS + 5_000);
      expectBalance(ledger);
    }
    expect(await store.ledger()).toMatchObject({ pending: 0, bytes: 0, dropped: { expired: 360 } });
  });

  test('does not give up anything when the clock was set back', async () => {
    const store = open({ maxAgeMs: 1_000 });
    await store.append(events('e', 2), START_MS);
    expect((await store.oldest(BATCH, START_MS - 86_400_000)).evicted).toEqual([]);
  });

  test('leaves out what it holds already, when it is told that this may be so', async () => {
    const store = open();
    await store.append(events('e', 3), START_MS);
    const { ledger } = await store.append([...events('f', 1), ...events('e', 5)], START_MS, true);
    expect(idsOf(await oldest(store))).toEqual(['e1', 'e2', 'e3', 'f1', 'e4', 'e5']);
    expect(ledger).toMatchObject({ tracked: 6, pending: 6 });
    expect((await store.append(events('e', 5), START_MS, true)).ledger).toMatchObject({
      tracked: 6,
      pending: 6,
    });
  });

  test('writes it again where it held it once, and has it no more', async () => {
    const store = open();
    await store.append(events('e', 1), START_MS);
    await store.settle(await oldest(store), 'delivered');
    expect((await store.append(events('e', 1), START_MS, true)).ledger).toMatchObject({
      tracked: 2,
      pending: 1,
    });
  });

  test('finds events that have moved since they were read', async () => {
    const store = open();
    await store.append(events('e', 3), START_MS);
    const moved = Array.from(await oldest(store), (event) => ({ ...event, place: event.place + 1_000 }));
    expect(await store.settle(moved.slice(1), 'delivered')).toMatchObject({ delivered: 2, pending: 1 });
    expect(idsOf(await oldest(store))).toEqual(['e1']);
  });

  test('does not take other events for those that are gone from their place', async () => {
    const store = open();
    await store.append(events('e', 2), START_MS);
    const [first] = await oldest(store);
    if (!first) throw new Error('nothing is there');
    await store.settle([{ ...first, id: 'unknown' }], 'delivered');
    expect(idsOf(await oldest(store))).toEqual(['e1', 'e2']);
  });

  test('forgets everything when it is wiped, and says what that was', async () => {
    const store = open();
    await store.append(events('e', 3), START_MS);
    await store.append(events('f', 2), START_MS);
    expect(await store.wipe()).toEqual(['e1', 'e2', 'e3', 'f1', 'f2']);
    expect(await store.ledger()).toMatchObject(NOTHING);
    expect(await oldest(store)).toEqual([]);
    await store.append(events('g', 1), START_MS);
    expect(await store.ledger()).toMatchObject({ tracked: 1, pending: 1 });
  });

  test('two tabs on one place see each other, and nothing is lost or counted twice', async () => {
    const [one, other] = openPlace(ROOMY);
    await Promise.all([
      one.append(events('a', 120), START_MS),
      other.append(events('b', 120), START_MS),
      one.append(events('c', 3), START_MS),
      other.append(events('d', 3), START_MS),
    ]);
    expect(await one.ledger()).toEqual(await other.ledger());
    expect(await one.ledger()).toMatchObject({ tracked: 246, pending: 246 });
    const [mine, yours] = await Promise.all([oldest(one), oldest(other)]);
    expect(idsOf(mine)).toEqual(idsOf(yours));
    await Promise.all([one.settle(mine, 'delivered'), other.settle(yours, 'delivered')]);
    expect(await other.ledger()).toMatchObject({ tracked: 246, delivered: 100, pending: 146 });
  });

  test('whatever is done, the ledger adds up after every step, and nothing changes its order', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seeded(seed);
      const limits = {
        maxEvents: 5 + random.below(150),
        maxBytes: 2_000 + random.below(30_000),
        maxAgeMs: 5_000,
      };
      await anything(random, openPlace(limits), limits);
    }
  });

  /** Compares a store, step by step, with the simplest possible model. */
  async function anything(random: Random, tabs: readonly [Store, Store], limits: Limits): Promise<void> {
    let model: { readonly event: OutboxEvent; readonly at: number }[] = [];
    let [tracked, delivered] = [0, 0];
    const dropped: Record<string, number> = {};
    let now = START_MS;
    let count = 0;

    const drop = (ids: readonly string[], reason: string): void => {
      if (!ids.length) return;
      dropped[reason] = (dropped[reason] ?? 0) + ids.length;
      model = model.filter(({ event }) => !ids.includes(event.id));
    };

    for (let step = 0; step < 80; step++) {
      const store = random.pick(tabs);
      now += random.below(800);
      const roll = random.below(10);
      if (roll < 4) {
        const more = Array.from({ length: 1 + random.below(random.chance(0.1) ? 250 : 6) }, () =>
          outboxEvent(`e${(count += 1)}`, { bytes: 60 + random.below(300) }),
        );
        const { evicted } = await store.append(more, now);
        tracked += more.length;
        model.push(...more.map((event) => ({ event, at: now })));
        const full: string[] = [];
        let [left, bytes] = [model.length, model.reduce((sum, { event }) => sum + event.bytes, 0)];
        for (const { event } of model) {
          if (left <= limits.maxEvents && bytes <= limits.maxBytes) break;
          full.push(event.id);
          left -= 1;
          bytes -= event.bytes;
        }
        expect(idsOf(evicted)).toEqual(full);
        drop(full, 'outbox-full');
      } else if (roll < 8) {
        const batch = { maxEvents: 1 + random.below(60), maxBytes: 500 + random.below(9_000) };
        const { events: found, evicted } = await store.oldest(batch, now);
        drop(idsOf(evicted), 'expired');
        expect(idsOf(found)).toEqual(idsOf(model.slice(0, found.length).map(({ event }) => event)));
        expect(found.length).toBeLessThanOrEqual(batch.maxEvents);
        if (model.length) expect(found.length).toBeGreaterThan(0);
        const some = found.filter(() => random.chance(0.7));
        const chosen = random.chance(0.2) ? placeless(some) : some;
        const as = random.pick(['delivered', 'rejected', 'too-large'] as const);
        await store.settle(chosen, as);
        if (as !== 'delivered') drop(idsOf(chosen), as);
        else {
          delivered += chosen.length;
          model = model.filter(({ event }) => !idsOf(chosen).includes(event.id));
        }
      } else now += random.below(2_000);
      const ledger = await random.pick(tabs).ledger();
      expectBalance(ledger);
      expect(ledger).toMatchObject({
        tracked,
        delivered,
        pending: model.length,
        bytes: model.reduce((sum, { event }) => sum + event.bytes, 0),
        dropped,
      });
    }
  }
});

describe('the log in IndexedDB', () => {
  test('has a name, from its first event on', async () => {
    const [one, other] = [freshDatabase(), freshDatabase()].map((database) => openStore(database));
    expect((await one?.ledger())?.log).toBeUndefined();
    await one?.append(events('e', 1), START_MS);
    const { log } = (await one?.ledger()) ?? {};
    expect(log).toEqual(expect.any(String));
    await one?.append(events('f', 1), START_MS);
    await one?.settle((await one.oldest(BATCH, START_MS)).events, 'delivered');
    expect((await one?.ledger())?.log).toBe(log);
    await other?.append(events('g', 1), START_MS);
    expect((await other?.ledger())?.log).not.toBe(log);
  });

  test('has a name also where its head was written before its first event', async () => {
    const store = openStore(freshDatabase());
    await store.append([], START_MS);
    await store.settle(placeless(events('gone', 1)), 'delivered');
    await store.append(events('e', 1), START_MS);
    expect((await store.ledger()).log).toEqual(expect.any(String));
  });

  test('has another name when it is begun anew, by the same event', async () => {
    const database = freshDatabase();
    await openStore(database).append(events('e', 1), START_MS);
    const { log } = await openStore(database).ledger();
    await openStore(database).wipe();
    await openStore(database).append(events('e', 1), START_MS + 1);
    expect((await openStore(database).ledger()).log).not.toBe(log);
  });

  test('does not give what its head counts and it has lost: somebody must look after it', async () => {
    const database = freshDatabase();
    const store = openStore(database);
    await store.append(events('e', 3), START_MS);
    await rawErase(database, 1);
    await expect(store.oldest(BATCH, START_MS)).rejects.toThrow(TypeError);
  });
});
