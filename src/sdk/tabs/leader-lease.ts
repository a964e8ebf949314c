import { createStore, update, type UseStore } from 'idb-keyval';
import type { Clock, TextStore } from '../browser.ts';
import type { Leader } from './leader-lock.ts';

export interface LeaseNeeds {
  /** Of the database: one for each site and client key. */
  readonly name: string;
  /** Of this page. */
  readonly owner: string;
  readonly clock: Clock;
  readonly local: TextStore;
  /** Where the page that gives the lease up says so, at once: what it writes to IndexedDB as it goes may never get there. */
  readonly releasedKey: string;
  gained(): void;
}

interface Lease {
  readonly owner: string;
  readonly untilMs: number;
}

const LEASE_MS = 20_000;

/** A lock with an end, in IndexedDB: it outlives its holder by a few seconds, and needs no timer while nothing waits. */
export function createLeaseLeader(needs: LeaseNeeds): Leader {
  const { name, owner, clock, local, releasedKey, gained } = needs;
  const open = createStore(name, 'lease');
  const store: UseStore = (mode, use) =>
    open(mode, (objects) => {
      const { db } = objects.transaction;
      // Another tab may want to delete it.
      db.onversionchange = () => db.close();
      return use(objects);
    });
  let untilMs = 0;
  let joined = false;
  let taking: Promise<void> | undefined;
  let stop: (() => void) | undefined;

  async function offer(mine: Lease): Promise<Lease> {
    let held = mine;
    const decide = (found: Lease | undefined): Lease => {
      const nowMs = clock.now();
      // One that ends later than a lease can was written by a clock that was ahead.
      const binds =
        found &&
        found.owner !== owner &&
        found.owner !== local.get(releasedKey) &&
        found.untilMs > nowMs &&
        found.untilMs <= nowMs + LEASE_MS;
      return (held = binds ? found : mine);
    };
    // Where there is no IndexedDB there is nothing to share with other tabs either.
    try {
      await update<Lease>('lease', decide, store);
      return held;
    } catch {
      return mine;
    }
  }

  async function take(): Promise<void> {
    const led = clock.now() < untilMs;
    const held = await offer({ owner, untilMs: clock.now() + LEASE_MS });
    stop?.();
    stop = undefined;
    if (!joined) return drop();
    untilMs = held.owner === owner ? held.untilMs : 0;
    if (!untilMs) stop = clock.after(held.untilMs - clock.now(), ask);
    else if (!led) gained();
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
      const ours = clock.now() < untilMs;
      if (!ours) ask();
      return ours;
    },
    join() {
      joined = true;
      // A page that comes back takes its word back.
      if (local.get(releasedKey) === owner) local.remove(releasedKey);
      ask();
    },
    leave() {
      joined = false;
      stop?.();
      // What it has asked for may yet be granted.
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
