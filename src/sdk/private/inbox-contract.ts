import type { Clock } from '../browser.ts';
import type { SdkError, SdkErrorCode } from '../../protocol/errors.ts';
import type { HandledInboxMessage, MetricBody } from '../../protocol/messages.ts';
import type { TabChannel } from '../tabs/tab-channel.ts';
import type { InboxEntry, JsonCall } from './contract.ts';
import type { InboxChange } from './inbox-items.ts';

/** A change that another tab has made, or that the proxy has refused to it. Stays in the memory of the browser's tabs. */
export interface InboxTabMessage extends InboxChange {
  readonly userId: string;
  /** Whether the proxy has refused the change. */
  readonly isUndone?: boolean;
}

export interface InboxNeeds {
  readonly clock: Clock;
  readonly callJson: JsonCall;
  /** Whether the page is visible and online. */
  isAwake(): boolean;
  /** A random number from 0 to 1. */
  random(): number;
  /** The id of the identified person. */
  userId(): string | null | undefined;
  /** Keeps the token fresh while the inbox has listeners, until the function that this returns is called. */
  subscribe(): () => void;
  /** Connects the tabs of the site. */
  connect(onMessage: (message: InboxTabMessage) => void): TabChannel<InboxTabMessage>;
  error(code: SdkErrorCode, message: string): SdkError;
  /** Reports the error that a listener of the application has thrown. */
  report(cause: unknown): void;
  /** Stores a metric, and sends it as an event is sent. Missing: no metric is reported. */
  reportMetric?(handle: string, metric: MetricBody['metric'], action?: MetricBody['action']): void;
  /**
   * Requests the messages with the in-app messages. Then the inbox sends no requests for messages, and does not poll: `receive` gets
   * the later lists. The result must not be older than the call, except while no change was written.
   */
  fetchMessages?(): Promise<unknown>;
  /** Called when the application has opened, deleted or clicked a message that is in the inbox. `name`: what was clicked. */
  onInboxAction?(
    kind: 'opened' | 'dismissed' | 'action',
    message: { readonly id: string; readonly deliveryId: string | undefined },
    name?: string,
  ): void;
}

/** Without topics, methods are those of `analytics.inbox` itself. */
export interface LiveInbox {
  messages(topics?: readonly string[]): Promise<readonly InboxEntry[]>;
  total(topics?: readonly string[]): Promise<number>;
  totalUnopened(topics?: readonly string[]): Promise<number>;
  onChange(listener: (messages: readonly InboxEntry[]) => void, topics?: readonly string[]): () => void;
  markAsRead(id: string): Promise<void>;
  markAsUnread(id: string): Promise<void>;
  trackClick(id: string, name?: string): Promise<void>;
  delete(id: string): Promise<void>;
  /** Takes a list that came with the in-app messages. While a change is not written yet, the list is requested again later. */
  receive(messages: readonly HandledInboxMessage[]): void;
  /** To be called after the identity has changed: listeners get `[]`, and then the messages of the next person. */
  afterIdentityChange(): void;
  /** To be called when the page becomes visible or online, or comes back. */
  wake(): void;
  /** To be called when the page is left or frozen: an open channel keeps a page out of the back/forward cache. */
  leave(): void;
  close(): void;
}
