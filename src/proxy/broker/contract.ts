import type { RejectedEvent } from '../../protocol/wire.ts';
import type { ProxyOptions } from '../proxy-options.ts';

/** As the options of the proxy with these names. */
export interface ForwarderOptions extends Pick<
  ProxyOptions,
  'writeKey' | 'region' | 'upstreamUrl' | 'upstream' | 'fetch'
> {
  /** How long one request to Customer.io may take, with its retries, in milliseconds. @default 10_000 */
  timeoutMs?: number | undefined;
  /** Told of every message, once, when it is known what becomes of it. */
  onLog?: ((entry: ForwardLogEntry) => void) | undefined;
}

/** Brings messages from a broker to Customer.io. */
export interface Forwarder {
  /**
   * Brings the events of one message there, in their order. `message`: what `packBatch` has made. Several may be under way
   * side by side: those that come while others are under way go with them in one request (`upstream.merge`). Never rejects;
   * what it answers says what to do with the message.
   */
  forward(message: Uint8Array | ArrayBuffer | string, info?: ForwardInfo): Promise<ForwardOutcome>;
}

export interface ForwardInfo {
  /**
   * How often the broker has given this message, from 1. An event to which Customer.io answers 500 again and again is found
   * only where this is known.
   *
   * @default 1
   */
  readonly attempt?: number | undefined;
}

/** What to do with a message. */
export type ForwardOutcome =
  /** Take it away: Customer.io has its events, but those that it will never take. */
  | { readonly kind: 'done'; readonly rejected: readonly RejectedEvent[] }
  /** Give it again, not before `delayMs`. `isDown`: any other message would fare the same now. */
  | { readonly kind: 'later'; readonly delayMs: number; readonly isDown: boolean; readonly reason: string }
  /** Put it aside for a person to look at: it is no batch, or Customer.io answers 500 to an event of it, again and again. */
  | { readonly kind: 'never'; readonly reason: string };

/** What is told of one message: no payload, no key. */
export interface ForwardLogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly outcome: ForwardOutcome['kind'];
  readonly durationMs: number;
  readonly attempt: number;
  /** How many are in the message. */
  readonly events: number;
  /** Those of them that Customer.io will never take, and why. */
  readonly rejected?: readonly RejectedEvent[];
  readonly delayMs?: number;
  /** What Customer.io has answered last. */
  readonly upstreamStatus?: number;
  /** How often it was asked. Of several messages that went in one request, the first one counts it. */
  readonly upstreamRequests?: number;
  /** How many messages were in that request, where there were others. */
  readonly merged?: number;
  /** Why, in words. */
  readonly detail?: string;
}
