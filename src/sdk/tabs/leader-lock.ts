import type { Clock } from '../browser.ts';

/** Elects the tab of a site that sends. When that tab is gone, another one takes over. */
export interface Leader {
  /** Whether this tab is the one that sends. */
  leads(): boolean;
  /** Takes part in the election. The callback `gained` of the needs runs when this tab becomes the leader. */
  join(): void;
  /** Steps down; a page that holds a lock cannot enter the back/forward cache. */
  leave(): void;
  /**
   * Called when an event waits to be sent. If this tab leads, checks whether another tab waits for the lock. If another tab leads,
   * and sends no life sign within 10 s, this tab takes the lock from it.
   */
  ask(): Promise<void>;
  /** The tab that leads has sent a life sign. */
  heard(): void;
  /** Whether another tab was waiting for the lock at the last call of `ask`. */
  hasHeir(): boolean;
}

export interface LeaderNeeds {
  /** Name of the lock. */
  readonly name: string;
  readonly locks: Pick<LockManager, 'query' | 'request'>;
  readonly clock: Clock;
  /**
   * This page is in a frame, and ends together with another page. It leads only where no other page holds the lock, and never waits
   * for the lock, because the leader would take it for a tab that can take over.
   */
  readonly isFrame?: boolean;
  /** Called when this tab becomes the leader. */
  gained(): void;
}

/** Turns what `act` throws into a rejection: the browser, or a script that has replaced its method, may throw or reject. */
const attempt = async <T>(act: () => Promise<T>): Promise<T> => act();

// A tab that is frozen, or whose page is busy without end, keeps its lock. After so long without a life sign, the lock is stolen.
const LIFE_SIGN_MS = 10_000;

export function createLeader({ name, locks, clock, isFrame, gained }: LeaderNeeds): Leader {
  let waiting: AbortController | undefined;
  let release: (() => void) | undefined;
  let stopDoubting: (() => void) | undefined;
  let heir = false;

  function trust(): void {
    stopDoubting?.();
    stopDoubting = undefined;
  }

  /** Requests the lock; with `steal`, takes it from its holder. */
  function requestLock(steal?: true): void {
    waiting?.abort();
    const control = (waiting = new AbortController());
    const { signal } = control;
    const lead = (): Promise<void> =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        trust();
        heir = false; // the request that waited was this tab's own
        release = resolve;
        gained();
      });
    const options = steal ? { steal } : isFrame ? { ifAvailable: true } : { signal };
    attempt(() => locks.request(name, options, (lock) => lock && lead())).catch(() => {
      if (signal.aborted) return undefined;
      // Another tab has stolen the lock, because it had no life sign of this one. This tab waits for the lock again.
      if (release) return requestLock((release = undefined));
      // The browser refuses locks (a frame without an origin, an extension). This tab leads then: events that are sent twice are
      // better than events that are never sent.
      return lead();
    });
  }

  return {
    hasHeir: () => heir,
    leads: () => release !== undefined,
    join() {
      if (!waiting) requestLock();
    },
    leave() {
      trust();
      waiting?.abort();
      release?.();
      waiting = release = undefined;
    },
    async ask() {
      if (!release && waiting) {
        stopDoubting ??= clock.after(LIFE_SIGN_MS, () => requestLock(true));
        if (isFrame) requestLock();
      }
      const { pending } = await attempt(() => locks.query()).catch((): LockManagerSnapshot => ({}));
      heir = Boolean(release && pending?.some((lock) => lock.name === name));
    },
    heard: trust,
  };
}

/**
 * Used by pages without TLS and by old browsers, which have no locks: this lock is never granted. `leader-lease.ts` is loaded
 * meanwhile.
 */
export const NO_LOCKS: Pick<LockManager, 'query' | 'request'> = {
  request: () => new Promise<never>(() => {}),
  query: async () => ({}),
};
