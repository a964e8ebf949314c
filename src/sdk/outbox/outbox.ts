import type { DropReason } from '../events.ts';
import { type BatchLimits, type Eviction, type Ledger, EMPTY_LEDGER, type OutboxEvent } from './contract.ts';
import type { WaitingEvent } from './contract.ts';
import { createFallback, type FallbackNeeds, type StorageKind } from './fallback.ts';

export type { StorageKind } from './fallback.ts';

/**
 * Takes events synchronously, and writes the events of one task together: to IndexedDB, or to memory where IndexedDB does not
 * work.
 */
export interface Outbox {
  /** Resolves with the storage when the event is written; with undefined if the outbox is deleted before that. Never rejects. */
  add(event: OutboxEvent): Promise<StorageKind | undefined>;
  /** Returns the oldest events that fit into one batch. */
  oldest(limits: BatchLimits): Promise<readonly WaitingEvent[]>;
  /** Takes events out, and counts them as delivered or dropped. */
  settle(events: readonly WaitingEvent[], as: 'delivered' | DropReason): Promise<void>;
  /** Writes the events of another page, except for those that are in the outbox already. */
  adopt(events: readonly OutboxEvent[]): Promise<void>;
  /**
   * The events that are not known to be written: they are lost when the page ends. An event that is being written may be listed
   * twice.
   */
  unsaved(): readonly OutboxEvent[];
  /** The counts, as they were read last. They include the events that are not written yet. */
  ledger(): Ledger;
  /** Reads the ledger again, because another tab has changed it. */
  refresh(): Promise<void>;
  /**
   * Called when the page is left, and a lifeboat holds the first `saved` events of `unsaved()`. Those of them whose write has not
   * begun are no longer written. Returns whether the lifeboat holds all of `unsaved()`: then nothing is read or written until the
   * page comes back.
   */
  leave(saved: number): boolean;
  /**
   * Called when the page comes back. Writes the events of the lifeboat, unless another page has taken it over (`isTaken`).
   * Resolves when they are written.
   */
  comeBack(isTaken: boolean): Promise<void>;
  /** Resolves when all events that were added so far are written. */
  written(): Promise<void>;
  /** The storage in use. */
  storage(): StorageKind;
  /** Deletes all events and the ledger. Returns the ids of the events. */
  wipe(): Promise<readonly string[]>;
}

export interface OutboxNeeds extends FallbackNeeds {
  /** Nothing is read or written before this settles: an earlier outbox may still be deleting its database. */
  readonly ready?: Promise<unknown> | undefined;
  /** Called with the ledger that the outbox held when this page was opened. */
  onOpened(found: Ledger): void;
  /** Called with the ids of events that are written now. */
  onStored(ids: readonly string[]): void;
  /** Called with the events that were dropped because of the limits. */
  onEvicted(evicted: readonly Eviction[]): void;
  /**
   * Called when other code has deleted the database. Returns the events that waited there, as far as this page still has them.
   * @param moved the events that waited in memory meanwhile, and are the first of the new log
   */
  onLost(before: Ledger, now: Ledger, moved: readonly OutboxEvent[]): readonly OutboxEvent[];
}

// A transaction clones its values in one task of the page. For so many events that takes a few milliseconds.
const COMMIT_EVENTS = 1_000;

interface Waiter {
  readonly event: OutboxEvent;
  readonly resolve: (storage?: StorageKind) => void;
}

export function createOutbox(needs: OutboxNeeds): Outbox {
  const { onStored, onEvicted, onOpened } = needs;
  let known = EMPTY_LEDGER;
  let hasOpened = false;
  let isWiped = false;
  let captured: Waiter[] = [];
  /** The events that are in the lifeboat, and are not written. */
  let inLifeboat: Waiter[] = [];
  // Another page may have taken over the lifeboat while this page came back: the outbox may hold these events already.
  let mayBeHeld = false;
  let writing: readonly Waiter[] = [];
  let committing: Promise<void> | undefined;

  const fallback = createFallback(
    needs,
    () => known,
    ({ found, ledger, moved, evicted }) => {
      // IndexedDB could not be read until now. The ledger that it held counts as the one at the start.
      if (!hasOpened) open(found);
      learn(ledger, moved);
      tell(moved, evicted);
    },
  );
  const { storage } = fallback;
  // The ledger is read before anything is written, so that events of this page do not count as events that were there before.
  const opened = use((store) => store.ledger()).then((found) => {
    if (storage() === needs.storage) open(found);
    learn(found);
  });

  async function use<T>(...args: Parameters<typeof fallback.use<T>>): Promise<T> {
    await needs.ready;
    // After the deletion, any work would create the database again: it never runs.
    return isWiped ? new Promise<T>(() => {}) : fallback.use(...args);
  }

  function open(found: Ledger): void {
    hasOpened = true;
    onOpened(found);
  }

  function learn(ledger: Ledger, moved: readonly OutboxEvent[] = []): void {
    const before = known;
    known = ledger;
    if (before.log && before.log !== ledger.log) void append(needs.onLost(before, ledger, moved), true);
  }

  function tell(written: readonly OutboxEvent[], evicted: readonly Eviction[]): void {
    onEvicted(evicted);
    const gone = new Set(evicted.map(({ id }) => id));
    onStored(written.map(({ id }) => id).filter((id) => !gone.has(id)));
  }

  /** @param done called after the new ledger is known, and before the callbacks of the needs */
  async function append(
    events: readonly OutboxEvent[],
    unlessHeld?: boolean,
    done?: () => void,
  ): Promise<void> {
    await opened;
    const { ledger, evicted } = await use((store, again) =>
      store.append(events, needs.clock.now(), unlessHeld || again),
    );
    learn(ledger);
    done?.();
    tell(events, evicted);
  }

  async function commit(): Promise<void> {
    // The write does not begin before that: if the page is left first, it puts the events into its lifeboat.
    await opened;
    while (captured.length) {
      writing = captured.splice(0, COMMIT_EVENTS);
      await append(
        writing.map(({ event }) => event),
        mayBeHeld,
        () => {
          for (const { resolve } of writing) resolve(storage());
          writing = [];
        },
      );
    }
    mayBeHeld = false;
    committing = undefined;
  }

  return {
    add: (event) =>
      new Promise((resolve) => {
        captured.push({ event, resolve });
        // A microtask: all events that one task of the page tracks are one write, and it has begun before the page can be left.
        committing ??= Promise.resolve().then(commit);
      }),
    async oldest(limits) {
      const { events, ledger, evicted } = await use((store) => store.oldest(limits, needs.clock.now()));
      learn(ledger);
      onEvicted(evicted);
      return events;
    },
    async settle(events, as) {
      await committing;
      learn(await use((store) => store.settle(events, as)));
    },
    adopt: (events) => append(events, true),
    unsaved: () => [
      ...fallback.inMemory(),
      ...[...writing, ...inLifeboat, ...captured].map(({ event }) => event),
    ],
    ledger() {
      const waiting = writing.length + captured.length;
      return { ...known, tracked: known.tracked + waiting, pending: known.pending + waiting };
    },
    leave(saved) {
      const before = fallback.inMemory().length + writing.length + inLifeboat.length;
      inLifeboat.push(...captured.splice(0, Math.max(0, saved - before)));
      const isAll = saved >= before && !captured.length;
      fallback.rest(isAll);
      return isAll;
    },
    async comeBack(isTaken) {
      // The other page has these events. In which storage is not known here.
      if (isTaken) for (const { resolve } of inLifeboat) resolve('memory');
      else captured.unshift(...inLifeboat);
      inLifeboat = [];
      fallback.rest(false);
      mayBeHeld = true;
      await (committing ??= commit());
    },
    async refresh() {
      learn(await use((store) => store.ledger()));
    },
    written: async () => committing,
    storage,
    async wipe() {
      const unwritten = captured;
      captured = [];
      for (const { resolve } of unwritten) resolve();
      await committing;
      const stored = await use((store) => store.wipe());
      isWiped = true;
      known = EMPTY_LEDGER;
      return [...stored, ...unwritten.map(({ event }) => event.id)];
    },
  };
}
