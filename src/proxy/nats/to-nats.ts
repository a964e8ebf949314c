import type { AcceptedBatch } from '../upstream/dispatch.ts';
import { packBatch } from '../broker/message.ts';

/** The client that `jetstream()` of `@nats-io/jetstream` 3 returns: the part that is used. */
export interface NatsPublisher {
  /** Publishes a message. `msgID`: the id by which the stream recognises duplicates. `timeout`: in milliseconds. */
  publish(
    subject: string,
    payload: Uint8Array,
    options: { readonly msgID: string; readonly timeout: number },
  ): Promise<unknown>;
}

/** The options of `toNats`. */
export interface ToNatsOptions {
  /** The client that publishes the messages. */
  readonly jetstream: NatsPublisher;
  /**
   * The subject under which messages are published. Its stream should refuse messages when it is full: `discard:
   * 'new'`.
   */
  readonly subject: string;

  /**
   * The maximum time for the stream to confirm one message, in milliseconds. It must be less than `timeoutMs` of the
   * proxy.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number | undefined;

  /**
   * The maximum size of one message, in bytes: less than `max_payload` of the server. A larger batch becomes several
   * messages.
   * @default 500_000
   */
  readonly maxMessageBytes?: number | undefined;
}

/**
 * Creates the function `deliver` of a proxy that stores batches in a stream of NATS JetStream. The function resolves
 * when the stream has confirmed every message (PubAck), and rejects otherwise: the browser then sends the batch again.
 * A batch that is sent again within the `duplicate_window` of the stream is not stored twice:
 * https://docs.nats.io/nats-concepts/jetstream/headers
 *
 * @example
 * const nats = await connect({ servers: process.env.NATS_URL, maxReconnectAttempts: -1 });
 * createProxy({ writeKey, clientKeys, deliver: toNats({ jetstream: jetstream(nats), subject: 'cio.batches' }) });
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
