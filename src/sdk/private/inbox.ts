import type { HandledInboxMessage } from '../../protocol/messages.ts';
import { INBOX_FETCH_PATH } from '../../protocol/wire.ts';
import type { InboxEntry } from './contract.ts';
import { createInboxActions } from './inbox-actions.ts';
import type { InboxNeeds, InboxTabMessage, LiveInbox } from './inbox-contract.ts';
import {
  afterChange,
  selectEntries,
  type InboxChange,
  type InboxItem,
  isChangedBy,
  type ItemActions,
  toItem,
} from './inbox-items.ts';
import { emptyInbox, type InboxState, shownIn } from './inbox-state.ts';
import { createInboxWriter } from './inbox-writer.ts';

/** An inbox that was requested less than this ago is not requested again when the page becomes visible. */
const FRESH_MS = 60_000;
/** The default polling interval of Customer.io's own in-app script. */
const POLL_MS = 600_000;

export function createInbox(needs: InboxNeeds): LiveInbox {
  const { clock, callJson, error } = needs;
  const writer = createInboxWriter(needs);
  const tabs = needs.connect(hear);
  const listeners = new Set<() => void>();
  let current = emptyInbox();
  let phase: 'open' | 'closed' = 'open';
  let unsubscribe: (() => void) | undefined;
  let stopPolling: (() => void) | undefined;

  function tell(): void {
    // A listener may remove another listener or add one: a removed one is not called, an added one is not called twice.
    for (const listener of [...listeners]) if (listeners.has(listener)) listener();
  }

  /** @throws when the state belongs to a previous person, or the SDK is closed */
  function check(state: InboxState): void {
    if (state !== current) throw error('identity-changed', 'The person has changed since this call was made');
    if (phase === 'closed') throw error('auth-disabled', 'The SDK is closed, or consent was withdrawn');
  }

  /** Calls during a fetch share its result, unless a change has made that outdated. */
  function fetchItems(): Promise<readonly InboxItem[]> {
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

  async function load(state: InboxState, version: number): Promise<readonly InboxItem[]> {
    const messages = needs.fetchMessages
      ? await needs.fetchMessages()
      : (await callJson(INBOX_FETCH_PATH, {}, true))['messages'];
    check(state);
    const items = itemsOf(state, messages);
    if (version === state.version && !state.pendingChanges.length) accept(state, items);
    return shownIn({ ...state, items });
  }

  const itemsOf = (state: InboxState, messages: unknown): readonly InboxItem[] => {
    const actions = actionsOf(state);
    return Array.isArray(messages)
      ? messages.map((message: HandledInboxMessage) => toItem(message, actions))
      : [];
  };

  function accept(state: InboxState, items: readonly InboxItem[]): void {
    state.items = items;
    state.isStale = false;
    state.fetchedAtMs = clock.now();
    tell();
  }

  const isWatched = (): boolean =>
    phase === 'open' && listeners.size > 0 && needs.isAwake() && Boolean(needs.userId());

  function plan(): void {
    stopPolling?.();
    stopPolling = isWatched() && !needs.fetchMessages ? clock.after(POLL_MS, refresh) : undefined;
  }

  /** Fetches the messages for the listeners. After a failure, the next fetch follows at the usual time. */
  function refresh(): void {
    plan();
    if (isWatched()) fetchItems().catch(() => undefined);
  }

  function refreshIfStale(): void {
    const { fetchedAtMs } = current;
    const isFresh =
      fetchedAtMs !== undefined &&
      (needs.fetchMessages !== undefined || Math.abs(clock.now() - fetchedAtMs) <= FRESH_MS);
    if (isFresh) plan();
    else refresh();
  }

  /** To be called after the version has increased: a response that is not used any more is requested again. */
  function refreshIfOutdated(state: InboxState): void {
    if (!state.isStale) return;
    state.fetchedAtMs = undefined;
    if (state === current && !state.pendingChanges.length) refresh();
  }

  /** Shows the change at once, in all tabs, and writes it. A change that the proxy refuses is taken back. */
  async function change(state: InboxState, path: string, made: InboxChange): Promise<void> {
    check(state);
    const userId = needs.userId() ?? '';
    const { id, opened } = made;
    const isSeen = isChangedBy(shownIn(state), made);
    state.version++;
    state.pendingChanges = [...state.pendingChanges, made];
    if (isSeen) tell();
    tabs.tell({ userId, id, opened });
    let isUndone = false;
    try {
      // The field is missing by default, as `true` is what the proxy takes then.
      await writer.write(path, opened === false ? { id, opened } : { id }, () => check(state));
      state.items = afterChange(state.items, made);
    } catch (cause) {
      isUndone = true;
      state.isStale = true;
      throw cause;
    } finally {
      state.version++;
      state.pendingChanges = state.pendingChanges.filter((each) => each !== made);
      if (state === current) {
        if (isUndone) tell();
        tabs.tell({ userId, id, opened, isUndone });
      }
      refreshIfOutdated(state);
    }
  }

  /** Makes a change of another tab here too, where the same person is identified. That tab writes the change. */
  function hear(message: InboxTabMessage): void {
    if (message.userId !== needs.userId()) return;
    const state = current;
    const before = shownIn(state);
    state.version++;
    if (message.isUndone) state.isStale = true;
    else if (isChangedBy(before, message)) {
      state.items = afterChange(state.items, message);
      tell();
    }
    refreshIfOutdated(state);
  }

  const actionsOf = (state: InboxState): ItemActions =>
    createInboxActions(needs, {
      check: () => check(state),
      known: () => shownIn(state),
      hasLoaded: () => state.fetchedAtMs !== undefined,
      fetchItems,
      change: (path, made) => change(state, path, made),
    });

  const messages = async (topics: readonly string[] = []): Promise<readonly InboxEntry[]> =>
    selectEntries(await fetchItems(), topics);

  return {
    messages,
    total: async (topics) => (await messages(topics)).length,
    totalUnopened: async (topics) => (await messages(topics)).filter(({ opened }) => !opened).length,
    onChange(listener, topics = []) {
      if (phase === 'closed') return () => undefined;
      // A function of its own for each call: the same listener may be added twice, and is then called twice.
      const own = (): void => {
        try {
          listener(selectEntries(shownIn(current), topics));
        } catch (cause) {
          needs.report(cause);
        }
      };
      listeners.add(own);
      unsubscribe ??= needs.subscribe();
      if (current.fetchedAtMs !== undefined) own();
      refreshIfStale();
      return () => {
        listeners.delete(own);
        if (listeners.size) return;
        unsubscribe?.();
        unsubscribe = undefined;
        plan();
      };
    },
    markAsRead: (id) => actionsOf(current).setOpened(id, true),
    markAsUnread: (id) => actionsOf(current).setOpened(id, false),
    trackClick: (id, name) => actionsOf(current).clickOn(id, name),
    delete: (id) => actionsOf(current).remove(id),
    receive(list) {
      const state = current;
      state.version++;
      if (state.pendingChanges.length) state.isStale = true;
      else accept(state, itemsOf(state, list));
    },
    afterIdentityChange() {
      const state = emptyInbox();
      current = state;
      writer.endWaits();
      tell();
      // A listener may have changed the identity again.
      if (state === current) refresh();
    },
    wake() {
      if (phase === 'open') tabs.join();
      if (needs.isAwake()) writer.hurryUp();
      refreshIfStale();
    },
    leave() {
      writer.leave();
      tabs.leave();
    },
    close() {
      phase = 'closed';
      writer.endWaits();
      tabs.leave();
      listeners.clear();
      unsubscribe?.();
      unsubscribe = undefined;
      plan();
    },
  };
}
