import type { InboxMessage, SubscriptionTopic } from '../../protocol/wire.ts';

/**
 * The in-app inbox of the identified person. All methods need a customer token.
 * @throws {SdkError} as a rejected promise: see {@link SdkErrorCode}. `identity-changed` when the person changes before the
 * response has arrived
 * @example
 * const stop = analytics.inbox.onChange((messages) => {
 *   badge.textContent = String(messages.filter(({ opened }) => !opened).length);
 * });
 * await analytics.inbox.markAsRead('m1');
 * stop();
 */
export interface Inbox {
  /** Requests the messages that have not expired. Calls at the same time share one request. */
  messages(): Promise<readonly InboxMessage[]>;
  /**
   * Calls `listener` with the messages, and again after each change. When the person changes, the listener gets `[]` in the same
   * tick, and then the messages of the next person. The inbox is requested again every 10 minutes while the page is visible, and
   * when the page becomes visible or online more than 1 minute after the last request. A failed request is not reported; the next
   * one follows at the usual time.
   * @returns a function that stops the calls
   */
  onChange(listener: (messages: readonly InboxMessage[]) => void): () => void;
  /**
   * Marks the message with this id as opened. Listeners get the change at once; when the proxy refuses it, the inbox is requested
   * again.
   */
  markAsRead(id: string): Promise<void>;
  /** Deletes the message with this id. Listeners get the change as for `markAsRead`. */
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
 * @throws `private-call-failed` when there is no response, or a response that is not 2xx with a JSON object; the other errors of a
 * private call
 */
export type JsonCall = (
  path: string,
  body: object,
  isRead: boolean,
) => Promise<Readonly<Record<string, unknown>>>;
