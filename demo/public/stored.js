/** A value in localStorage that tells its watchers when it changes, in this tab and in others. */
export function stored(key, fallback) {
  const watchers = new Set();
  const read = () => {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? fallback;
    } catch {
      return fallback;
    }
  };
  const tell = () => {
    for (const watcher of watchers) watcher(read());
  };
  window.addEventListener('storage', (event) => {
    if (event.key === key) tell();
  });
  // While a page is in the back/forward cache it is told nothing, and somebody else may have signed in since.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) tell();
  });
  return {
    read,
    write(value) {
      localStorage.setItem(key, JSON.stringify(value));
      tell();
    },
    watch(watcher) {
      watchers.add(watcher);
      watcher(read());
    },
  };
}
