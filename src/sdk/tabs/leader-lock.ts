import type { Clock } from '../browser.ts';

/** Sees to it that one tab of a site sends, and that another takes over when it is gone. */
export interface Leader {
  leads(): boolean;
  /** Takes part. `gained` is called when this tab leads. */
  join(): void;
  /** Steps down; a page that holds a lock cannot enter the back/forward cache. */
  leave(): void;
  /**
   * Something is there to be sent: looks who stands ready to send it after this tab. Where another tab leads, it has to
   * give a sign of life, or is deposed.
   */
  ask(): Promise<void>;
  /** The tab that leads has given a sign of life. */
  heard(): void;
  /** Whether another tab stood ready to take over when this one asked last. */
  hasHeir(): boolean;
}

export interface LeaderNeeds {
  readonly name: string;
  readonly locks: Pick<LockManager, 'query' | 'request'>;
  readonly clock: Clock;
  /** It goes with another page: it leads where nobody else does, and never stands in line, where it would be taken for an heir. */
  readonly isFrame?: boolean;
  gained(): void;
}

/** Whatever a browser, or what has been put in its place, throws or rejects with. */
const attempt = async <T>(act: () => Promise<T>): Promise<T> => act();

// A tab that is frozen, or whose page is busy without end, keeps its lock.
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

  /** @param steal takes it from whoever holds it */
  function line(steal?: true): void {
    waiting?.abort();
    const control = (waiting = new AbortController());
    const { signal } = control;
    const lead = (): Promise<void> =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        trust();
        heir = false; // it was this tab itself
        release = resolve;
        gained();
      });
    const options = steal ? { steal } : isFrame ? { ifAvailable: true } : { signal };
    attempt(() => locks.request(name, options, (lock) => lock && lead())).catch(() => {
      if (signal.aborted) return undefined;
      // Another tab, which had not heard of this one for long, has taken the lock.
      if (release) return line((release = undefined));
      // Refused (a frame without an origin, an extension): twice is better than never.
      return lead();
    });
  }

  return {
    hasHeir: () => heir,
    leads: () => release !== undefined,
    join() {
      if (!waiting) line();
    },
    leave() {
      trust();
      waiting?.abort();
      release?.();
      waiting = release = undefined;
    },
    async ask() {
      if (!release && waiting) {
        stopDoubting ??= clock.after(LIFE_SIGN_MS, () => line(true));
        if (isFrame) line();
      }
      const { pending } = await attempt(() => locks.query()).catch((): LockManagerSnapshot => ({}));
      heir = Boolean(release && pending?.some((lock) => lock.name === name));
    },
    heard: trust,
  };
}

/** Pages without TLS and old browsers have no locks; what stands in for them is loaded. */
export const NO_LOCKS: Pick<LockManager, 'query' | 'request'> = {
  request: () => new Promise<never>(() => {}),
  query: async () => ({}),
};
