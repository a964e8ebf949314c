import { createStore, update, type UseStore } from 'idb-keyval';
import type { Clock, TextStore } from '../browser.ts';
import type { Leader } from './leader-lock.ts';

export interface LeaseNeeds {
  /** Name of the database: one for each site and client key. */
  readonly name: string;
  /** Id of this page. */
  readonly owner: string;
  readonly clock: Clock;
  readonly local: TextStore;
  /**
   * Key of localStorage under which a page that gives up the lease writes its id, synchronously: what it writes to IndexedDB as it is
   * left may never be stored.
   */
  readonly releasedKey: string;
  /** Called when this page becomes the leader. */
  gained(): void;
}

interface Lease {
  readonly owner: string;
  readonly untilMs: number;
}

const LEASE_MS = 20_000;

/**
 * Elects the leader by a lease in IndexedDB, a lock that expires. A lease that was not given up outlives its page by a few seconds.
 * No timer runs while no event waits.
 */
export function createLeaseLeader(needs: LeaseNeeds): Leader {
  const { name, owner, clock, local, releasedKey, gained } = needs;
  const open = createStore(name, 'lease');
  const store: UseStore = (mode, use) =>
    open(mode, (objects) => {
      const { db } = objects.transaction;
      // An open connection would block another tab that deletes the database.
      db.onversionchange = () => db.close();
      return use(objects);
    });
  let untilMs = 0;
  let joined = false;
  let taking: Promise<void> | undefined;
  let stop: (() => void) | undefined;

  /** Writes this lease, unless another page holds a valid one. Returns the lease that is valid now. */
  async function offer(mine: Lease): Promise<Lease> {
    let held = mine;
    const decide = (found: Lease | undefined): Lease => {
      const nowMs = clock.now();
      // A lease that ends later than `LEASE_MS` from now was written while the clock was ahead, and does not count.
      const binds =
        found &&
        found.owner !== owner &&
        found.owner !== local.get(releasedKey) &&
        found.untilMs > nowMs &&
        found.untilMs <= nowMs + LEASE_MS;
      return (held = binds ? found : mine);
    };
    // Without IndexedDB the tabs share no events, so each of them may lead.
    try {
      await update<Lease>('lease', decide, store);
      return held;
    } catch {
      return mine;
    }
  }

  async function take(): Promise<void> {
    const wasLeader = clock.now() < untilMs;
    const held = await offer({ owner, untilMs: clock.now() + LEASE_MS });
    stop?.();
    stop = undefined;
    if (!joined) return drop();
    untilMs = held.owner === owner ? held.untilMs : 0;
    if (!untilMs) stop = clock.after(held.untilMs - clock.now(), ask);
    else if (!wasLeader) gained();
  }

  function ask(): void {
    if (!joined) return;
    taking ??= take().finally(() => (taking = undefined));
  }

  function drop(): void {
    untilMs = 0;
    void offer({ owner, untilMs: 0 });
  }

  return {
    leads() {
      const isLeader = clock.now() < untilMs;
      if (!isLeader) ask();
      return isLeader;
    },
    join() {
      joined = true;
      // A page that comes back withdraws its release.
      if (local.get(releasedKey) === owner) local.remove(releasedKey);
      ask();
    },
    leave() {
      joined = false;
      stop?.();
      // While a request for the lease is under way, the page may still get it: the release is written for that case too.
      if (!untilMs && !taking) return;
      local.set(releasedKey, owner);
      if (untilMs) drop();
    },
    ask: async () => ask(),
    heard: () => {},
    hasHeir: () => false,
  };
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createLeaseLeader as create };
