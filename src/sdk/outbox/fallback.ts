import type { Clock } from '../browser.ts';
import type { Eviction, Ledger, OutboxEvent, Store } from './contract.ts';

/** Where an event is stored: `indexeddb` survives the end of the page, `memory` does not. */
export type StorageKind = 'indexeddb' | 'memory';

/** Work on a store. `again`: an earlier attempt seemed to fail, and may have changed the store. */
export type StoreWork<T> = (store: Store, again?: boolean) => Promise<T>;

/** Runs work on the store in IndexedDB. If IndexedDB fails, runs the work on a store in memory, until IndexedDB works again. */
export interface Fallback {
  use<T>(work: StoreWork<T>, again?: boolean): Promise<T>;
  /** The storage in use. */
  storage(): StorageKind;
  /** The events that are in memory although the application wants IndexedDB. They are lost when the page ends. */
  inMemory(): readonly OutboxEvent[];
}

/** A fallback that can be paused: after `rest(true)`, work waits until `rest(false)`. */
export interface RestingFallback extends Fallback {
  rest(rests: boolean): void;
}

/** The result of moving the events from memory into IndexedDB. */
export interface Healed {
  /** The ledger that IndexedDB held before. */
  readonly found: Ledger;
  /** The ledger that IndexedDB holds now. */
  readonly ledger: Ledger;
  readonly moved: readonly OutboxEvent[];
  readonly evicted: readonly Eviction[];
}

export interface FallbackNeeds {
  readonly clock: Clock;
  /** The storage that the application wants. */
  readonly storage: StorageKind;
  /** Returns a new handle to IndexedDB each time, because the browser may close a handle without an event. */
  openDurable(): Store;
  /** Loads `recovery.ts`, which runs the work after IndexedDB has failed. Few pages need this file. */
  recovery(needs: RecoveryNeeds): Promise<Fallback>;
  /** Called with the cause when IndexedDB cannot be used for now. */
  onFallback(cause: unknown): void;
}

export interface RecoveryNeeds extends Pick<
  FallbackNeeds,
  'clock' | 'storage' | 'openDurable' | 'onFallback'
> {
  /** Returns the ledger as it was read last. */
  known(): Ledger;
  /** Rejects with the message {@link NO_ANSWER} when the work does not settle in time. */
  inTime<T>(work: Promise<T>): Promise<T>;
  onHealed(healed: Healed): void;
}

// In Safari the first `open` after a start may never settle: https://bugs.webkit.org/show_bug.cgi?id=226547
const OPEN_TIMEOUT_MS = 2_000;
const ANSWER_TIMEOUT_MS = 10_000;
const LOAD_AGAIN_MS = 30_000;
export const NO_ANSWER = 'IndexedDB hangs';

export function createFallback(
  needs: FallbackNeeds,
  known: () => Ledger,
  onHealed: (healed: Healed) => void,
): RestingFallback {
  const { clock, storage, openDurable, onFallback } = needs;
  let recovery: Fallback | undefined;
  let durable: Store | undefined;
  let loading = storage === 'memory' ? load() : undefined;
  let hasOpened = false;
  let resting: Promise<void> | undefined;
  let wake: (() => void) | undefined;

  function inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = clock.after(hasOpened ? ANSWER_TIMEOUT_MS : OPEN_TIMEOUT_MS, () =>
        reject(new Error(NO_ANSWER)),
      );
      work.then(resolve, reject).finally(stop);
    });
  }

  async function load(): Promise<void> {
    try {
      recovery = await needs.recovery({ clock, storage, openDurable, onFallback, known, inTime, onHealed });
    } catch (cause) {
      // The file could not be loaded. All work waits, and then tries IndexedDB again.
      onFallback(cause);
      await new Promise<void>((resolve) => void clock.after(LOAD_AGAIN_MS, resolve));
    }
    loading = undefined;
  }

  return {
    async use(work) {
      for (let tries = 1; ; tries++) {
        await resting;
        await loading;
        if (recovery) return recovery.use(work, tries > 1);
        let used: Store | undefined;
        try {
          if (storage === 'memory') throw new Error(); // only the recovery has a store in memory
          used = durable ??= openDurable();
          const answer = await inTime(work(used, tries > 1));
          hasOpened = true;
          // If the recovery was loaded meanwhile, this result comes too late, and the recovery runs the work again.
          if (!recovery) return answer;
        } catch {
          // Another call may have opened a new handle already.
          if (durable === used) durable = undefined;
          if (tries > 1 && !recovery) loading ??= load();
        }
      }
    },
    storage: () => recovery?.storage() ?? storage,
    inMemory: () => recovery?.inMemory() ?? [],
    rest(rests) {
      wake?.();
      resting = wake = undefined;
      if (rests) resting = new Promise((resolve) => (wake = resolve));
    },
  };
}
