import type { AcceptedBatch } from '../upstream/dispatch.ts';
import { packBatch } from '../broker/message.ts';

/** What is used of the client that `jetstream()` of `@nats-io/jetstream` 3 gives. */
export interface NatsPublisher {
  publish(
    subject: string,
    payload: Uint8Array,
    options: { readonly msgID: string; readonly timeout: number },
  ): Promise<unknown>;
}

export interface ToNatsOptions {
  readonly jetstream: NatsPublisher;
  /** A subject of a stream, which refuses when it is full: `discard: 'new'`. */
  readonly subject: string;

  /**
   * How long the stream may take to confirm one message, in milliseconds; less than the proxy's `timeoutMs`.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number | undefined;

  /** Bytes of one message, less than the server's `max_payload`. A batch of more becomes several. @default 500_000 */
  readonly maxMessageBytes?: number | undefined;
}

/**
 * The proxy's `deliver`, into a stream of NATS JetStream. Resolves when the stream has confirmed every message (PubAck),
 * and rejects where it does not: the browser then sends the batch again. A batch that comes again within the stream's
 * `duplicate_window` is not stored twice: https://docs.nats.io/nats-concepts/jetstream/headers
 */
export function toNats({
  jetstream,
  subject,
  timeoutMs = 5_000,
  maxMessageBytes,
}: ToNatsOptions): (batch: AcceptedBatch, info: { readonly signal: AbortSignal }) => Promise<void> {
  return async (batch, { signal }) => {
    for (const { id, bytes } of await packBatch(batch, { maxBytes: maxMessageBytes })) {
      signal.throwIfAborted();
      await jetstream.publish(subject, bytes, { msgID: id, timeout: timeoutMs });
    }
  };
}
