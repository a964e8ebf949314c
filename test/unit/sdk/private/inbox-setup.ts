/** An inbox whose clock, proxy, person and other tabs the test controls. */
import { SdkError } from '../../../../src/protocol/errors.ts';
import type { HandledInboxMessage } from '../../../../src/protocol/messages.ts';
import type { InboxMessage } from '../../../../src/protocol/wire.ts';
import { createInbox } from '../../../../src/sdk/private/inbox.ts';
import type { InboxNeeds, InboxTabMessage, LiveInbox } from '../../../../src/sdk/private/inbox-contract.ts';
import { type FakeClock, fakeClock } from '../../../fakes/clock.ts';
import { type Deferred, deferred } from '../auth/token-page.ts';

export const message = (
  id: string,
  opened = false,
  more: Partial<HandledInboxMessage> = {},
): HandledInboxMessage => ({ id, opened, sentAt: '', properties: {}, ...more });

export const answer = (...messages: readonly HandledInboxMessage[]): Readonly<Record<string, unknown>> => ({
  messages,
});

/** The ids of messages, with `!` behind the id of one that is opened. */
export const shown = (messages: readonly InboxMessage[]): string[] =>
  messages.map(({ id, opened }) => (opened ? `${id}!` : id));

/** The failure of a call, as the SDK makes it. Without a status, there was no response. */
export const failure = (status?: number, headers: Record<string, string> = {}): SdkError =>
  new SdkError('private-call-failed', `failed with ${status ?? 'no response'}`, {
    cause: status === undefined ? new TypeError('Failed to fetch') : new Response(null, { status, headers }),
  });

interface Asked {
  readonly path: string;
  readonly body: object;
  readonly isRead: boolean;
  readonly answer: Deferred<Readonly<Record<string, unknown>>>;
}

type Say = (path: string) => Readonly<Record<string, unknown>> | Error | undefined;

export interface InboxPage {
  readonly inbox: LiveInbox;
  readonly clock: FakeClock;
  readonly asked: Asked[];
  /** The requests that are no fetch. */
  writes(): readonly (readonly [path: string, body: object])[];
  readonly reported: unknown[];
  /** The metrics, and the actions that the page was told of. */
  readonly metrics: unknown[][];
  readonly actions: unknown[][];
  /** The channel to the other tabs: `left` or `joined`. */
  channel(): string;
  /** The number of subscriptions of the token now. */
  subscribed(): number;
  awake(is: boolean): void;
  person(userId: string | null): void;
  /** The answer to each further request; for `undefined`, the test answers itself. */
  say(next: Say | 'nothing'): void;
}

/** The tabs of one browser: each gets the messages of the others at once. */
export interface FakeTabs {
  readonly told: InboxTabMessage[];
  readonly hearers: Set<(message: InboxTabMessage) => void>;
}

export const fakeTabs = (): FakeTabs => ({ told: [], hearers: new Set() });

export function inboxPage(tabs: FakeTabs = fakeTabs(), more: Partial<InboxNeeds> = {}): InboxPage {
  const clock = fakeClock();
  const asked: Asked[] = [];
  const reported: unknown[] = [];
  const metrics: unknown[][] = [];
  const actions: unknown[][] = [];
  let isAwake = true;
  let userId: string | null = 'ann';
  let subscribers = 0;
  let isJoined = true;
  let script: Say = () => answer(message('a'));
  const inbox = createInbox({
    clock,
    callJson(path, body, isRead) {
      const entry = { path, body, isRead, answer: deferred<Readonly<Record<string, unknown>>>() };
      asked.push(entry);
      const given = script(path);
      if (given instanceof Error) entry.answer.reject(given);
      else if (given) entry.answer.resolve(given);
      return entry.answer.promise;
    },
    isAwake: () => isAwake,
    random: () => 1,
    userId: () => userId,
    subscribe() {
      subscribers++;
      return () => void subscribers--;
    },
    connect(onMessage) {
      tabs.hearers.add(onMessage);
      return {
        tell(given) {
          tabs.told.push(given);
          for (const hear of tabs.hearers) if (hear !== onMessage) hear(structuredClone(given));
        },
        leave: () => void (isJoined = false),
        join: () => void (isJoined = true),
      };
    },
    error: (code, text) => new SdkError(code, text),
    report: (cause) => void reported.push(cause),
    reportMetric: (...given) => void metrics.push(given),
    onInboxAction: (...given) => void actions.push(given),
    ...more,
  });
  return {
    inbox,
    clock,
    asked,
    writes: () => asked.filter(({ isRead }) => !isRead).map(({ path, body }) => [path, body]),
    reported,
    metrics,
    actions,
    channel: () => (isJoined ? 'joined' : 'left'),
    subscribed: () => subscribers,
    awake: (is) => void (isAwake = is),
    person: (id) => void (userId = id),
    say: (next) => void (script = next === 'nothing' ? () => undefined : next),
  };
}

/** A listener that records the messages that it gets, as `shown` writes them. */
export function ear(): { readonly heard: string[][]; listen(messages: readonly InboxMessage[]): void } {
  const heard: string[][] = [];
  return { heard, listen: (messages) => void heard.push(shown(messages)) };
}
