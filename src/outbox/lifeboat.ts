import type { TextStore } from '../browser.ts';
import type { OutboxEvent } from './contract.ts';

/**
 * A few events in localStorage, written synchronously while the page dies: a write to IndexedDB that has begun by then may
 * never finish. The next page empties it first.
 */
export interface Lifeboat {
  /** Takes what fits; answers how many. */
  save(events: readonly OutboxEvent[]): number;
  /** Whether a key of localStorage is that of a lifeboat. */
  isOne(key: string): boolean;
  /** Hands over what other pages have left, and deletes it then; if that rejects, it stays. */
  rescue(adopt: (events: readonly OutboxEvent[]) => Promise<void>): Promise<void>;
  /** This page came back and has written what it had saved. */
  clearOwn(): void;
}

// The browser gives an origin about 5 MB, and the page's own data comes first.
const MOST_CHARACTERS = 256 * 1024;

export function createLifeboat(local: TextStore, scope: string, page: string): Lifeboat {
  const prefix = `${scope}:lifeboat:`;
  const own = prefix + page;
  const isOne = (key: string): boolean => key.startsWith(prefix);
  return {
    save(events) {
      let room = MOST_CHARACTERS;
      const end = events.findIndex((event) => (room -= event.json.length) < 0);
      const fitting = end < 0 ? events : events.slice(0, end);
      const kept = fitting.length > 0 && local.set(own, JSON.stringify(fitting));
      return kept ? fitting.length : 0;
    },
    isOne,
    async rescue(adopt) {
      const left = local.keys().filter((key) => isOne(key) && key !== own);
      if (!left.length) return;
      await adopt(left.flatMap((key) => parse(local.get(key))).sort((one, other) => one.at - other.at));
      left.forEach(local.remove);
    },
    clearOwn: () => local.remove(own),
  };
}

function parse(text: string | null): readonly OutboxEvent[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list.filter(isEvent) : [];
  } catch {
    return [];
  }
}

function isEvent(value: unknown): value is OutboxEvent {
  const { id, at, json, bytes } = (value ?? {}) as Partial<Record<keyof OutboxEvent, unknown>>;
  return (
    typeof id === 'string' && typeof at === 'number' && typeof json === 'string' && typeof bytes === 'number'
  );
}
