import type { InboxMessage, SubscriptionTopic } from '../../protocol/wire.ts';

/** What is only for the person whom the customer token names. */

/** The methods reject with an `SdkError`; an answer that comes after the person has changed is `identity-changed`. */
export interface Inbox {
  messages(): Promise<readonly InboxMessage[]>;
  /**
   * Told of the messages that there are, and of every change: `[]` in the same tick as `anonymize()`, then those of the next
   * person. Asked again when the page is seen after a minute, and every ten minutes while it is. Answers its own stop function.
   */
  onChange(listener: (messages: readonly InboxMessage[]) => void): () => void;
  markAsRead(id: string): Promise<void>;
  delete(id: string): Promise<void>;
}

export interface Customer {
  /** The person's attributes at Customer.io. */
  attributes(): Promise<Readonly<Record<string, unknown>>>;
  /**
   * The topics, and whether the person has subscribed to each.
   * @param changes by topic id; what is left out stays
   */
  subscriptions(changes?: Readonly<Record<string, boolean>>): Promise<readonly SubscriptionTopic[]>;
}

/** One private call. */
export interface PrivateRequestInit {
  /** Below `proxyUrl`. */
  readonly path: string;
  readonly init: RequestInit;
  /** A read is cut off when the person changes; a write that is under way is left to finish. */
  readonly isRead: boolean;
}

/**
 * Makes one private call.
 * @param read what is wanted of the answer; it counts as part of the call, for its time and its person
 * @throws an `SdkError` where there is no token, or where the person has changed meanwhile
 */
export type MakeCall = <T>(
  call: PrivateRequestInit,
  read: (response: Response) => T | Promise<T>,
) => Promise<T>;

/** What a private call asks, answered as JSON. */
export type AskForJson = (
  path: string,
  body: object,
  isRead: boolean,
) => Promise<Readonly<Record<string, unknown>>>;
