import type { InboxMessage, SubscriptionTopic } from '../../protocol/wire.ts';

/**
 * A message of the inbox, with its methods. Each is a plain object, whose methods need no `this`. `JSON.stringify` leaves the methods
 * out; `structuredClone` and `postMessage` refuse objects with methods.
 *
 * The methods act for the person to whom the message belongs.
 * @throws {SdkError} as a rejected promise: `identity-changed` when somebody else is identified meanwhile, even if the same person
 * has come back; otherwise as the method of {@link Inbox} that is named at each
 * @example
 * const [newest] = await analytics.inbox.messages();
 * await newest?.markOpened();
 */
export interface InboxEntry extends InboxMessage {
  /** The same as `id`, by the name that Customer.io's own script gives it. */
  readonly messageId: string;
  /** The same as `expiry`, as a `Date`. Missing if the message does not expire. */
  readonly expiresAt?: Date;
  /** As {@link Inbox.markAsRead}. */
  markOpened(): Promise<void>;
  /** As {@link Inbox.markAsUnread}. */
  markUnopened(): Promise<void>;
  /** As {@link Inbox.delete}. */
  markDeleted(): Promise<void>;
  /**
   * As {@link Inbox.trackClick}.
   * @param name what was clicked. @default none
   */
  trackClick(name?: string): Promise<void>;
}

/**
 * The messages of some topics, or all that are meant for the application: the newest first, by `sentAt`; messages without a valid
 * `sentAt` come last.
 * @throws {SdkError} as a rejected promise: see {@link SdkErrorCode}. `identity-changed` when the person changes before the
 * response has arrived
 * @example
 * const orders = analytics.inbox('orders');
 * const stop = orders.onChange((messages) => render(messages));
 * console.log(`${await orders.totalUnopened()} of ${await orders.total()} are new`);
 */
export interface InboxView {
  /** Requests the messages that have not expired. Calls at the same time share one request. */
  messages(): Promise<readonly InboxEntry[]>;
  /** Requests the messages, and returns their number. */
  total(): Promise<number>;
  /** Requests the messages, and returns the number of those that are not opened. */
  totalUnopened(): Promise<number>;
  /**
   * Calls `listener` with the messages, and again after each change, also one that was made in another tab. When the person
   * changes, the listener gets `[]` in the same tick, and then the messages of the next person. The inbox is requested again every 10
   * minutes while the page is visible, and when the page becomes visible or online more than 1 minute after the last request. With
   * the option `inApp`, the messages come with the in-app messages instead. A failed request is not reported; the next one follows
   * at the usual time.
   * @returns a function that stops the calls
   */
  onChange(listener: (messages: readonly InboxEntry[]) => void): () => void;
  /** The same as `onChange`, by the name that Customer.io's own script gives it. */
  onUpdates(listener: (messages: readonly InboxEntry[]) => void): () => void;
}

/**
 * The in-app inbox of the identified person. All methods need a customer token.
 *
 * Changes (`markAsRead`, `markAsUnread`, `delete`) are shown at once to the listeners of all tabs in which the same person is
 * identified. Where the proxy cannot be reached, or responds 408, 429 or 5xx, a change is written again after a while, until that
 * succeeds, the person changes or the page ends. When the proxy refuses a change, it is taken back: listeners get the
 * messages without it.
 * @throws {SdkError} as a rejected promise: see {@link SdkErrorCode}. `identity-changed` when the person changes before the
 * response has arrived
 * @example
 * const stop = analytics.inbox.onChange((messages) => {
 *   badge.textContent = String(messages.filter(({ opened }) => !opened).length);
 * });
 * await analytics.inbox.markAsRead('m1');
 * stop();
 */
export interface Inbox extends InboxView {
  /**
   * The messages that have at least one of the topics. Topics are compared as they are written. Messages with a topic that begins
   * with `_cio` are left out, unless such a topic is among `topics`.
   * @param topics none: the same messages as those of `analytics.inbox` itself, which are all without a `_cio` topic
   */
  (...topics: readonly string[]): InboxView;
  /**
   * Marks the message with this id as opened. Customer.io counts it as opened, unless it was opened already. The promise
   * resolves when the change is written.
   */
  markAsRead(id: string): Promise<void>;
  /** Marks the message with this id as not opened. Customer.io's numbers stay as they are. The promise is as for `markAsRead`. */
  markAsUnread(id: string): Promise<void>;
  /**
   * Counts a click in the message with this id at Customer.io. The metric is stored and sent as an event is. The message stays as it
   * is.
   * @param name what was clicked, as reports at Customer.io name it
   * @throws {SdkError} `private-call-failed` when the inbox has no such message
   */
  trackClick(id: string, name: string): Promise<void>;
  /** Deletes the message with this id. The promise is as for `markAsRead`. */
  delete(id: string): Promise<void>;
}

/**
 * The data of the identified person at Customer.io. All methods need a customer token.
 * @throws {SdkError} as a rejected promise: see {@link SdkErrorCode}. `identity-changed` when the person changes before the
 * response has arrived
 * @example
 * const { plan } = await analytics.customer.attributes();
 * const topics = await analytics.customer.subscriptions({ '7': true });
 */
export interface Customer {
  /** The person's attributes at Customer.io, as far as the proxy allows. */
  attributes(): Promise<Readonly<Record<string, unknown>>>;
  /**
   * The topics, and whether the person has subscribed to each. Changes are written first.
   * @param changes by topic id: `true` subscribes, `false` unsubscribes; other topics stay unchanged
   */
  subscriptions(changes?: Readonly<Record<string, boolean>>): Promise<readonly SubscriptionTopic[]>;
}

/** The request of a private call. */
export interface PrivateRequestInit {
  /** A path below `proxyUrl`, like `/v1/x`. */
  readonly path: string;
  readonly init: RequestInit;
  /** A read is aborted when the person changes; a write in progress is not aborted. */
  readonly isRead: boolean;
}

/**
 * Makes one private call.
 * @param read reads the response. The time limit of the call includes this function, and the call rejects if the person changes
 * meanwhile
 * @throws an `SdkError` when there is no token, or when the person has changed since the call was made
 */
export type MakeCall = <T>(
  call: PrivateRequestInit,
  read: (response: Response) => T | Promise<T>,
) => Promise<T>;

/**
 * Makes one private call with a JSON body, and returns the JSON object of the response.
 * @throws `private-call-failed` when there is no response, or a response that is not 2xx with a JSON object, which is then the
 * `cause`; the other errors of a private call
 */
export type JsonCall = (
  path: string,
  body: object,
  isRead: boolean,
) => Promise<Readonly<Record<string, unknown>>>;
