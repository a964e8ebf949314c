/**
 * What this browser still holds, written down where the console can read it, also when this tab is gone.
 * The console is a page of the same origin: it follows by storage events.
 */
import { reportMessages } from './message-report.js';
import { FLUSH, HISTORY, REPORT } from './report-keys.js';
import { sdk } from './sdk.js';
import { reportTokens } from './token-report.js';

const HISTORY_POINTS = 400;
const LABELS = 200;

const read = (key, fallback) => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
};
const write = (key, value) => localStorage.setItem(key, JSON.stringify(value));

const NOTHING = { stats: null, waiting: [], trouble: null };
const watchers = new Set();
let client;

/** Calls back with the report, now and whenever it changes. */
export function watchReport(watcher) {
  watchers.add(watcher);
  watcher(read(REPORT, NOTHING));
}

/** Remembers what a call is about, for as long as it waits. */
export function noteCall(label) {
  update((report) => ({ ...report, waiting: [...report.waiting, String(label)].slice(-LABELS) }));
}

function update(change) {
  const before = read(REPORT, NOTHING);
  const after = change(before);
  const stats = client?.stats();
  if (stats !== undefined) {
    after.stats = stats;
    // What was called first is delivered first, so the newest are those that wait.
    after.waiting = after.waiting.slice(after.waiting.length - Math.min(stats.pending, after.waiting.length));
    if (stats.pending === 0) after.trouble = null;
    const history = read(HISTORY, []);
    if (history.at(-1)?.[1] !== stats.pending) {
      write(HISTORY, [...history, [Date.now(), stats.pending]].slice(-HISTORY_POINTS));
    }
  }
  write(REPORT, after);
  for (const watcher of watchers) watcher(after);
}

const refresh = () => update((report) => ({ ...report }));

function follow(loaded) {
  client = loaded;
  reportTokens(loaded);
  reportMessages(loaded);
  loaded.on('stored', refresh);
  loaded.on('delivered', () => update((report) => ({ ...report, trouble: null })));
  loaded.on('dropped', refresh);
  loaded.on('retrying', ({ attempt, delayMs, status }) =>
    update((report) => ({
      ...report,
      trouble: { kind: 'retrying', attempt, status, nextAt: Date.now() + delayMs },
    })),
  );
  loaded.on('blocked', () => update((report) => ({ ...report, trouble: { kind: 'blocked' } })));
  refresh();
}

// A lock ends with its tab, however that ends, so the console can count open tabs. It is let go of while the page is
// in the back/forward cache, which a held lock would keep it out of.
let release = () => {};
const holdOpen = () => {
  void navigator.locks?.request(
    'demo:shop',
    { mode: 'shared' },
    () => new Promise((done) => (release = done)),
  );
};

/** Begins to report; tells when the SDK could not be loaded. */
export function startReporting(onMissing) {
  holdOpen();
  window.addEventListener('pagehide', () => {
    release();
  });
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    holdOpen();
    refresh();
  });
  window.addEventListener('storage', ({ key }) => {
    if (key === REPORT) for (const watcher of watchers) watcher(read(REPORT, NOTHING));
    if (key === FLUSH) void client?.flush({ timeoutMs: 5_000 });
  });
  void sdk.then(follow, onMissing);
}
