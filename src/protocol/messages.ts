import type { InboxMessage, WireEvent } from './wire.ts';

/** An in-app message. */
export interface QueueMessage {
  /** Id of the message in the person's queue, for `/v1/messages/seen`. */
  readonly queueId: string;
  /** Id of the message's content, by which the renderer draws it. */
  readonly messageId: string;
  /** Importance: a lower number is more important. Missing where the service has sent none. */
  readonly priority?: number;
  /** The message as the service has sent it. The field `gist` says where and how it is shown. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Signed by the proxy, for {@link MetricBody}. Missing: the message has nothing to report about. */
  readonly handle?: string;
}

/** A message of a person's inbox, with its handle. */
export interface HandledInboxMessage extends InboxMessage {
  /** As in {@link QueueMessage}. */
  readonly handle?: string;
}

/** The body of a 2xx answer of `/v1/messages/fetch`. */
export interface MessagesAnswer {
  /** The in-app messages. Missing with `unchanged`. */
  readonly messages?: readonly QueueMessage[];
  /** The messages of the inbox, without those that have expired. Missing with `unchanged`. */
  readonly inbox?: readonly HandledInboxMessage[];
  /** Both lists are the same as at the last fetch with this `sessionId`. */
  readonly unchanged?: true;
  /** When to fetch again, in seconds from now: 10 to 3600. */
  readonly nextInSeconds: number;
  /** Whether the service can also send new messages through a stream. */
  readonly stream: boolean;
  /** Whether the workspace shows its own inbox. Missing: the service has sent no value, and the last one stays valid. */
  readonly inboxEnabled?: boolean;
  /** Time by the proxy's clock, in milliseconds since the epoch. */
  readonly serverTime: number;
}

/** The body of a request to `/v1/messages/metric`. */
export interface MetricBody {
  /** The handle of the message. */
  readonly handle: string;
  /** The action of the visitor. */
  readonly metric: 'opened' | 'clicked';
  /** The button or link, with `clicked`. */
  readonly action?: { readonly name?: string; readonly value?: string };
  /** Id of the event, the same in every retry. @default a new one */
  readonly messageId?: string;
  /** When it happened, in ISO 8601. @default now */
  readonly timestamp?: string;
}

/** The value of `type` by which the proxy knows a {@link MetricEvent} in a batch. */
export const METRIC_TYPE = 'metric';

/**
 * A metric as the SDK puts it into a batch, so that it waits in the outbox and arrives once, like an event. The proxy verifies the
 * handle, and sends the event that Customer.io counts in its place.
 */
export interface MetricEvent
  extends
    Pick<MetricBody, 'handle' | 'metric' | 'action'>,
    Pick<WireEvent, 'messageId' | 'timestamp' | 'userId' | 'anonymousId'> {
  readonly type: typeof METRIC_TYPE;
}
