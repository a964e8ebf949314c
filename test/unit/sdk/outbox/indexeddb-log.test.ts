// @vitest-environment node
import { IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { indexedDbTransactions } from '../../../../src/sdk/outbox/indexeddb-log.ts';
import { settled, START_MS } from '../../../fakes/clock.ts';
import { events, outboxEvent } from '../../../fakes/events.ts';
import {
  BATCH,
  deleteDatabase,
  freshDatabase,
  idsOf,
  NOTHING,
  onDisk,
  openStore,
  rawContents,
  rawWrite,
  TURNS,
} from './setup.ts';

const unhandled: unknown[] = [];
const note = (cause: unknown): void => void unhandled.push(cause);

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});

afterEach(async () => {
  await settled(TURNS);
  process.off('unhandledRejection', note);
  vi.restoreAllMocks();
  expect(unhandled).toEqual([]);
});

describe('the log in IndexedDB', () => {
  test('is found by the next page, of the same name only', async () => {
    const database = freshDatabase();
    await openStore(database).append(events('e', 3), START_MS);
    expect(idsOf((await openStore(database).oldest(BATCH, START_MS)).events)).toEqual(['e1', 'e2', 'e3']);
    expect(await openStore('other').ledger()).toMatchObject(NOTHING);
  });

  test('is few records', async () => {
    const database = freshDatabase();
    await openStore(database).append(events('e', 1_000), START_MS);
    expect((await rawContents(database)).size).toBeLessThanOrEqual(11);
  });

  test('keeps nothing of a write that fails in the middle', async () => {
    const database = freshDatabase();
    const transact = indexedDbTransactions(database);
    await openStore(database).append(events('e', 1), START_MS);
    await expect(
      transact('readwrite', async (log) => {
        log.write(99, { at: START_MS, events: events('half', 1) });
        await log.head();
        throw new Error('the tab has died');
      }),
    ).rejects.toThrow('the tab has died');
    expect((await onDisk(database)).ids).toEqual(['e1']);
  });

  test('keeps nothing of a write that would overwrite a record, and says so', async () => {
    const database = freshDatabase();
    const store = openStore(database);
    await store.append(events('e', 2), START_MS);
    await rawWrite(database, 'head', { ...(await store.ledger()), nextPlace: 1 });
    await expect(store.append(events('f', 1), START_MS)).rejects.toThrow();
    expect((await onDisk(database)).ids).toEqual(['e1', 'e2']);
  });

  test('does not hold up a tab that deletes it', async () => {
    const database = freshDatabase();
    const store = openStore(database);
    await store.append(events('e', 1), START_MS);
    await deleteDatabase(database);
    expect(await indexedDB.databases()).toEqual([]);
    await expect(store.ledger()).rejects.toThrow();
  });
});

describe('what cannot be right', () => {
  const [good] = events('e', 1);

  test.each([
    ['a record that is none', 1, null],
    ['a record without events', 1, { at: START_MS }],
    ['a record with an event that is none', 1, { at: START_MS, events: [good, null] }],
    ['an event without its text', 1, { at: START_MS, events: [{ ...good, json: undefined }] }],
    ['a head that is none', 'head', 'x'],
    ['a head whose sums are wrong', 'head', { ...NOTHING, tracked: 7, nextPlace: 2 }],
  ])('is found when it is read, and not sent: %s', async (_, key, value) => {
    const database = freshDatabase();
    const store = openStore(database);
    await store.append(events('e', 2), START_MS);
    await rawWrite(database, key, value);
    await expect(store.oldest(BATCH, START_MS)).rejects.toThrow(TypeError);
    // The value stays in the database until the repair.
    expect((await rawContents(database)).get(key)).toEqual(value);
  });

  test('is a log without its head, over whose records nothing is written', async () => {
    const database = freshDatabase();
    await rawWrite(database, 1, { at: START_MS, events: [outboxEvent('e1')] });
    await expect(openStore(database).append(events('f', 1), START_MS)).rejects.toThrow();
    expect((await rawContents(database)).get(1)).toMatchObject({ events: [{ id: 'e1' }] });
  });

  test('is not that there is nothing at all', async () => {
    const database = freshDatabase();
    expect(await openStore(database).ledger()).toMatchObject(NOTHING);
    await openStore(database).append(events('e', 1), START_MS);
    expect((await onDisk(database)).ids).toEqual(['e1']);
  });
});

describe('a request that the browser refuses', () => {
  const refuse = (): never => {
    throw new DOMException('The handle has died', 'InvalidStateError');
  };

  test.each(['get', 'getAllKeys', 'getAll'] as const)(
    'fails the transaction, and reaches the page in no other way: %s',
    async (method) => {
      const database = freshDatabase();
      const store = openStore(database);
      await store.append(events('e', 1), START_MS);
      vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(refuse);
      await expect(store.oldest(BATCH, START_MS)).rejects.toThrow('The handle has died');
    },
  );

  test.each(['put', 'add'] as const)('keeps nothing of what it was part of: %s', async (method) => {
    const database = freshDatabase();
    const store = openStore(database);
    await store.append(events('e', 1), START_MS);
    const broken = vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(refuse);
    await expect(store.append(events('f', 1), START_MS)).rejects.toThrow('The handle has died');
    broken.mockRestore();
    expect((await onDisk(database)).ids).toEqual(['e1']);
  });
});
