import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { expect } from 'vitest';
import { type EventCounter, createEventCounter, type Stats } from '../../../../src/sdk/outbox/stats.ts';
import type { DropReason } from '../../../../src/sdk/events.ts';
import type {
  Eviction,
  Ledger,
  Limits,
  OutboxEvent,
  Store,
  WaitingEvent,
} from '../../../../src/sdk/outbox/contract.ts';
import { indexedDbTransactions } from '../../../../src/sdk/outbox/indexeddb-log.ts';
import { createOutbox, type Outbox, type StorageKind } from '../../../../src/sdk/outbox/outbox.ts';
import { createRecovery } from '../../../../src/sdk/outbox/recovery.ts';
import { createLogStore } from '../../../../src/sdk/outbox/log-store.ts';
import { type FakeClock, fakeClock, settled, START_MS } from '../../../fakes/clock.ts';
import { type FaultyStore, faultyStore } from '../../../fakes/faulty-store.ts';

export const NOTHING: Ledger = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };
export const BATCH = { maxEvents: 1_000, maxBytes: 1_000_000 };
export const ROOMY: Limits = { maxEvents: 10_000, maxBytes: 10_000_000, maxAgeMs: 7 * 86_400_000 };
/** Enough turns of the event loop for a few transactions. */
export const TURNS = 100;

export const idsOf = (list: readonly { readonly id: string }[]): readonly string[] =>
  list.map(({ id }) => id);

export function expectBalance({ tracked, delivered, pending, dropped }: Ledger | Stats): void {
  const counts = [tracked, delivered, pending, ...Object.values(dropped)];
  expect(Math.min(...counts), JSON.stringify(counts)).toBeGreaterThanOrEqual(0);
  expect(delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(tracked);
}

let databases = 0;

/** Installs an IndexedDB without data. Returns the name of a database. */
export function freshDatabase(): string {
  globalThis.indexedDB = new IDBFactory();
  globalThis.IDBKeyRange = IDBKeyRange;
  databases += 1;
  return `site-${databases}`;
}

export const openStore = (database: string, limits: Partial<Limits> = {}): Store =>
  createLogStore(indexedDbTransactions(database), { ...ROOMY, ...limits });

/** One page with its outbox, put together as the core does. */
export interface Page {
  readonly outbox: Outbox;
  readonly clock: FakeClock;
  readonly database: string;
  /** A store between the page and its database that can be made to fail. */
  readonly disk: FaultyStore;
  readonly stored: readonly (readonly string[])[];
  readonly evicted: readonly Eviction[];
  readonly fallbacks: readonly unknown[];
  /** The number of events that could not be read, each time. */
  readonly unreadable: readonly number[];
  /** How often the database was found to be replaced by another one. */
  lost(): number;
  opened(): readonly Ledger[];
  /** The number of imports of the recovery's file. */
  loads(): number;
  /** Makes the recovery's file missing from now on, or available again. */
  setMissing(missing: boolean): void;
  /** Sets whether requests carry events at the moment. */
  setSending(sending: boolean): void;
  add(events: readonly OutboxEvent[]): Promise<readonly (StorageKind | undefined)[]>;
  /** Sends one batch. Returns the ids of its events. */
  deliver(most?: number, as?: 'delivered' | DropReason): Promise<readonly string[]>;
  /** Settles events that have been sent. */
  settle(events: readonly WaitingEvent[], as?: 'delivered' | DropReason): Promise<void>;
  stats(): Stats;
}

export interface PageOptions {
  readonly storage?: StorageKind;
  readonly limits?: Partial<Limits>;
  readonly database?: string;
  readonly clock?: FakeClock;
  readonly disk?: FaultyStore;
  readonly ready?: Promise<unknown>;
}

export function openPage(options: PageOptions = {}): Page {
  const { storage = 'indexeddb', database = freshDatabase(), clock = fakeClock(START_MS, TURNS) } = options;
  const limits = { ...ROOMY, ...options.limits };
  const disk = options.disk ?? faultyStore(() => openStore(database, limits));
  const counter: EventCounter = createEventCounter();
  const stored: (readonly string[])[] = [];
  const evicted: Eviction[] = [];
  const fallbacks: unknown[] = [];
  const unreadable: number[] = [];
  const opened: Ledger[] = [];
  // The events of this page that the sender has in memory.
  const unsettled = new Map<string, OutboxEvent>();
  let lost = 0;
  let loads = 0;
  let missing = false;
  let sending = false;

  const outbox: Outbox = createOutbox({
    clock,
    storage,
    ready: options.ready,
    openDurable: disk.open,
    async recovery(needs) {
      loads += 1;
      if (missing) throw new TypeError('Failed to fetch dynamically imported module');
      const fail = (_code: string, message: string): void =>
        void unreadable.push(Number.parseInt(message, 10));
      return createRecovery({ database, limits, sender: { busy: () => sending }, fail }, needs);
    },
    onOpened(found) {
      opened.push(found);
      counter.open(found);
    },
    onLost(before, now, moved) {
      lost += 1;
      const elsewhere = new Set(idsOf([...moved, ...outbox.unsaved()]));
      const known = [...unsettled.values()].filter(({ id }) => !elsewhere.has(id));
      counter.close(before, 'storage', known.length + moved.length);
      counter.open(now);
      return known;
    },
    onStored: (ids) => void stored.push(ids),
    onEvicted(list) {
      evicted.push(...list);
      for (const { id } of list) unsettled.delete(id);
    },
    onFallback: (cause) => void fallbacks.push(cause),
  });

  async function settle(
    events: readonly WaitingEvent[],
    as: 'delivered' | DropReason = 'delivered',
  ): Promise<void> {
    for (const { id } of events) unsettled.delete(id);
    await outbox.settle(events, as);
  }

  return {
    outbox,
    clock,
    database,
    disk,
    stored,
    evicted,
    fallbacks,
    unreadable,
    lost: () => lost,
    opened: () => opened,
    loads: () => loads,
    setMissing: (now) => void (missing = now),
    setSending: (now) => void (sending = now),
    add: (events) =>
      Promise.all(
        events.map((event) => {
          unsettled.set(event.id, event);
          return outbox.add(event);
        }),
      ),
    async deliver(most = 1_000, as = 'delivered') {
      const found = await outbox.oldest({ maxEvents: most, maxBytes: 10_000_000 });
      await settle(found, as);
      return idsOf(found);
    },
    settle,
    stats: () => counter.stats(outbox.ledger()),
  };
}

/** The events that another tab, or the next page, would find. */
export async function onDisk(
  database: string,
): Promise<{ readonly ids: readonly string[]; readonly ledger: Ledger }> {
  const store = openStore(database);
  const { events, ledger } = await store.oldest({ maxEvents: 100_000, maxBytes: 100_000_000 }, START_MS);
  return { ids: idsOf(events), ledger };
}

/** The raw content of the database, by key. */
export async function rawContents(database: string): Promise<ReadonlyMap<IDBValidKey, unknown>> {
  return withLog(database, 'readonly', async (log) => {
    const [keys, values] = await Promise.all([
      answer(log.getAllKeys()),
      answer(log.getAll() as IDBRequest<unknown[]>),
    ]);
    return new Map(keys.map((key, i) => [key, values[i]]));
  });
}

/** Writes invalid data into the database, as a broken disk or another script of the page can. */
export function rawWrite(database: string, key: IDBValidKey, value: unknown): Promise<unknown> {
  return withLog(database, 'readwrite', (log) => answer(log.put(value, key)));
}

export function rawErase(database: string, key: IDBValidKey): Promise<unknown> {
  return withLog(database, 'readwrite', (log) => answer(log.delete(key)));
}

/**
 * Deletes the database, as the visitor or any script of the page can. Rejects when an open connection blocks
 * the deletion.
 */
export function deleteDatabase(database: string): Promise<unknown> {
  const request = indexedDB.deleteDatabase(database);
  return new Promise((resolve, reject) => {
    request.onsuccess = resolve;
    request.onerror = reject;
    request.onblocked = () => reject(new Error('blocked'));
  });
}

async function withLog<T>(
  database: string,
  mode: 'readonly' | 'readwrite',
  use: (log: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const request = indexedDB.open(database);
  request.onupgradeneeded = () => void request.result.createObjectStore('log');
  const db = await answer(request);
  try {
    return await use(db.transaction('log', mode).objectStore('log'));
  } finally {
    db.close();
    await settled();
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('unknown'));
  });
}
