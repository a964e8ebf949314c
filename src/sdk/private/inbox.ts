import type { Clock } from '../browser.ts';
import {
  INBOX_DELETE_PATH,
  INBOX_FETCH_PATH,
  INBOX_READ_PATH,
  type InboxMessage,
} from '../../protocol/wire.ts';
import type { JsonCall, Inbox } from './contract.ts';

export interface InboxNeeds {
  readonly clock: Clock;
  readonly callJson: JsonCall;
  /** Whether the page is visible and online. */
  isAwake(): boolean;
  /** Whether the visitor is identified. */
  hasPerson(): boolean;
  /** Keeps the token fresh while the inbox has listeners, until the function that this returns is called. */
  subscribe(): () => void;
  /** Reports the error that a listener of the application has thrown. */
  report(cause: unknown): void;
}

export interface LiveInbox extends Inbox {
  /** To be called after the identity has changed: listeners get `[]`, and then the messages of the next person. */
  afterIdentityChange(): void;
  /** To be called when the page becomes visible or online. */
  wake(): void;
  close(): void;
}

/** An inbox that was requested less than this ago is not requested again when the page becomes visible. */
const FRESH_MS = 60_000;
/** The default polling interval of Customer.io's own in-app script. */
const POLL_MS = 600_000;

type Listener = (messages: readonly InboxMessage[]) => void;

/** The state of one person's inbox. A change of the person replaces the whole object. */
interface InboxState {
  messages: readonly InboxMessage[];
  fetchedAtMs: number | undefined;
  /** Increased by each fetch and each change. A response is used only if the version is the same as when it was requested. */
  version: number;
  /** The number of changes without a response of the proxy yet. */
  pendingChanges: number;
  /** Whether `messages` may be outdated: a fetch is in progress or its response was not used, or a change has failed. */
  isStale: boolean;
  /** The fetch in progress. */
  fetch: { readonly version: number; readonly result: Promise<readonly InboxMessage[]> } | undefined;
}

const emptyInbox = (): InboxState => ({
  messages: [],
  fetchedAtMs: undefined,
  version: 0,
  pendingChanges: 0,
  isStale: false,
  fetch: undefined,
});

export function createInbox(needs: InboxNeeds): LiveInbox {
  const { clock, callJson } = needs;
  const listeners = new Set<Listener>();
  let current = emptyInbox();
  let phase: 'open' | 'closed' = 'open';
  let unsubscribe: (() => void) | undefined;
  let stopPolling: (() => void) | undefined;

  function tell(messages: readonly InboxMessage[]): void {
    current.messages = messages;
    // A listener may remove another listener or add one: a removed one is not called, an added one is not called twice.
    for (const listener of [...listeners]) if (listeners.has(listener)) notify(listener);
  }

  function notify(listener: Listener): void {
    try {
      listener(current.messages);
    } catch (cause) {
      needs.report(cause);
    }
  }

  /** Calls during a fetch share its result, unless a change has made that outdated. */
  function messages(): Promise<readonly InboxMessage[]> {
    const state = current;
    if (state.fetch?.version === state.version) return state.fetch.result;
    const version = ++state.version;
    state.isStale = true;
    const result = load(state, version).finally(() => {
      if (state.fetch?.version === version) state.fetch = undefined;
    });
    state.fetch = { version, result };
    return result;
  }

  async function load(state: InboxState, version: number): Promise<readonly InboxMessage[]> {
    const answer = await callJson(INBOX_FETCH_PATH, {}, true);
    const loaded = (Array.isArray(answer['messages']) ? answer['messages'] : []) as readonly InboxMessage[];
    if (state === current && version === state.version && !state.pendingChanges) {
      state.isStale = false;
      state.fetchedAtMs = clock.now();
      tell(loaded);
    }
    return loaded;
  }

  function plan(): void {
    stopPolling?.();
    const isWatched = phase === 'open' && listeners.size > 0 && needs.isAwake() && needs.hasPerson();
    stopPolling = isWatched ? clock.after(POLL_MS, refresh) : undefined;
  }

  /** Fetches the messages for the listeners. After a failure, the next fetch follows at the usual time. */
  function refresh(): void {
    plan();
    if (stopPolling) messages().catch(() => undefined);
  }

  function refreshIfStale(): void {
    const { fetchedAtMs } = current;
    if (fetchedAtMs === undefined || Math.abs(clock.now() - fetchedAtMs) > FRESH_MS) refresh();
    else plan();
  }

  /** Notifies the listeners of the change at once, and writes it. When the write fails, the messages are fetched again. */
  async function change(path: string, id: string, after: readonly InboxMessage[]): Promise<void> {
    const state = current;
    state.version++;
    state.pendingChanges++;
    if (state.messages.some((each) => each.id === id)) tell(after);
    try {
      await callJson(path, { id }, false);
    } catch (cause) {
      state.isStale = true;
      throw cause;
    } finally {
      state.version++;
      state.pendingChanges--;
      if (state.isStale) state.fetchedAtMs = undefined;
      if (state === current && state.isStale && !state.pendingChanges) refresh();
    }
  }

  return {
    messages,
    onChange(listener) {
      if (phase === 'closed') return () => undefined;
      // A function of its own for each call: the same listener may be added twice, and is then called twice.
      const own: Listener = (inbox) => listener(inbox);
      listeners.add(own);
      unsubscribe ??= needs.subscribe();
      if (current.fetchedAtMs !== undefined) notify(own);
      refreshIfStale();
      return () => {
        listeners.delete(own);
        if (listeners.size) return;
        unsubscribe?.();
        unsubscribe = undefined;
        plan();
      };
    },
    markAsRead: (id) =>
      change(
        INBOX_READ_PATH,
        id,
        current.messages.map((each) => (each.id === id ? Object.assign({}, each, { opened: true }) : each)),
      ),
    delete: (id) =>
      change(
        INBOX_DELETE_PATH,
        id,
        current.messages.filter((each) => each.id !== id),
      ),
    afterIdentityChange() {
      const state = emptyInbox();
      current = state;
      tell([]);
      // A listener may have changed the identity again.
      if (state === current) refresh();
    },
    wake: refreshIfStale,
    close() {
      phase = 'closed';
      listeners.clear();
      unsubscribe?.();
      unsubscribe = undefined;
      plan();
    },
  };
}
