import { clock, inFrame, local, lockManager } from '../browser.ts';
import { createLeader, type Leader, NO_LOCKS } from './leader-lock.ts';

/**
 * Returns what elects the tab that sends: by a Web Lock, where the browser has none by a lease in IndexedDB, which is loaded, and
 * where that cannot be loaded not at all: a site whose events are sent twice is better off than one whose events are not sent.
 *
 * @param scope of the site: the name of the lock, and the beginning of the names of the lease
 * @param page the owner of the lease
 * @param database of the lease
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
