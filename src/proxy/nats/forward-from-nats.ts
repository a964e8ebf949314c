import type { DeduplicateStore } from '../deduplicate/store-contract.ts';
import type { ForwardInfo, ForwardOutcome } from '../broker/contract.ts';
import { type MessageClaim, createMessageDeduplication } from './deduplicate-messages.ts';
import { createSlots } from './message-slots.ts';

/** What is used of a message of `@nats-io/jetstream` 3. */
export interface NatsMessage {
  readonly data: Uint8Array;
  readonly info: { readonly deliveryCount: number };
  ack(): void;
  nak(delayMs?: number): void;
  term(): void;
  working(): void;
}

/** What is used of a pull consumer of `@nats-io/jetstream` 3, which must be one with `ack_policy: 'explicit'`. */
export interface NatsConsumer {
  fetch(options: {
    readonly max_messages: number;
    readonly expires: number;
  }): Promise<AsyncIterable<NatsMessage>>;
  info(cached?: boolean): Promise<{ readonly config: { readonly ack_wait?: number } }>;
}

export interface ForwardFromNatsOptions {
  readonly consumer: NatsConsumer;
  /** What `createForwarder` of `cio-first-party/proxy` gives. */
  readonly forwarder: {
    forward(message: Uint8Array, info: ForwardInfo): Promise<ForwardOutcome>;
  };

  /**
   * Puts a message aside that will never be forwarded, such as into another stream. It is taken from its own only when this
   * has resolved; where it fails, the message comes again.
   */
  readonly park: (message: Uint8Array, reason: string) => unknown;

  /** How many messages are under way at a time, of 32 MB together at most. @default 1_000 */
  readonly concurrency?: number | undefined;

  /**
   * Remembers which events were forwarded, so that those that come again are not: because an acknowledgement was lost, a
   * browser has sent them again when its proxy had died, or the stream is replayed. `store`: what the copies of the proxy
   * share, `redisStore` or `natsStore`.
   *
   * @default none: Customer.io is sent again what comes again, and knows it by its `messageId`s
   */
  readonly deduplicate?: { readonly store: DeduplicateStore } | undefined;

  /** Told of what fails between this and NATS; it goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface NatsForwarding {
  /** How many messages are under way. */
  underWay(): number;
  /** Takes no more, and resolves when what has begun is done: in about a second, and what Customer.io takes. */
  stop(): Promise<void>;
}

const MOST_BYTES = 32_000_000;
/** As many messages as one request to Customer.io has at most, and memory for all of them where each is as large as can be. */
const MOST_FETCHED = 100;
/** While Customer.io is down, as many messages ask whether it is back. */
const MOST_PROBING = 16;
/** What another forwarder is sending. */
const PENDING_MS = 2_000;
/** The least that the client takes: https://docs.nats.io/nats-concepts/jetstream/consumers */
const POLL_MS = 1_000;
const AFTER_ERROR_MS = 1_000;
const PARK_AGAIN_MS = 60_000;
/** Nobody would see Customer.io come back. */
const LONGEST_REST_MS = 30_000;
const DEFAULT_ACK_WAIT_MS = 30_000;
const NANOS_PER_MS = 1_000_000;

/**
 * Forwards what a stream of NATS JetStream holds. A message is acknowledged only when Customer.io has accepted its events:
 * what is under way when this process dies comes again. While Customer.io is down, nothing is taken from the stream.
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
  // Where whoever has a claim dies, the stream gives the message to another after the same time.
  const once =
    deduplicate &&
    createMessageDeduplication(deduplicate.store, () => ackWaitMs ?? DEFAULT_ACK_WAIT_MS, failed);
  let ackWaitMs: number | undefined;
  let isDown = false;

  function failed(error: unknown): void {
    try {
      onError?.(error);
    } catch {
      // Told by nothing: there is nobody left to tell.
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

  /** What was forwarded before is acknowledged, and what another forwarder is sending waits. */
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

  /** Keeps the stream from giving the message to somebody else meanwhile. */
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

  /** Each message begins when it comes: one that comes alone waits for no others. */
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
