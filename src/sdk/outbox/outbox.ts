import type { DropReason } from '../events.ts';
import { type BatchLimits, type Eviction, type Ledger, EMPTY_LEDGER, type OutboxEvent } from './contract.ts';
import type { WaitingEvent } from './contract.ts';
import { createFallback, type FallbackNeeds, type StorageKind } from './fallback.ts';

export type { StorageKind } from './fallback.ts';

/** Takes events synchronously, writes what has gathered in one go, and falls back to memory when the browser refuses. */
export interface Outbox {
  /** Resolves when the event is written, or with undefined when it is wiped before that. Never rejects. */
  add(event: OutboxEvent): Promise<StorageKind | undefined>;
  oldest(limits: BatchLimits): Promise<readonly WaitingEvent[]>;
  settle(events: readonly WaitingEvent[], as: 'delivered' | DropReason): Promise<void>;
  /** Writes those of another page's events that are not there yet. */
  adopt(events: readonly OutboxEvent[]): Promise<void>;
  /** Taken, and not yet known to be written: what dies with the page. One that is just being written may be there twice. */
  unsaved(): readonly OutboxEvent[];
  ledger(): Ledger;
  /** Reads the ledger, which another tab has changed. */
  refresh(): Promise<void>;
  /**
   * Leaves the first so many of the unsaved to a lifeboat: what of them is not yet being written will not be. Returns whether
   * that was all; nothing is read or written then until the page comes back.
   */
  leave(saved: number): boolean;
  /** Takes them back, or knows that whoever has taken the lifeboat has them. Resolves when they are written. */
  comeBack(isTaken: boolean): Promise<void>;
  /** Resolves when all that is taken by now is written. */
  written(): Promise<void>;
  storage(): StorageKind;
  /** Deletes everything, and says which events that were. */
  wipe(): Promise<readonly string[]>;
}

export interface OutboxNeeds extends FallbackNeeds {
  /** Nothing is read or written before: an earlier outbox may still be deleting its database. */
  readonly ready?: Promise<unknown> | undefined;
  /** What it held when this page came. */
  onOpened(found: Ledger): void;
  onStored(ids: readonly string[]): void;
  onEvicted(evicted: readonly Eviction[]): void;
  /**
   * Somebody has deleted the database. Answers what this page still knows of the events that waited there.
   * @param moved waited in memory meanwhile, and begin the new log
   */
  onLost(before: Ledger, now: Ledger, moved: readonly OutboxEvent[]): readonly OutboxEvent[];
}

// One transaction clones its values in one task of the page; this many take a few milliseconds.
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
  let left: Waiter[] = [];
  // The lifeboat may have been taken while this page came back.
  let mayBeHeld = false;
  let writing: readonly Waiter[] = [];
  let committing: Promise<void> | undefined;

  const fallback = createFallback(
    needs,
    () => known,
    ({ found, ledger, moved, evicted }) => {
      // Counted from what was there, as if it had been readable from the start.
      if (!hasOpened) open(found);
      learn(ledger, moved);
      tell(moved, evicted);
    },
  );
  const { storage } = fallback;
  // Before anything is written: what is found must not be taken for what was put there since.
  const opened = use((store) => store.ledger()).then((found) => {
    if (storage() === needs.storage) open(found);
    learn(found);
  });

  async function use<T>(...work: Parameters<typeof fallback.use<T>>): Promise<T> {
    await needs.ready;
    // It would bring back what is deleted.
    return isWiped ? new Promise<T>(() => {}) : fallback.use(...work);
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

  /** @param done is called between what is known and what is told of it */
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
    // Not yet being written until then: a page that leaves first has them in its lifeboat.
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
        // A microtask: all that one task of the page tracks is one write, and a page that is about to go has begun it.
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
    unsaved: () => [...fallback.inMemory(), ...[...writing, ...left, ...captured].map(({ event }) => event)],
    ledger() {
      const waiting = writing.length + captured.length;
      return { ...known, tracked: known.tracked + waiting, pending: known.pending + waiting };
    },
    leave(saved) {
      const before = fallback.inMemory().length + writing.length + left.length;
      left.push(...captured.splice(0, Math.max(0, saved - before)));
      const isAll = saved >= before && !captured.length;
      fallback.rest(isAll);
      return isAll;
    },
    async comeBack(isTaken) {
      // Where, is not known here.
      if (isTaken) for (const { resolve } of left) resolve('memory');
      else captured.unshift(...left);
      left = [];
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
      const lost = captured;
      captured = [];
      for (const { resolve } of lost) resolve();
      await committing;
      const stored = await use((store) => store.wipe());
      isWiped = true;
      known = EMPTY_LEDGER;
      return [...stored, ...lost.map(({ event }) => event.id)];
    },
  };
}
