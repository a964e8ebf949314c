import type { RejectedEvent } from '../../protocol/wire.ts';
import type { ProxyOptions } from '../proxy-options.ts';

/**
 * The options of `createForwarder`. `writeKey`, `region`, `upstreamUrl`, `upstream` and `fetch` are those of
 * `createProxy`.
 */
export interface ForwarderOptions extends Pick<
  ProxyOptions,
  'writeKey' | 'region' | 'upstreamUrl' | 'upstream' | 'fetch'
> {
  /** The maximum time for one request to Customer.io together with its retries, in milliseconds. @default 10_000 */
  timeoutMs?: number | undefined;
  /** Called once for each message, when its outcome is known. @default no log */
  onLog?: ((entry: ForwardLogEntry) => void) | undefined;
}

/** Forwards messages from a message queue to Customer.io. */
export interface Forwarder {
  /**
   * Forwards the events of one message, in their order. `message` is a text or the bytes that `packBatch` has made. The
   * method may be called for many messages at the same time: messages that arrive while others are in flight are merged
   * into one request (`upstream.merge`). Never rejects; the outcome names the next step for the message.
   */
  forward(message: Uint8Array | ArrayBuffer | string, info?: ForwardInfo): Promise<ForwardOutcome>;
}

/** Facts about a message that only the message queue has. */
export interface ForwardInfo {
  /**
   * How often the message queue has delivered this message, counted from 1. The forwarder needs this number to find an
   * event to which Customer.io responds 500 every time.
   *
   * @default 1
   */
  readonly attempt?: number | undefined;
}

/** The outcome of forwarding a message, with the next step for the caller. */
export type ForwardOutcome =
  /**
   * `done`: acknowledge the message. Customer.io has accepted its events, except the events in `rejected`, which
   * Customer.io never accepts.
   */
  | { readonly kind: 'done'; readonly rejected: readonly RejectedEvent[] }
  /**
   * `later`: deliver the message again after `delayMs` milliseconds. `isDown`: any other message would have the same
   * outcome now.
   */
  | { readonly kind: 'later'; readonly delayMs: number; readonly isDown: boolean; readonly reason: string }
  /**
   * `never`: move the message to a dead-letter queue, for a person to look at. The message is not a batch, or
   * Customer.io responds 500 to one of its events every time.
   */
  | { readonly kind: 'never'; readonly reason: string };

/** A log entry for one message. The entry contains no payload and no key. */
export interface ForwardLogEntry {
  /** The time at which forwarding began, in ISO 8601. */
  readonly time: string;
  /** The `kind` of the outcome. */
  readonly outcome: ForwardOutcome['kind'];
  /** How long forwarding took, in milliseconds. */
  readonly durationMs: number;
  /** How often the message queue has delivered the message, counted from 1. */
  readonly attempt: number;
  /** The number of events in the message. */
  readonly events: number;
  /** The events that Customer.io never accepts, with the reasons. */
  readonly rejected?: readonly RejectedEvent[];
  /** With `later`: the delay before the next attempt, in milliseconds. */
  readonly delayMs?: number;
  /** The status code of the last response of Customer.io. */
  readonly upstreamStatus?: number;
  /** The number of requests to Customer.io. A request with several messages is counted for the first one only. */
  readonly upstreamRequests?: number;
  /** The number of messages in the merged request. Missing if the request contained only this message. */
  readonly merged?: number;
  /** With `later` and `never`: the reason, in words. */
  readonly detail?: string;
}
