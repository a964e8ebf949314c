import type { FakeClock } from '../../fakes/clock.ts';
import type { Random } from '../../fakes/random.ts';
import { createDatabase, type Database } from './database.ts';
import { type Contents, UNREADABLE } from './object-store.ts';
import type { Page } from './page.ts';
import { createDatabaseTurns, type DiskCondition } from './database-turns.ts';

/**
 * The IndexedDB of one origin in one browser, which stays when pages end. Only the parts that the SDK uses
 * exist.
 */
export interface Disk {
  /** Returns the `indexedDB` of this page. */
  of(page: Page): IDBFactory;
  condition(): DiskCondition;
  become(condition: DiskCondition): void;
  /** The visitor deletes the data of this site while pages are open. */
  clear(): void;
  /**
   * The browser stops a page: its unfinished transactions are aborted, so that they do not block other pages.
   */
  interrupt(page: Page): void;
  /** Replaces one stored value by another one, or makes the value unreadable. */
  rot(database: string): void;
  contents(database: string): Contents;
  databases(): readonly string[];
  connections(page: Page): number;
}

export function createDisk(
  clock: FakeClock,
  random: Random,
  onCommit: (database: string, before: Contents, after: Contents) => void,
): Disk {
  const databaseTurns = createDatabaseTurns(clock, random);
  const databases = new Map<string, Database>();

  function named(name: string): Database {
    const found = databases.get(name);
    if (found) return found;
    const made = createDatabase({ databaseTurns, onCommit: (...contents) => onCommit(name, ...contents) });
    databases.set(name, made);
    return made;
  }

  return {
    of: (page) =>
      ({
        open: (name: string) => named(name).open(page),
        deleteDatabase: (name: string) => named(name).remove(page),
      }) as unknown as IDBFactory, // the cast: idb-keyval uses only these members
    condition: databaseTurns.condition,
    become: databaseTurns.become,
    clear: () => databases.forEach((each) => each.clear()),
    interrupt: (page) => databases.forEach((each) => each.interrupt(page)),
    rot(name) {
      const database = named(name);
      const keys = [...database.contents().keys()];
      const key = keys[random.below(keys.length)];
      const value = random.pick<unknown>([UNREADABLE, undefined, 'rot', { at: 0, events: [{}] }]);
      if (key !== undefined) database.replace(key, value);
    },
    contents: (name) => named(name).contents(),
    databases: () => [...databases].filter(([, each]) => each.exists()).map(([name]) => name),
    connections(page) {
      let count = 0;
      for (const each of databases.values()) count += each.connections(page);
      return count;
    },
  };
}
