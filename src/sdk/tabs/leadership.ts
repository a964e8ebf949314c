import { clock, inFrame, local, lockManager } from '../browser.ts';
import { createLeader, type Leader, NO_LOCKS } from './leader-lock.ts';

/**
 * Elects the tab that sends. The means is a Web Lock. Where the browser has no Web Locks, it is a lease in IndexedDB, whose file is
 * loaded then. Where that file cannot be loaded, every tab leads: events that are sent twice are better than events that are never
 * sent. Returns a function that returns the present means.
 *
 * @param scope id of the site: the name of the lock, and the beginning of the key under which a lease is released
 * @param page id of this page, as the owner of the lease
 * @param database name of the database of the lease
 * @param gained called when this tab becomes the leader
 */
export function createLeadership(
  scope: string,
  page: string,
  database: string,
  ending: AbortSignal,
  gained: () => void,
): () => Leader {
  const locks = lockManager();
  const leaderBy = (manager: Pick<LockManager, 'query' | 'request'>): Leader =>
    createLeader({ name: scope, locks: manager, clock, isFrame: inFrame(), gained });
  let leader = leaderBy(locks ?? NO_LOCKS);
  if (!locks)
    void import('./leader-lease.ts')
      .then(({ create }) =>
        create({ name: database, owner: page, clock, local, releasedKey: `${scope}:released`, gained }),
      )
      .catch(() => leaderBy({ ...NO_LOCKS, request: () => Promise.reject() }))
      .then((loaded) => !ending.aborted && (leader = loaded).join());
  return () => leader;
}
