import type { Limits, Store } from './contract.ts';
import { type Fallback, NO_ANSWER, type RecoveryNeeds } from './fallback.ts';
import { createMemoryOutboxStore, type MemoryOutboxStore } from './memory-store.ts';
import { moveBack } from './move-back.ts';
import { repairLog } from './repair.ts';

export interface RecoverySettings {
  readonly database: string;
  readonly limits: Limits;
  /** While requests carry events, no events are moved from memory into IndexedDB. */
  readonly sender: { busy(): boolean };
  fail(code: 'storage-unavailable', message: string): void;
}

const HEAL_AFTER_MS = 30_000;

/**
 * Runs work on the outbox after IndexedDB has failed: tries again with new handles, repairs the log, and uses a store in memory
 * until IndexedDB works again.
 */
export function createRecovery(settings: RecoverySettings, needs: RecoveryNeeds): Fallback {
  const { database } = settings;
  const { clock, openDurable, known, inTime, onHealed } = needs;
  const isWanted = needs.storage === 'indexeddb';
  let durable: Store | undefined;
  let base = known();
  let memory = isWanted ? undefined : createMemoryOutboxStore(base, settings.limits);
  let triedAtMs = 0;
  let mending: Promise<boolean> | undefined;
  let hasMended = false;
  let healing: Promise<void> | undefined;

  /**
   * Repairs the log, once until `mayMendAgain`. Returns false if the repair has failed, or was done already: the work is not
   * tried again.
   */
  async function mend(): Promise<boolean> {
    if (hasMended) return false;
    mending ??= inTime(repairLog(database, known)).then(
      (count) => {
        if (count)
          settings.fail('storage-unavailable', `${count} stored events were unreadable, and are gone`);
        return true;
      },
      () => false,
    );
    const isMended = await mending;
    hasMended = true;
    return isMended;
  }

  function giveUp(cause: unknown): void {
    triedAtMs = clock.now();
    base = known();
    memory = createMemoryOutboxStore(base, settings.limits);
    needs.onFallback(cause);
  }

  async function heal(from: MemoryOutboxStore): Promise<void> {
    triedAtMs = clock.now();
    mayMendAgain();
    for (let isOver = false; !isOver;) {
      let isLate = false;
      try {
        const healed = await inTime(moveBack(from, base, settings, triedAtMs, () => isLate));
        memory = undefined;
        mayMendAgain();
        return onHealed(healed);
      } catch (cause) {
        // IndexedDB does not work yet. If this transaction still runs, it must not succeed later.
        isLate = true;
        isOver = isSilent(cause) || !(await mend());
      }
    }
  }

  /** Allows another repair: since the last one, other records may have been damaged. */
  function mayMendAgain(): void {
    hasMended = false;
    mending = undefined;
  }

  return {
    async use(work, again) {
      const sinceMs = Math.abs(clock.now() - triedAtMs);
      if (isWanted && memory && sinceMs >= HEAL_AFTER_MS && !settings.sender.busy())
        healing ??= heal(memory).finally(() => (healing = undefined));
      await healing;
      for (let isAgain = again; ; isAgain = true) {
        if (memory) return work(memory, isAgain);
        const used = (durable ??= openDurable());
        try {
          const answer = await inTime(work(used, isAgain));
          // If another call has switched to memory meanwhile, this result comes too late, and the work runs again in memory.
          if (!memory) return answer;
        } catch (cause) {
          if (durable === used) durable = undefined;
          if (!memory && (isSilent(cause) || !(await mend())) && !memory) giveUp(cause);
        }
      }
    },
    storage: () => (memory ? 'memory' : 'indexeddb'),
    inMemory: () => (isWanted && memory?.all()) || [],
  };
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createRecovery as create };

/** Whether IndexedDB did not answer in time. A repair would get no answer either. */
const isSilent = (cause: unknown): boolean => cause instanceof Error && cause.message === NO_ANSWER;
