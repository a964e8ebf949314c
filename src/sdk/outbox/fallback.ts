import type { Clock } from '../browser.ts';
import type { Eviction, Ledger, OutboxEvent, Store } from './contract.ts';

/** Where an event waits: `indexeddb` survives the page, `memory` does not. */
export type StorageKind = 'indexeddb' | 'memory';

/** `again`: an earlier try may have done it after all. */
export type StoreWork<T> = (store: Store, again?: boolean) => Promise<T>;

/** IndexedDB as long as the browser lets us, else memory, until IndexedDB works again. */
export interface Fallback {
  use<T>(work: StoreWork<T>, again?: boolean): Promise<T>;
  storage(): StorageKind;
  /** What waits in memory against the application's wish, and dies with the page. */
  inMemory(): readonly OutboxEvent[];
}

/** Nothing is asked of it between `rest(true)` and `rest(false)`. */
export interface RestingFallback extends Fallback {
  rest(rests: boolean): void;
}

/** What waited in memory is in IndexedDB. */
export interface Healed {
  /** What IndexedDB held before. */
  readonly found: Ledger;
  readonly ledger: Ledger;
  readonly moved: readonly OutboxEvent[];
  readonly evicted: readonly Eviction[];
}

export interface FallbackNeeds {
  readonly clock: Clock;
  /** What the application wants. */
  readonly storage: StorageKind;
  /** A fresh handle each time: the browser may kill one without a word. */
  openDurable(): Store;
  /** What is done where IndexedDB fails: few pages need it, and load it then. */
  recovery(needs: RecoveryNeeds): Promise<Fallback>;
  /** IndexedDB is given up for now. */
  onFallback(cause: unknown): void;
}

export interface RecoveryNeeds extends Pick<
  FallbackNeeds,
  'clock' | 'storage' | 'openDurable' | 'onFallback'
> {
  /** The ledger as it was read last. */
  known(): Ledger;
  /** Rejects where there is no answer for too long. */
  inTime<T>(work: Promise<T>): Promise<T>;
  onHealed(healed: Healed): void;
}

// Safari has hung for ever in the first `open` after a start: https://bugs.webkit.org/show_bug.cgi?id=226547
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
      // Whatever waits goes on waiting.
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
          if (storage === 'memory') throw new Error(); // it never asked for another
          used = durable ??= openDurable();
          const answer = await inTime(work(used, tries > 1));
          hasOpened = true;
          // Else it comes too late to count.
          if (!recovery) return answer;
        } catch {
          // Unless another call has opened a fresh one.
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
