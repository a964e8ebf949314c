/** Sees to it that one tab of a site sends, and that another takes over when it is gone. */
export interface Leader {
  leads(): boolean;
  /** Takes part. `gained` is called when this tab leads. */
  join(): void;
  /** Steps down; a page that holds a lock cannot enter the back/forward cache. */
  leave(): void;
  /** Something is there to be sent: looks who is there to send it. */
  ask(): void;
  /** Whether another tab stood ready to take over when this one asked last. */
  hasHeir(): boolean;
}

export interface LeaderNeeds {
  readonly name: string;
  /** Pages without TLS and old browsers have none. */
  readonly locks: LockManager | undefined;
  gained(): void;
  /** Leads where there are no locks; loaded when it is needed. */
  byLease(): Promise<Leader>;
}

export function createLeader(needs: LeaderNeeds): Leader {
  return needs.locks ? byLock(needs.locks, needs) : late(needs);
}

/** Whatever a browser, or what has been put in its place, throws or rejects with. */
const attempt = async <T>(act: () => Promise<T>): Promise<T> => act();

function byLock(locks: LockManager, { name, gained }: LeaderNeeds): Leader {
  let waiting: AbortController | undefined;
  let release: (() => void) | undefined;
  let heir = false;
  return {
    hasHeir: () => heir,
    leads: () => release !== undefined,
    join() {
      if (waiting) return;
      const control = (waiting = new AbortController());
      const lead = (): Promise<void> =>
        new Promise((resolve) => {
          if (control.signal.aborted) return resolve();
          release = resolve;
          gained();
        });
      // Refused without our having left (a frame without an origin, an extension): twice is better than never.
      attempt(() => locks.request(name, { signal: control.signal }, lead)).catch(lead);
    },
    leave() {
      waiting?.abort();
      release?.();
      waiting = release = undefined;
    },
    ask() {
      attempt(() => locks.query()).then(
        ({ pending }) => (heir = Boolean(pending?.some((lock) => lock.name === name))),
        () => undefined,
      );
    },
  };
}

function late({ byLease, gained }: LeaderNeeds): Leader {
  let joined = false;
  let alone = false;
  let leader: Leader | undefined;
  byLease().then(
    (loaded) => {
      leader = loaded;
      if (joined) leader.join();
    },
    () => {
      // Twice is better than never.
      alone = true;
      gained();
    },
  );
  return {
    leads: () => leader?.leads() ?? alone,
    join() {
      joined = true;
      leader?.join();
    },
    leave() {
      joined = false;
      leader?.leave();
    },
    ask: () => leader?.ask(),
    hasHeir: () => false, // a lease names its holder only
  };
}
