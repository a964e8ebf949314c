import type { TextStore } from '../browser.ts';
import type { OutboxEvent } from './contract.ts';

/**
 * A few events in localStorage, written synchronously while the page dies: a write to IndexedDB that has begun by then may
 * never finish. The next page empties it first (`left-behind.ts`).
 */
export interface Lifeboat {
  /** Takes what fits; answers how many. */
  save(events: readonly OutboxEvent[]): number;
  /** Nobody has taken it over. */
  isThere(): boolean;
  /** This page came back and has written what it had saved. */
  clearOwn(): void;
}

// The browser gives an origin about 5 MB, and the page's own data comes first.
const MOST_CHARACTERS = 256 * 1024;

export function createLifeboat(local: TextStore, scope: string, page: string): Lifeboat {
  const own = `${scope}:lifeboat:${page}`;
  return {
    save(events) {
      let room = MOST_CHARACTERS;
      const end = events.findIndex((event) => (room -= event.json.length) < 0);
      const fitting = end < 0 ? events : events.slice(0, end);
      const kept = fitting.length > 0 && local.set(own, JSON.stringify(fitting));
      return kept ? fitting.length : 0;
    },
    isThere: () => local.get(own) !== null,
    clearOwn: () => local.remove(own),
  };
}
