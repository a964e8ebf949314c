import type { Clock } from '../browser.ts';
import { INBOX_DELETE_PATH, INBOX_FETCH_PATH, INBOX_READ_PATH, type InboxMessage } from '../wire.ts';
import type { Ask, Inbox } from './contract.ts';

export interface InboxNeeds {
  readonly clock: Clock;
  readonly ask: Ask;
  /** Changes with the person. */
  epoch(): number;
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

export function createInbox(needs: InboxNeeds): LiveInbox {
  const { clock, ask } = needs;
  const listeners = new Set<Listener>();
  let known: readonly InboxMessage[] = [];
  let fetchedAtMs: number | undefined;
  /** For whom the listeners' question is under way. */
  let askingFor: number | undefined;
  let release: (() => void) | undefined;
  let stopPolling: (() => void) | undefined;

  function tell(messages: readonly InboxMessage[]): void {
    known = messages;
    for (const listener of listeners) hear(listener);
  }

  function hear(listener: Listener): void {
    try {
      listener(known);
    } catch (cause) {
      needs.report(cause);
    }
  }

  async function messages(): Promise<readonly InboxMessage[]> {
    const epoch = needs.epoch();
    const answer = await ask(INBOX_FETCH_PATH, {}, true);
    const found = (Array.isArray(answer['messages']) ? answer['messages'] : []) as readonly InboxMessage[];
    if (needs.epoch() === epoch) {
      fetchedAtMs = clock.now();
      tell(found);
    }
    return found;
  }

  /** For those who listen: what fails is asked again in its time. */
  function refresh(): void {
    stopPolling?.();
    stopPolling = undefined;
    if (!listeners.size || !needs.isAwake() || !needs.hasPerson()) return;
    stopPolling = clock.after(POLL_MS, refresh);
    const epoch = (askingFor = needs.epoch());
    const done = (): void => {
      if (askingFor === epoch) askingFor = undefined;
    };
    void messages().then(done, done);
  }

  /** Where it is under way already, nobody has to ask again. */
  function refreshOnce(): void {
    if (askingFor !== needs.epoch()) refresh();
  }

  /** Says it to the listeners at once; where the proxy does not take it, it is asked what there is. */
  async function change(path: string, id: string, after: readonly InboxMessage[]): Promise<void> {
    tell(after);
    try {
      await ask(path, { id }, false);
    } catch (cause) {
      refresh();
      throw cause;
    }
  }

  return {
    messages,
    onChange(listener) {
      // The same function given twice is called twice.
      const own: Listener = (given) => listener(given);
      listeners.add(own);
      release ??= needs.subscribe();
      if (fetchedAtMs === undefined) refreshOnce();
      else hear(own);
      return () => {
        listeners.delete(own);
        if (listeners.size) return;
        release?.();
        stopPolling?.();
        release = stopPolling = undefined;
      };
    },
    markAsRead: (id) =>
      change(
        INBOX_READ_PATH,
        id,
        known.map((each) => (each.id === id ? Object.assign({}, each, { opened: true }) : each)),
      ),
    delete: (id) =>
      change(
        INBOX_DELETE_PATH,
        id,
        known.filter((each) => each.id !== id),
      ),
    changed() {
      fetchedAtMs = undefined;
      tell([]);
      refresh();
    },
    wake() {
      const isStale = fetchedAtMs === undefined || Math.abs(clock.now() - fetchedAtMs) > FRESH_MS;
      if (isStale) refreshOnce();
    },
    close() {
      listeners.clear();
      release?.();
      stopPolling?.();
    },
  };
}
