import type { FakeClock } from '../../fakes/clock.ts';
import type { Random } from '../../fakes/random.ts';
import { createDatabase, type Database } from './database.ts';
import { type Contents, UNREADABLE } from './object-store.ts';
import type { Page } from './page.ts';
import { createDatabaseTurns, type DiskCondition } from './database-turns.ts';

/** IndexedDB as one browser keeps it for one origin, whatever happens to its pages. Only what is used here is there. */
export interface Disk {
  /** What `indexedDB` is to this page. */
  of(page: Page): IDBFactory;
  condition(): DiskCondition;
  become(condition: DiskCondition): void;
  /** The visitor deletes the data of this site, under the open pages. */
  clear(): void;
  /** The browser stops a page: what it has not finished is undone, so that it holds up nobody. */
  interrupt(page: Page): void;
  /** What is kept under one key turns into something else, or cannot be read any more. */
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
      }) as unknown as IDBFactory, // what idb-keyval asks of it
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
