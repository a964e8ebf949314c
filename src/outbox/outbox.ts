import type { Clock } from '../browser.ts';
import type { DropReason } from '../events.ts';
import type { BatchLimits, Eviction, Ledger, OutboxEvent, Store, WaitingEvent } from './contract.ts';

/** Where an event waits: `indexeddb` survives the page, `memory` does not. */
export type Storage = 'indexeddb' | 'memory';

/** Takes events synchronously, writes what has gathered in one go, and falls back to memory when the browser refuses. */
export interface Outbox {
  /** Resolves when the event is written, or with undefined when it is wiped before that. Never rejects. */
  add(event: OutboxEvent): Promise<Storage | undefined>;
  oldest(limits: BatchLimits): Promise<readonly WaitingEvent[]>;
  settle(events: readonly WaitingEvent[], as: 'delivered' | DropReason): Promise<void>;
  /** Writes those of another page's events that are not there yet. */
  adopt(events: readonly OutboxEvent[]): Promise<void>;
  /** Taken, and not yet known to be written: what dies with the page. */
  unsaved(): readonly OutboxEvent[];
  ledger(): Ledger;
  /** What it held when it was opened. */
  readonly opened: Promise<Ledger>;
  /** Reads the ledger, which another tab has changed. */
  refresh(): Promise<void>;
  /** Resolves when all that is taken by now is written. */
  written(): Promise<void>;
  storage(): Storage;
  /** Deletes everything, and says which events that were. */
  wipe(): Promise<readonly string[]>;
}

export interface OutboxNeeds {
  readonly clock: Clock;
  readonly storage: Storage;
  /** Nothing is read or written before: an earlier outbox may still be deleting its database. */
  readonly ready?: Promise<unknown> | undefined;
  /** A fresh handle each time: the browser may kill one without a word. */
  openDurable(): Store;
  /** Its ledger goes on from this one: what IndexedDB held still waits, for a page that can read it. */
  openMemory(ledger: Ledger): Store;
  onStored(ids: readonly string[]): void;
  onEvicted(evicted: readonly Eviction[]): void;
  /** IndexedDB is given up for this page. */
  onFallback(cause: unknown): void;
}

const TRIES = 3;
// Safari has hung for ever in the first `open` after a start: https://bugs.webkit.org/show_bug.cgi?id=226547
const OPEN_TIMEOUT_MS = 2_000;
const WRITE_TIMEOUT_MS = 10_000;
// One transaction clones its values in one task of the page; this many take a few milliseconds.
const COMMIT_EVENTS = 1_000;

const NOTHING: Ledger = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };

interface Waiter {
  readonly event: OutboxEvent;
  readonly resolve: (storage?: Storage) => void;
}

export function createOutbox(needs: OutboxNeeds): Outbox {
  const { clock, onStored, onEvicted, onFallback } = needs;
  let storage = needs.storage;
  let store = storage === 'memory' ? needs.openMemory(NOTHING) : needs.openDurable();
  let hasOpened = storage === 'memory';
  let known = NOTHING;
  let captured: Waiter[] = [];
  let writing: readonly Waiter[] = [];
  let committing: Promise<void> | undefined;
  // Before anything is written: what is found must not be taken for what was put there since.
  const opened = on((current) => current.ledger()).then(learn);

  function inTime<T>(work: Promise<T>): Promise<T> {
    const limitMs = hasOpened ? WRITE_TIMEOUT_MS : OPEN_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      const stop = clock.after(limitMs, () => reject(new Error(`IndexedDB gave no answer in ${limitMs} ms`)));
      work.then(resolve, reject).finally(stop);
    });
  }

  /** Tries with a fresh handle each time, then goes on in memory. */
  async function on<T>(work: (store: Store) => Promise<T>): Promise<T> {
    await needs.ready;
    for (let tries = 1; storage === 'indexeddb'; tries++) {
      const used = store;
      try {
        const answer = await inTime(work(used));
        hasOpened = true;
        if (storage === 'indexeddb') return answer; // else it comes too late to count
      } catch (cause) {
        if (storage !== 'indexeddb') break; // another call has given it up meanwhile
        if (tries < TRIES && used === store) store = needs.openDurable();
        if (tries < TRIES) continue;
        storage = 'memory';
        store = needs.openMemory(known);
        onFallback(cause);
      }
    }
    return work(store);
  }

  function learn(ledger: Ledger): Ledger {
    known = ledger;
    return ledger;
  }

  async function append(events: readonly OutboxEvent[]): Promise<void> {
    await opened;
    const { ledger, evicted } = await on((current) => current.append(events, clock.now()));
    learn(ledger);
    if (evicted.length) onEvicted(evicted);
  }

  async function commit(): Promise<void> {
    while (captured.length) {
      writing = captured.slice(0, COMMIT_EVENTS);
      captured = captured.slice(COMMIT_EVENTS);
      await append(writing.map(({ event }) => event));
      const written = writing;
      writing = [];
      for (const { resolve } of written) resolve(storage);
      onStored(written.map(({ event }) => event.id));
    }
    committing = undefined;
  }

  return {
    add: (event) =>
      new Promise((resolve) => {
        captured.push({ event, resolve });
        // A microtask: all that one task of the page tracks is one write, and a page that is about to go has begun it.
        committing ??= Promise.resolve().then(commit);
      }),
    async oldest(limits) {
      const { events, ledger, evicted } = await on((current) => current.oldest(limits, clock.now()));
      learn(ledger);
      if (evicted.length) onEvicted(evicted);
      return events;
    },
    async settle(events, as) {
      await committing;
      learn(await on((current) => current.settle(events, as)));
    },
    async adopt(events) {
      const held = await on((current) => current.holds(new Set(events.map(({ id }) => id))));
      const missing = events.filter(({ id }) => !held.has(id));
      if (missing.length) await append(missing);
    },
    unsaved: () => [...writing, ...captured].map(({ event }) => event),
    ledger() {
      const waiting = writing.length + captured.length;
      return { ...known, tracked: known.tracked + waiting, pending: known.pending + waiting };
    },
    opened,
    async refresh() {
      learn(await on((current) => current.ledger()));
    },
    written: async () => committing,
    storage: () => storage,
    async wipe() {
      const lost = captured;
      captured = [];
      for (const { resolve } of lost) resolve();
      await committing;
      const stored = await on((current) => current.wipe());
      known = NOTHING;
      return [...stored, ...lost.map(({ event }) => event.id)];
    },
  };
}
