import type { ForwardInfo, ForwardOutcome } from '../proxy/forwarder.ts';
import { createSlots } from './slots.ts';

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
  next(options: { readonly expires: number }): Promise<NatsMessage | null>;
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

  /** How many messages are under way at a time. @default 16 */
  readonly concurrency?: number | undefined;

  /** Told of what fails between this and NATS; it goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface NatsForwarding {
  /** Takes no more, and resolves when what has begun is done: in about a second, and what Customer.io takes. */
  stop(): Promise<void>;
}

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
  concurrency = 16,
  onError,
}: ForwardFromNatsOptions): NatsForwarding {
  const slots = createSlots(concurrency);
  let ackWaitMs: number | undefined;

  function failed(error: unknown): void {
    try {
      onError?.(error);
    } catch {
      // Told by nothing: there is nobody left to tell.
    }
  }

  async function settle(message: NatsMessage): Promise<void> {
    const attempt = message.info.deliveryCount;
    const outcome = await forwarder.forward(message.data, { attempt });
    if (outcome.kind === 'done') return message.ack();
    if (outcome.kind === 'later') {
      if (outcome.isDown) slots.rest(Math.min(outcome.delayMs, LONGEST_REST_MS));
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
      await settle(message);
    } catch (error) {
      failed(error);
    } finally {
      clearInterval(timer);
    }
  }

  async function next(): Promise<NatsMessage | null> {
    if (ackWaitMs === undefined) {
      const { config } = await consumer.info(true);
      ackWaitMs = (config.ack_wait ?? DEFAULT_ACK_WAIT_MS * NANOS_PER_MS) / NANOS_PER_MS;
    }
    return consumer.next({ expires: POLL_MS });
  }

  async function run(): Promise<void> {
    while (await slots.free()) {
      try {
        const message = await next();
        if (message) slots.take(hold(message));
      } catch (error) {
        failed(error);
        slots.rest(AFTER_ERROR_MS);
      }
    }
  }

  const running = run();
  return {
    async stop() {
      slots.close();
      await running;
      await slots.idle();
    },
  };
}
