import type { DeduplicateStore } from '../deduplicate/store-contract.ts';
import type { ForwardInfo, ForwardOutcome } from '../broker/contract.ts';
import { type MessageClaim, createMessageDeduplication } from './deduplicate-messages.ts';
import { createSlots } from './message-slots.ts';

/** A message of `@nats-io/jetstream` 3: the part that is used. */
export interface NatsMessage {
  /** The payload: a message of `packBatch`. */
  readonly data: Uint8Array;
  /** Facts about the message. `deliveryCount`: how often the stream has delivered it, counted from 1. */
  readonly info: { readonly deliveryCount: number };
  /** Acknowledges the message. */
  ack(): void;
  /** Requests the message again, after `delayMs` milliseconds. */
  nak(delayMs?: number): void;
  /** Ends the delivery of the message. */
  term(): void;
  /** Extends the time until the stream delivers the message again. */
  working(): void;
}

/** A pull consumer of `@nats-io/jetstream` 3: the part that is used. It must have `ack_policy: 'explicit'`. */
export interface NatsConsumer {
  /** Requests at most `max_messages` messages, and waits `expires` milliseconds for them at most. */
  fetch(options: {
    readonly max_messages: number;
    readonly expires: number;
  }): Promise<AsyncIterable<NatsMessage>>;
  /** Returns the configuration of the consumer. `ack_wait` is in nanoseconds. */
  info(cached?: boolean): Promise<{ readonly config: { readonly ack_wait?: number } }>;
}

/** The options of `forwardFromNats`. */
export interface ForwardFromNatsOptions {
  /** The consumer from which messages are taken. */
  readonly consumer: NatsConsumer;
  /** The forwarder that `createForwarder` of `cio-first-party/proxy` returns. */
  readonly forwarder: {
    forward(message: Uint8Array, info: ForwardInfo): Promise<ForwardOutcome>;
  };

  /**
   * Stores a message that can never be forwarded in another place, for example in a stream for dead letters. The message is removed
   * from its own stream when the returned promise resolves, and delivered again when it rejects.
   */
  readonly park: (message: Uint8Array, reason: string) => unknown;

  /** The most messages in flight, of 32 MB together at most. @default 1_000 */
  readonly concurrency?: number | undefined;

  /**
   * Recognises events that were forwarded before, and does not forward them again. The forwarder gets an event a second time when
   * an acknowledgement was lost or when the stream is replayed. The same happens when a browser has sent the event again after its
   * proxy stopped unexpectedly. `store`: the store that the replicas of the proxy share, `redisStore` or `natsStore`.
   *
   * @default none: Customer.io gets such events again, and recognises them by their `messageId`s
   */
  readonly deduplicate?: { readonly store: DeduplicateStore } | undefined;

  /** Called with each error in the communication with NATS. Forwarding continues. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A running transfer from a stream to Customer.io. */
export interface NatsForwarding {
  /** Returns the number of messages in flight. */
  underWay(): number;
  /**
   * Takes no further messages, and resolves when those in flight are done: after about a second, and the time that
   * Customer.io takes.
   */
  stop(): Promise<void>;
}

/** The most bytes of all messages in flight. */
const MOST_BYTES = 32_000_000;
/**
 * The most messages of one fetch: as many as one request to Customer.io has, and few enough to fit into memory if each
 * is as large as possible.
 */
const MOST_FETCHED = 100;
/** The most messages of one fetch while Customer.io is down: they probe whether it is back. */
const MOST_PROBING = 16;
/** The delay for a message of which another forwarder is sending some events. */
const PENDING_MS = 2_000;
/** The least value that the client accepts: https://docs.nats.io/nats-concepts/jetstream/consumers */
const POLL_MS = 1_000;
const AFTER_ERROR_MS = 1_000;
const PARK_AGAIN_MS = 60_000;
/** The longest pause, so that it is soon noticed when Customer.io is back. */
const LONGEST_REST_MS = 30_000;
const DEFAULT_ACK_WAIT_MS = 30_000;
const NANOS_PER_MS = 1_000_000;

/**
 * Forwards the messages of a stream of NATS JetStream to Customer.io. A message is acknowledged only when Customer.io
 * has accepted its events: if this process stops unexpectedly, the stream delivers the messages in flight again. While
 * Customer.io is down, only a few messages are fetched, after a pause.
 *
 * @example
 * const consumer = await jetstream(nats).consumers.get('CIO', 'forwarder');
 * const forwarding = forwardFromNats({
 *   consumer,
 *   forwarder: createForwarder({ writeKey: process.env.CIO_WRITE_KEY ?? '' }),
 *   park: (message) => jetstream(nats).publish('cio.batches.parked', message),
 * });
 * process.once('SIGTERM', () => void forwarding.stop());
 */
export function forwardFromNats({
  consumer,
  forwarder,
  park,
  concurrency = 1_000,
  deduplicate,
  onError,
}: ForwardFromNatsOptions): NatsForwarding {
  const slots = createSlots({ most: concurrency, mostBytes: MOST_BYTES });
  // A claim ends after the same time as an acknowledgement is waited for: if this forwarder stops unexpectedly, another
  // one gets the message then.
  const once =
    deduplicate &&
    createMessageDeduplication(deduplicate.store, () => ackWaitMs ?? DEFAULT_ACK_WAIT_MS, failed);
  let ackWaitMs: number | undefined;
  let isDown = false;

  function failed(error: unknown): void {
    try {
      onError?.(error);
    } catch {
      // An error of `onError` itself cannot be reported.
    }
  }

  async function settle(message: NatsMessage, claim: MessageClaim | undefined): Promise<void> {
    const attempt = message.info.deliveryCount;
    const outcome = await forwarder.forward(claim?.message ?? message.data, { attempt });
    if (outcome.kind === 'done') {
      isDown = false;
      claim?.done();
      return message.ack();
    }
    claim?.release();
    if (outcome.kind === 'later') {
      if (outcome.isDown) slots.rest(Math.min(outcome.delayMs, LONGEST_REST_MS));
      isDown ||= outcome.isDown;
      return message.nak(outcome.delayMs);
    }
    try {
      await park(message.data, outcome.reason);
    } catch (error) {
      failed(error);
      return message.nak(PARK_AGAIN_MS);
    }
    return message.term();
  }

  /** Acknowledges a message that was forwarded before, and delays one that another forwarder is sending. */
  async function settleOnce(message: NatsMessage): Promise<void> {
    const claim = await once?.claim(message.data);
    if (claim?.state === 'done') return message.ack();
    if (claim?.state === 'pending') return message.nak(PENDING_MS);
    return settle(message, claim);
  }

  function working(message: NatsMessage): void {
    try {
      message.working();
    } catch (error) {
      failed(error);
    }
  }

  /** Extends the time of the message while it is in flight, so that the stream does not deliver it to another forwarder. */
  async function hold(message: NatsMessage): Promise<void> {
    const timer = setInterval(() => working(message), (ackWaitMs ?? DEFAULT_ACK_WAIT_MS) / 3);
    try {
      await settleOnce(message);
    } catch (error) {
      failed(error);
    } finally {
      clearInterval(timer);
    }
  }

  /** Starts each message as soon as it arrives: a single message waits for no others. */
  async function fetch(most: number): Promise<void> {
    if (ackWaitMs === undefined) {
      const { config } = await consumer.info(true);
      ackWaitMs = (config.ack_wait ?? DEFAULT_ACK_WAIT_MS * NANOS_PER_MS) / NANOS_PER_MS;
    }
    const messages = await consumer.fetch({ max_messages: most, expires: POLL_MS });
    for await (const message of messages) slots.take(hold(message), message.data.length);
  }

  async function run(): Promise<void> {
    for (;;) {
      const free = await slots.free();
      if (free === 0) return;
      try {
        await fetch(Math.min(free, isDown ? MOST_PROBING : MOST_FETCHED));
      } catch (error) {
        failed(error);
        slots.rest(AFTER_ERROR_MS);
      }
    }
  }

  const running = run();
  return {
    underWay: slots.underWay,
    async stop() {
      slots.close();
      await running;
      await slots.idle();
    },
  };
}
