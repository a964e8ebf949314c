// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../../../src/sdk/outbox/contract.ts';
import { createMemoryOutboxStore } from '../../../../src/sdk/outbox/memory-store.ts';
import { START_MS } from '../../../fakes/clock.ts';
import { events, outboxEvent, placeless } from '../../../fakes/events.ts';
import { BATCH, expectBalance, idsOf, NOTHING, ROOMY } from './setup.ts';

/** The ledger of a store that was abandoned with five events in it. */
const GIVEN_UP: Ledger = {
  log: 'a',
  tracked: 10,
  delivered: 4,
  pending: 5,
  bytes: 500,
  dropped: { expired: 1 },
};
/** Events as they were read from that store. */
const read = (prefix: string, count: number, place = 7) =>
  Array.from(events(prefix, count), (event) => ({ ...event, place }));

describe('a store in memory', () => {
  test('goes on from the ledger of the store that it stands in for, without its events', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    await store.append(events('e', 2), START_MS);
    expect(await store.ledger()).toMatchObject({
      log: 'a',
      tracked: 12,
      delivered: 4,
      pending: 7,
      dropped: { expired: 1 },
    });
    const { events: found } = await store.oldest(BATCH, START_MS);
    expect(idsOf(found)).toEqual(['e1', 'e2']);
    expect(await store.settle(found, 'delivered')).toMatchObject({
      tracked: 12,
      delivered: 6,
      pending: 5,
      bytes: 0,
    });
    expect((await store.oldest(BATCH, START_MS)).events).toEqual([]);
  });

  test('says what waits in it, in order', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    expect(store.all()).toEqual([]);
    await store.append(events('e', 250), START_MS);
    await store.append(events('f', 2), START_MS);
    expect(store.all()).toEqual([...events('e', 250), ...events('f', 2)]);
    const { events: found } = await store.oldest({ maxEvents: 200, maxBytes: 1_000_000 }, START_MS);
    await store.settle(found, 'delivered');
    expect(store.all()).toEqual([...events('e', 50, 201), ...events('f', 2)]);
  });

  test('counts what is settled among what waited elsewhere, and no more than waited there', async () => {
    const store = createMemoryOutboxStore({ ...GIVEN_UP, tracked: 7, pending: 2 }, ROOMY);
    await store.append(events('e', 1), START_MS);
    // Another page has settled one of the events already, and this store did not know.
    expect(await store.settle(read('old', 3), 'delivered')).toMatchObject({ delivered: 6, pending: 1 });
    expect(store.owed().map(({ isCounted }) => isCounted)).toEqual([true, true, false]);
    expectBalance(await store.ledger());
  });

  test('owes to the store that it stands in for what was read there and settled since', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    await store.append(events('e', 1), START_MS);
    const sent = read('old', 3);
    expect(await store.settle(sent.slice(0, 2), 'delivered')).toMatchObject({ delivered: 6, pending: 4 });
    expect(await store.settle(sent.slice(2), 'rejected')).toMatchObject({
      delivered: 6,
      pending: 3,
      dropped: { expired: 1, rejected: 1 },
    });
    expect(store.owed()).toMatchObject([
      { event: sent[0], as: 'delivered' },
      { event: sent[1], as: 'delivered' },
      { event: sent[2], as: 'rejected' },
    ]);
    expectBalance(await store.ledger());
  });

  test('owes also what was sent before its place was known', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    await store.settle(placeless(events('old', 2)), 'delivered');
    expect(store.owed().map(({ event }) => event.id)).toEqual(['old1', 'old2']);
  });

  test('owes nothing twice, nothing that is its own, and nothing that was its own', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    const sent = read('old', 2);
    await Promise.all([store.settle(sent, 'delivered'), store.settle(sent, 'delivered')]);
    await store.append(events('e', 3), START_MS);
    const { events: own } = await store.oldest(BATCH, START_MS);
    await store.settle([...placeless(own.slice(0, 1)), ...own.slice(1)], 'delivered');
    await store.settle(own, 'delivered');
    expect(store.owed()).toHaveLength(2);
    expect(await store.ledger()).toMatchObject({ tracked: 13, delivered: 9, pending: 3 });
  });

  test('has places of its own, which are nobody else’s', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    await store.append(events('e', 3), START_MS);
    const { events: own } = await store.oldest(BATCH, START_MS);
    expect(own.every(({ place }) => place < 0)).toBe(true);
    // An event that was read from IndexedDB has a number that this store also uses.
    await store.settle(read('old', 1, 1), 'delivered');
    expect(idsOf(store.all())).toEqual(['e1', 'e2', 'e3']);
  });

  test('has room of its own beside what waits in the store that it stands in for', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, { ...ROOMY, maxEvents: 3, maxBytes: 300 });
    const { evicted } = await store.append(events('e', 3), START_MS);
    expect(evicted).toEqual([]);
    expect((await store.append([outboxEvent('f')], START_MS)).evicted).toEqual([
      { id: 'e1', reason: 'outbox-full' },
    ]);
    const large = await store.append([outboxEvent('large', { bytes: 300 })], START_MS);
    expect(idsOf(large.evicted)).toEqual(['e2', 'e3', 'f']);
    expectBalance(large.ledger);
    expect(large.ledger).toMatchObject({ pending: 6, dropped: { 'outbox-full': 4 } });
  });

  test('leaves out what it holds already, when asked to', async () => {
    const store = createMemoryOutboxStore(NOTHING, ROOMY);
    await store.append(events('e', 2), START_MS);
    const { ledger } = await store.append(events('e', 4), START_MS, true);
    expect(idsOf(store.all())).toEqual(['e1', 'e2', 'e3', 'e4']);
    expect(ledger).toMatchObject({ tracked: 4, pending: 4 });
  });

  test('does one thing at a time', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    await Promise.all([
      store.append(events('e', 2), START_MS),
      store.settle(read('old', 2), 'delivered'),
      store.append(events('f', 2), START_MS),
      store.settle(read('old', 5).slice(2), 'expired'),
    ]);
    expect(idsOf(store.all())).toEqual(['e1', 'e2', 'f1', 'f2']);
    expect(await store.ledger()).toMatchObject({
      tracked: 14,
      delivered: 6,
      pending: 4,
      dropped: { expired: 4 },
    });
  });

  test('is empty after it was wiped', async () => {
    const store = createMemoryOutboxStore(GIVEN_UP, ROOMY);
    await store.append(events('e', 2), START_MS);
    expect(await store.wipe()).toEqual(['e1', 'e2']);
    expect(store.all()).toEqual([]);
    expect(await store.ledger()).toMatchObject(NOTHING);
  });
});
