import type { Clock } from '../browser.ts';
import {
  INBOX_DELETE_PATH,
  INBOX_FETCH_PATH,
  INBOX_READ_PATH,
  type InboxMessage,
} from '../../protocol/wire.ts';
import type { AskForJson, Inbox } from './contract.ts';

export interface InboxNeeds {
  readonly clock: Clock;
  readonly ask: AskForJson;
  /** Visible and online. */
  isAwake(): boolean;
  /** Somebody is identified. */
  hasPerson(): boolean;
  /** As long as somebody listens, the token is renewed in time. */
  subscribe(): () => void;
  /** A listener of the application threw. */
  report(cause: unknown): void;
}

export interface LiveInbox extends Inbox {
  /** Another person, or nobody. */
  changed(): void;
  /** The page is seen again, or online again. */
  wake(): void;
  close(): void;
}

const FRESH_MS = 60_000;
/** As often as Customer.io's own in-app script asks, unless it is told otherwise. */
const POLL_MS = 600_000;

type Listener = (messages: readonly InboxMessage[]) => void;

/** All that is known of one person's inbox, and is gone with them. */
interface Box {
  known: readonly InboxMessage[];
  fetchedAtMs: number | undefined;
  /** Goes up with each fetch and with each change: an answer counts only if nothing came after its question. */
  version: number;
  /** Changes that the proxy has not answered. */
  changing: number;
  /** An answer did not count, or has not come. */
  isBehind: boolean;
  /** The fetch that is under way. */
  fetch: { readonly version: number; readonly found: Promise<readonly InboxMessage[]> } | undefined;
}

const emptyBox = (): Box => ({
  known: [],
  fetchedAtMs: undefined,
  version: 0,
  changing: 0,
  isBehind: false,
  fetch: undefined,
});

export function createInbox(needs: InboxNeeds): LiveInbox {
  const { clock, ask } = needs;
  const listeners = new Set<Listener>();
  let box = emptyBox();
  let state: 'open' | 'closed' = 'open';
  let release: (() => void) | undefined;
  let stopPolling: (() => void) | undefined;

  function tell(messages: readonly InboxMessage[]): void {
    box.known = messages;
    // One may stop another, or listen anew.
    for (const listener of [...listeners]) if (listeners.has(listener)) hear(listener);
  }

  function hear(listener: Listener): void {
    try {
      listener(box.known);
    } catch (cause) {
      needs.report(cause);
    }
  }

  /** Whoever asks while it is under way, and nothing has changed, gets the same answer. */
  function messages(): Promise<readonly InboxMessage[]> {
    const of = box;
    if (of.fetch?.version === of.version) return of.fetch.found;
    const version = ++of.version;
    of.isBehind = true;
    const found = load(of, version).finally(() => {
      if (of.fetch?.version === version) of.fetch = undefined;
    });
    of.fetch = { version, found };
    return found;
  }

  async function load(of: Box, version: number): Promise<readonly InboxMessage[]> {
    const answer = await ask(INBOX_FETCH_PATH, {}, true);
    const found = (Array.isArray(answer['messages']) ? answer['messages'] : []) as readonly InboxMessage[];
    if (of === box && version === of.version && !of.changing) {
      of.isBehind = false;
      of.fetchedAtMs = clock.now();
      tell(found);
    }
    return found;
  }

  function plan(): void {
    stopPolling?.();
    const isWatched = state === 'open' && listeners.size > 0 && needs.isAwake() && needs.hasPerson();
    stopPolling = isWatched ? clock.after(POLL_MS, refresh) : undefined;
  }

  /** For those who listen: what fails is asked again in its time. */
  function refresh(): void {
    plan();
    if (stopPolling) messages().catch(() => undefined);
  }

  function refreshIfStale(): void {
    const { fetchedAtMs } = box;
    if (fetchedAtMs === undefined || Math.abs(clock.now() - fetchedAtMs) > FRESH_MS) refresh();
    else plan();
  }

  /** Says it to the listeners at once; where the proxy does not take it, it is asked what there is. */
  async function change(path: string, id: string, after: readonly InboxMessage[]): Promise<void> {
    const of = box;
    of.version++;
    of.changing++;
    if (of.known.some((each) => each.id === id)) tell(after);
    try {
      await ask(path, { id }, false);
    } catch (cause) {
      of.isBehind = true;
      throw cause;
    } finally {
      of.version++;
      of.changing--;
      if (of.isBehind) of.fetchedAtMs = undefined;
      if (of === box && of.isBehind && !of.changing) refresh();
    }
  }

  return {
    messages,
    onChange(listener) {
      if (state === 'closed') return () => undefined;
      // The same function given twice is called twice.
      const own: Listener = (given) => listener(given);
      listeners.add(own);
      release ??= needs.subscribe();
      if (box.fetchedAtMs !== undefined) hear(own);
      refreshIfStale();
      return () => {
        listeners.delete(own);
        if (listeners.size) return;
        release?.();
        release = undefined;
        plan();
      };
    },
    markAsRead: (id) =>
      change(
        INBOX_READ_PATH,
        id,
        box.known.map((each) => (each.id === id ? Object.assign({}, each, { opened: true }) : each)),
      ),
    delete: (id) =>
      change(
        INBOX_DELETE_PATH,
        id,
        box.known.filter((each) => each.id !== id),
      ),
    changed() {
      box = emptyBox();
      const now = box;
      tell([]);
      // A listener may have changed the person once more.
      if (now === box) refresh();
    },
    wake: refreshIfStale,
    close() {
      state = 'closed';
      listeners.clear();
      release?.();
      release = undefined;
      plan();
    },
  };
}
