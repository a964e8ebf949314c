import type { TextStore } from '../browser.ts';
import type { OutboxEvent } from './contract.ts';

/**
 * A few events in localStorage. They are written synchronously when the page is left, because a write to IndexedDB that has not
 * finished by then may never finish. The next page takes them over before anything else (`reclaim.ts`).
 */
export interface Lifeboat {
  /** Stores the events that fit, and the ids of the others, so that they are counted as dropped. Returns how many fit. */
  save(events: readonly OutboxEvent[]): number;
  /** Whether no other page has taken over what this page has saved. */
  isThere(): boolean;
  /** Deletes what this page has saved: the page has come back, and has written these events to the outbox. */
  clearOwn(): void;
}

// The browser gives an origin about 5 MB, and the page's own data has priority. A page that tracks 500 events and is left then
// has about 1 MB, and IndexedDB may have none of it.
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
