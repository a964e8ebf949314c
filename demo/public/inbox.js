/** The inbox of whoever is signed in, for all parts of a page that show some of it; or why it cannot be had. */
import { sdk } from './sdk.js';

/** Without a time that the SDK tells. */
const RETRY_MS = 10_000;
const SHORTEST_RETRY_MS = 1_000;

const hasInbox = 'inbox' in document.body.dataset;
const watchers = new Set();
let box = { state: 'nobody', messages: [] };
let analytics;
let retry;
let asking = 0;

/** Calls back with `{ state, messages, code? }`, now and whenever it changes. */
export function watchInbox(watcher) {
  watchers.add(watcher);
  watcher(box);
}

export const markAsRead = (id) => analytics.inbox.markAsRead(id);
export const markAsUnread = (id) => analytics.inbox.markAsUnread(id);
export const remove = (id) => analytics.inbox.delete(id);

/** The person insists, so a login that is left alone for now is asked too. */
export async function askAgain() {
  const { state } = analytics.customerTokenStatus();
  if (state !== 'usable' && state !== 'due') await analytics.refreshCustomerToken();
  await ask();
}

function set(next) {
  box = next;
  for (const watcher of watchers) watcher(box);
}

async function ask() {
  clearTimeout(retry);
  asking += 1;
  try {
    await analytics.inbox.messages();
    // The messages themselves are told by `onChange`: it knows what has changed since this was asked.
    if (box.state !== 'ready') set({ state: 'ready', messages: box.messages });
  } catch ({ code, retryAtMs = Date.now() + RETRY_MS }) {
    if (code === 'identity-changed') return;
    if (code === 'anonymous') return set({ state: 'nobody', messages: [] });
    set({ state: 'failed', messages: box.messages, code });
    retry = setTimeout(askWhereSeen, Math.max(retryAtMs - Date.now(), SHORTEST_RETRY_MS));
  } finally {
    asking -= 1;
  }
}

function askWhereSeen() {
  if (!document.hidden && box.state === 'failed' && asking === 0) void ask();
}

function follow(loaded) {
  analytics = loaded;
  analytics.on('identity', ({ userId }) => {
    clearTimeout(retry);
    set({ state: userId === null ? 'nobody' : 'loading', messages: [] });
    if (userId !== null) void ask();
  });
  analytics.on('token', ({ type }) => {
    if (type === 'refreshed') askWhereSeen();
  });
  // In the tick in which the person changes, this is told that there is nothing.
  analytics.inbox.onChange((messages) => {
    const isKnown = box.state === 'ready' || messages.length > 0;
    set({ ...box, state: isKnown ? 'ready' : box.state, messages });
  });
  document.addEventListener('visibilitychange', askWhereSeen);
  if (!analytics.user().id()) return;
  set({ state: 'loading', messages: [] });
  void ask();
}

if (hasInbox) {
  sdk.then(follow, () => set({ state: 'failed', messages: [], code: 'missing' })).catch(reportError);
}
