import type { Clock } from '../browser.ts';

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
  readonly locks: LockManager | undefined;
  gained(): void;
  /** Where there are no Web Locks. */
  readonly lease: Lease;
  readonly clock: Clock;
}

/** A lock with an end, for browsers without Web Locks. */
export interface Lease {
  /** Takes or renews it until `untilMs`; answers until when it is held by somebody, and whether by us. */
  take(untilMs: number): Promise<{ readonly ours: boolean; readonly untilMs: number }>;
  drop(): void;
}

const LEASE_MS = 20_000;

export function createLeader(needs: LeaderNeeds): Leader {
  return needs.locks ? byLock(needs.locks, needs) : byLease(needs);
}

function byLock(locks: LockManager, { name, gained }: LeaderNeeds): Leader {
  let waiting: AbortController | undefined;
  let release: (() => void) | undefined;
  let heir = false;
  return {
    hasHeir: () => heir,
    leads: () => release !== undefined,
    join() {
      if (waiting) return;
      const control = new AbortController();
      waiting = control;
      const held = (): Promise<void> => {
        if (control.signal.aborted) return Promise.resolve();
        return new Promise((resolve) => {
          release = resolve;
          gained();
        });
      };
      // Rejects when we leave before it was our turn.
      locks.request(name, { signal: control.signal }, held).catch(() => undefined);
    },
    leave() {
      waiting?.abort();
      release?.();
      waiting = release = undefined;
    },
    ask() {
      locks.query().then(
        ({ pending }) => (heir = Boolean(pending?.some((lock) => lock.name === name))),
        () => undefined,
      );
    },
  };
}

function byLease({ lease, clock, gained }: LeaderNeeds): Leader {
  let untilMs = 0;
  let joined = false;
  let stop: (() => void) | undefined;

  async function take(): Promise<void> {
    const led = clock.now() < untilMs;
    const answer = await lease.take(clock.now() + LEASE_MS);
    if (!joined) {
      if (answer.ours) lease.drop();
      return;
    }
    stop?.();
    stop = undefined;
    untilMs = answer.ours ? answer.untilMs : 0;
    if (answer.ours && !led) gained();
    if (!answer.ours) stop = clock.after(answer.untilMs - clock.now(), () => void take()); // rejects never
  }

  return {
    hasHeir: () => false, // a lease names its holder only
    leads() {
      const ours = clock.now() < untilMs;
      if (!ours && joined) void take();
      return ours;
    },
    join() {
      joined = true;
      void take();
    },
    leave() {
      joined = false;
      stop?.();
      if (untilMs) lease.drop();
      untilMs = 0;
    },
    ask: () => void (joined && take()),
  };
}
