/** The contract between the parts of in-app messages, and the event that the application gets. */
import type { Clock } from '../browser.ts';
import type { QueueMessage } from '../../protocol/messages.ts';
import type { Display, DisplayNeeds } from './display/contract.ts';
import type { ShowableMessage } from './message-options.ts';
import type { MessageState } from './message-state.ts';
import type { PageRules } from './page-rule.ts';

/** The payload of the event `message`: something has happened to an in-app message. */
export interface InAppMessageEvent {
  /**
   * | type | what happened |
   * |---|---|
   * | `shown` | the visitor sees the message |
   * | `dismissed` | the message was closed, by the visitor or by `messages.dismiss` |
   * | `action` | the visitor has clicked a button or a link of the message |
   * | `error` | the message could not be drawn, and was removed: the page that draws it has failed, or was not ready within 5 seconds |
   */
  readonly type: 'shown' | 'dismissed' | 'action' | 'error';
  /** Id of the message's content. */
  readonly messageId: string;
  /** Id of the delivery. Missing for messages without one, such as broadcasts. */
  readonly deliveryId?: string;
  /** With `action`: the name of the button or link. */
  readonly actionName?: string;
  /** With `action`: the URL or text that the author has set. */
  readonly actionValue?: string;
}

/** Decides which messages are shown, and acts on what happens to them. */
export interface MessageHost {
  /** Begins for another person: every frame of the previous one is removed before this returns. */
  begin(state: MessageState | undefined): void;
  /** @param isOwn whether this tab has fetched the messages just now */
  setMessages(messages: readonly QueueMessage[], isOwn: boolean): void;
  /** A page view: messages with a page rule are shown or removed. */
  setPage(route: string): void;
  setPaused(isPaused: boolean): void;
  /** Closes the open messages with this `messageId` or `deliveryId`. */
  dismiss(id: string): void;
  /** Looks again for messages to show: the page has become visible. */
  update(): void;
}

export interface MessageHostNeeds {
  readonly clock: Clock;
  readonly page: Document;
  readonly ending: AbortSignal;
  readonly pathname: () => string;
  /** Loads the display. Called when there is something to show. */
  loadDisplay(needs: Pick<DisplayNeeds, 'report' | 'showMessage'>): Promise<Display>;
  newId(): string;
  isVisible(): boolean;
  canShow(message: ShowableMessage): boolean;
  onEvent(event: InAppMessageEvent): void;
  /** Reports `opened` or `clicked` to Customer.io. */
  reportMetric(handle: string, metric: 'opened' | 'clicked', action?: { name: string; value: string }): void;
  /** Reports to the service that a message was shown or closed. */
  reportSeen(queueId: string): void;
  /** The message asks for an event. */
  track(payload: unknown): void;
  loadPageRules(tell: (mistake: string) => void): Promise<PageRules>;
  /** Loads the messages that the page itself contains. */
  loadEmbeds(page: Document): Promise<readonly QueueMessage[]>;
  /** Reports a mistake of a message's author. */
  tell(mistake: string): void;
}
