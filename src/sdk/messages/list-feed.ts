import type { Channel, Clock } from '../browser.ts';
import type { HandledInboxMessage, MessagesAnswer, QueueMessage } from '../../protocol/messages.ts';
import { MESSAGES_FETCH_PATH } from '../../protocol/wire.ts';
import { createFetchSchedule, type FetchEnd } from './fetch-schedule.ts';
import type { MessageCall } from './message-call.ts';
import type { MessageStream, MessageStreamNeeds } from './message-stream.ts';
import { createVisibleTabLock } from './visible-tab-lock.ts';

/** The messages of one person. */
export interface Lists {
  readonly messages: readonly QueueMessage[];
  readonly inbox: readonly HandledInboxMessage[];
}

/** Brings the lists of the present person, fetched by one tab for all tabs. */
export interface ListFeed {
  /** Begins for this person (`null`: an anonymous visitor), or stops (`undefined`). The lists of the previous person are forgotten. */
  follow(person: string | null | undefined): void;
  /** Returns the inbox, fetched within the last seconds. @throws where the proxy cannot be reached, or refuses */
  inbox(): Promise<readonly HandledInboxMessage[]>;
  /** The lists are outdated: `inbox` fetches again. */
  expire(): void;
  /** To be called when there is a new token: a fetch that has failed is repeated. */
  retry(): void;
  /** To be called when the page has become visible, hidden, online, or is shown again from the back/forward cache. */
  wake(): void;
  /** To be called when the page is left: closes what keeps the page out of the back/forward cache. */
  leave(): void;
}

export interface ListFeedNeeds {
  readonly clock: Clock;
  readonly call: MessageCall;
  /** The name of the lock and the channel. */
  readonly name: string;
  readonly locks: Pick<LockManager, 'request'> | undefined;
  openChannel(name: string, onMessage: (message: unknown) => void): Channel | undefined;
  openStream(needs: MessageStreamNeeds): Promise<MessageStream>;
  newId(): string;
  random(): number;
  /** Whether the page is visible and online. */
  isAwake(): boolean;
  /** @param isOwn whether this tab has fetched the lists just now: those of other tabs may be older than what this tab has reported */
  onLists(lists: Lists, isOwn: boolean): void;
  /** Called for a response that repeating does not change, such as 404. */
  onRefused(sentence: string): void;
  /** The error of a fetch that the application has asked for. */
  error(sentence: string): Error;
}

type Person = string | null;

/** A message to the other tabs of the site. User ids are compared, and are in the memory of the browser only. */
type FeedMessage =
  | { readonly kind: 'ask'; readonly person: Person }
  | ({ readonly kind: 'lists'; readonly person: Person } & Fetched);

/** The lists, and what the proxy has said with them. */
interface Fetched {
  readonly lists: Lists;
  readonly nextInSeconds: number;
  /** Whether there is a stream of new messages. */
  readonly hasStream: boolean;
}

/** The proxy refuses a second fetch of a person within this time. */
const FRESH_MS = 5_000;
/** How long a tab waits for the lists of another tab before it fetches by itself. */
const CHANNEL_MS = 500;
/** A tab that has no lists after this time fetches, although another tab holds the lock: that tab may be frozen. */
const PATIENCE_MS = 10_000;
/** The interval where the proxy cannot stream although the service does. */
const WITHOUT_STREAM_SECONDS = 30;
/** The interval while a stream is open. */
const STREAM_SECONDS = 600;

export function createListFeed(needs: ListFeedNeeds): ListFeed {
  const { clock, call, name, isAwake } = needs;
  let person: Person | undefined;
  /** Increased by each change of the person: the response of an older fetch is not used. */
  let epoch = 0;
  let fetched: Fetched | undefined;
  let fetchedAtMs = 0;
  let sessionId = '';
  let running: Promise<FetchEnd> | undefined;
  let stream: MessageStream | undefined;
  let canStream = true;
  let stopPatience: (() => void) | undefined;
  let channel: Channel | undefined;

  const schedule = createFetchSchedule({
    clock,
    random: needs.random,
    isAwake: () => lock.isHeld() && isAwake(),
    fetch: fetchOnce,
  });
  const lock = createVisibleTabLock(name, needs.locks, () => {
    schedule.wake();
    // This tab has the lists of another tab, whose stream has ended.
    void openStream(false);
  });

  function take(next: Fetched, isOwn: boolean): void {
    fetched = next;
    fetchedAtMs = clock.now();
    stopPatience?.();
    needs.onLists(next.lists, isOwn);
  }

  function share(): void {
    if (fetched && person !== undefined)
      channel?.post({ kind: 'lists', person, ...fetched } satisfies FeedMessage);
  }

  /** Fetches the lists. Calls at the same time share one request. */
  function fetchOnce(): Promise<FetchEnd> {
    const own = epoch;
    running ??= fetchLists(own).finally(() => {
      if (own === epoch) running = undefined;
    });
    return running;
  }

  async function fetchLists(own: number): Promise<FetchEnd> {
    const { status, retryAfterMs, body } = await call(MESSAGES_FETCH_PATH, { sessionId }, true);
    if (own !== epoch || person === undefined) return { kind: 'failed' };
    const answer = body as Partial<MessagesAnswer>;
    const { messages, inbox, unchanged } = answer;
    if (status !== 200 || !(messages ?? unchanged)) {
      if (status >= 400 && status < 500 && status !== 429)
        needs.onRefused(
          `${MESSAGES_FETCH_PATH}: ${status} ${String(body['error'])} ${String(body['message'])}`,
        );
      return { kind: 'failed', retryAfterMs };
    }
    const before = fetched?.lists;
    const lists = messages ? { messages, inbox: inbox ?? [] } : before;
    // "Unchanged" says nothing to a page that has no lists: another session gets them.
    if (!lists) {
      sessionId = needs.newId();
      return { kind: 'failed' };
    }
    const hasStream = answer.stream === true && person !== null;
    const nextInSeconds = hasStream && !canStream ? WITHOUT_STREAM_SECONDS : (answer.nextInSeconds ?? 0);
    take({ lists, nextInSeconds, hasStream }, true);
    // A listener may have changed the person.
    if (own === epoch) {
      share();
      void openStream(true);
    }
    return { kind: 'answered', nextInSeconds: stream ? STREAM_SECONDS : nextInSeconds };
  }

  /** @param isFresh whether the lists were fetched just now */
  async function openStream(isFresh: boolean): Promise<void> {
    const own = epoch;
    if (stream || !canStream || !fetched?.hasStream || !lock.isHeld()) return;
    const update = (change: Partial<Lists>): void => {
      if (own !== epoch || !fetched) return;
      take({ ...fetched, lists: { ...fetched.lists, ...change } }, false);
      share();
    };
    const opened = await needs
      .openStream({
        sessionId,
        isFresh,
        onMessages: (messages) => update({ messages }),
        onInbox: (inbox) => update({ inbox }),
        onMissed: schedule.restart,
        onUnavailable() {
          canStream = false;
          schedule.answered(WITHOUT_STREAM_SECONDS);
        },
      })
      .catch(() => undefined);
    if (own === epoch && !stream && lock.isHeld()) stream = opened;
    else opened?.close();
    if (stream) schedule.answered(STREAM_SECONDS);
  }

  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

  function closeStream(): void {
    stream?.close();
    stream = undefined;
  }

  function hear(message: FeedMessage): void {
    if (person === undefined || message.person !== person) return;
    if (message.kind === 'lists') {
      const { lists, nextInSeconds, hasStream } = message;
      take({ lists, nextInSeconds, hasStream }, false);
      schedule.answered(nextInSeconds);
    } else if (lock.isHeld()) share();
  }

  function wake(): void {
    if (person === undefined || !isAwake()) {
      // A hidden tab lets a visible one fetch.
      lock.leave();
      closeStream();
      return;
    }
    channel ??= needs.openChannel(name, (message) => hear(message as FeedMessage));
    lock.join();
    schedule.wake();
    if (!fetched) channel?.post({ kind: 'ask', person } satisfies FeedMessage);
  }

  function leave(): void {
    lock.leave();
    closeStream();
    channel?.close();
    channel = undefined;
  }

  return {
    follow(next) {
      epoch++;
      running = fetched = undefined;
      stopPatience?.();
      closeStream();
      person = next;
      sessionId = needs.newId();
      if (person === undefined) {
        schedule.stop();
        leave();
        return;
      }
      schedule.restart();
      wake();
      const own = epoch;
      stopPatience = clock.after(PATIENCE_MS, () => {
        if (own === epoch && isAwake()) fetchOnce().catch(() => undefined);
      });
    },
    async inbox() {
      // The tab that holds the lock answers within a moment; a fetch of this tab would be refused as too early.
      if (!fetched && !lock.isHeld()) await pause(CHANNEL_MS);
      for (let attempt = 0; ; attempt++) {
        if (fetched && clock.now() - fetchedAtMs < FRESH_MS) return fetched.lists.inbox;
        const end = await fetchOnce();
        if (end.kind === 'answered') {
          schedule.answered(end.nextInSeconds);
          continue;
        }
        const { retryAfterMs = Infinity } = end;
        if (attempt > 1 || retryAfterMs > FRESH_MS) throw needs.error(`${MESSAGES_FETCH_PATH} has failed`);
        await pause(retryAfterMs);
      }
    },
    expire() {
      fetchedAtMs = 0;
    },
    retry() {
      if (person !== undefined && !fetched) schedule.restart();
    },
    wake,
    leave,
  };
}
