import type { FakeClock } from '../../fakes/clock.ts';
import type { Random } from '../../fakes/random.ts';
import type { Page } from './page.ts';

/**
 * The condition of the simulated disk. `breaks`: at random, a handle is dead, a request fails, a transaction is not committed, or
 * is committed and reports a failure. `hangs`: no request is answered. `refuses`: IndexedDB cannot be opened, as in some private
 * windows. `full`: no room for a new record.
 */
export type DiskCondition = 'well' | 'breaks' | 'hangs' | 'refuses' | 'full';

/** The turns in which all databases of one disk work: how long each turn takes, and which of them fail. */
export interface DatabaseTurns {
  condition(): DiskCondition;
  become(condition: DiskCondition): void;
  /** Whether the step that asks fails: true with the probability `of` while the condition is `breaks`. */
  breaks(of: number): boolean;
  happens(of: number): boolean;
  failure(name: string): DOMException;
  /** Runs the browser's next step after a random delay; while the disk hangs, the step waits. */
  next(act: () => void): void;
  /** Runs code of a page as a task. Tasks of one page run in the order of their calls. */
  tell(page: Page, code: () => void): void;
}

const SLOWEST_MS = 4;

export function createDatabaseTurns(clock: FakeClock, random: Random): DatabaseTurns {
  const inboxes = new WeakMap<Page, (() => void)[]>();
  let condition: DiskCondition = 'well';
  let stalled: (() => void)[] = [];

  const databaseTurns: DatabaseTurns = {
    condition: () => condition,
    become(next) {
      condition = next;
      if (condition === 'hangs') return;
      for (const act of stalled.splice(0)) databaseTurns.next(act);
    },
    breaks: (of) => condition === 'breaks' && random.chance(of),
    happens: random.chance,
    failure: (name) => new DOMException(`The disk: ${condition}`, name),
    next: (act) =>
      void clock.after(random.below(SLOWEST_MS), () => {
        if (condition === 'hangs') stalled.push(act);
        else act();
      }),
    tell(page, code) {
      const inbox = inboxes.get(page) ?? [];
      inboxes.set(page, inbox);
      inbox.push(code);
      page.task(random.below(SLOWEST_MS), () => inbox.shift()?.());
    },
  };
  return databaseTurns;
}
