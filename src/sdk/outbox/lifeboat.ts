import type { TextStore } from '../browser.ts';
import type { OutboxEvent } from './contract.ts';

/**
 * A few events in localStorage, written synchronously while the page dies: a write to IndexedDB that has begun by then may
 * never finish. The next page empties it first (`reclaim.ts`).
 */
export interface Lifeboat {
  /** Takes what fits, and the ids of the others, so that they are counted; returns how many fit. */
  save(events: readonly OutboxEvent[]): number;
  /** Nobody has taken it over. */
  isThere(): boolean;
  /** This page came back and has written what it had saved. */
  clearOwn(): void;
}

// The browser gives an origin about 5 MB, and the page's own data comes first. A page that tracks 500 events and is left has
// about so much, of which IndexedDB may have nothing.
const MOST_CHARACTERS = 1024 * 1024;

export function createLifeboat(local: TextStore, scope: string, page: string): Lifeboat {
  const own = `${scope}:lifeboat:${page}`;
  return {
    save(events) {
      let room = MOST_CHARACTERS;
      const end = events.findIndex((event) => (room -= event.json.length) < 0);
      for (let count = end < 0 ? events.length : end; events.length; count >>= 1) {
        const ids = events.slice(count).map(({ id }) => id);
        if (local.set(own, JSON.stringify([...events.slice(0, count), ...ids])) || !count) return count;
      }
      return 0;
    },
    isThere: () => local.get(own) !== null,
    clearOwn: () => local.remove(own),
  };
}
