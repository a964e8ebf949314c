import type { TextStore } from '../../../src/sdk/browser.ts';
import type { Random } from '../../fakes/random.ts';
import { type FakeTextStore, fakeTextStore } from '../../fakes/text-store.ts';
import type { Page } from './page.ts';

/**
 * One localStorage for all pages of an origin. A change in one page causes a `storage` event in the others.
 */
export interface SharedText {
  readonly store: FakeTextStore;
  of(page: Page): TextStore;
  onChange(page: Page, run: (key: string | null) => void): () => void;
  /** The visitor deletes all texts; no page gets an event. */
  clear(): void;
}

/** @param onRemove is called before a page removes a text */
export function createSharedText(random: Random, onRemove: (key: string, text: string) => void): SharedText {
  const store = fakeTextStore();
  const listeners = new Set<{ readonly page: Page; readonly run: (key: string | null) => void }>();

  function tell(from: Page, key: string): void {
    for (const { page, run } of listeners) {
      if (page !== from && page.isActive()) page.task(random.below(5), () => run(key));
    }
  }

  return {
    store,
    of: (page) => ({
      get: store.get,
      keys: store.keys,
      set(key, value) {
        if (page.life() !== 'running') return false;
        const before = store.get(key);
        if (!store.set(key, value)) return false;
        if (before !== value) tell(page, key);
        return true;
      },
      remove(key) {
        const text = store.get(key);
        if (page.life() !== 'running' || text === null) return;
        onRemove(key, text);
        store.remove(key);
        tell(page, key);
      },
    }),
    onChange(page, run) {
      const listener = { page, run };
      listeners.add(listener);
      page.onDeath(() => listeners.delete(listener));
      return () => void listeners.delete(listener);
    },
    clear: () => store.values.clear(),
  };
}
