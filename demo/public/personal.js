/** A value in localStorage that belongs to one person: whoever signs in next on this browser has another. */
import { readAccount, watchAccount } from './account.js';
import { stored } from './stored.js';

export function personal(name, fallback) {
  const values = new Map();
  const watchers = new Set();
  let shown;

  /** Of this person; null: of whoever has not signed in. */
  function of(id) {
    const owner = id ?? 'guest';
    if (!values.has(owner)) {
      const value = stored(`tarn:${name}:${owner}`, fallback);
      values.set(owner, value);
      value.watch(() => {
        if (value === shown) tell();
      });
    }
    return values.get(owner);
  }
  const current = () => of(readAccount()?.id);
  function tell() {
    for (const watcher of watchers) watcher(shown.read());
  }

  watchAccount(() => {
    shown = current();
    tell();
  });
  return {
    of,
    read: () => current().read(),
    write: (value) => current().write(value),
    watch(watcher) {
      watchers.add(watcher);
      watcher(current().read());
    },
  };
}
