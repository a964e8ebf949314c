/**
 * The part of `@nats-io/jetstream` and `@nats-io/transport-node` 3 that is used. Only users of NATS install these
 * packages.
 */
import type { NatsConsumer, NatsPublisher } from '../../nats.ts';

export interface NatsConnection {
  status(): AsyncIterable<{ readonly type: string }>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly servers: string[];
  readonly name: string;
  readonly maxReconnectAttempts: number;
  readonly reconnectTimeWait: number;
  readonly timeout: number;
  readonly tls?: object;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

export interface StreamConfig {
  readonly name: string;
  readonly subjects: string[];
  readonly storage: 'file';
  readonly retention: 'limits';
  readonly discard: 'new';
  readonly num_replicas: number;
  readonly max_bytes: number;
  /** In nanoseconds. */
  readonly max_age: number;
  /** In nanoseconds. */
  readonly duplicate_window?: number;
}

export interface StreamInfo {
  readonly config: { readonly num_replicas: number };
  readonly state: { readonly last_seq: number };
}

export interface ConsumerConfig {
  readonly durable_name?: string;
  readonly ack_policy: 'explicit';
  /** In nanoseconds. */
  readonly ack_wait: number;
  readonly filter_subject: string;
  readonly max_ack_pending?: number;
  readonly deliver_policy?: 'by_start_time';
  readonly opt_start_time?: string;
  /** In nanoseconds. */
  readonly inactive_threshold?: number;
}

export interface ConsumerInfo {
  readonly name: string;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly ack_floor: { readonly stream_seq: number };
}

export interface JetStreamManager {
  readonly streams: {
    info(stream: string): Promise<StreamInfo>;
    add(config: StreamConfig): Promise<StreamInfo>;
    update(stream: string, config: Partial<StreamConfig>): Promise<StreamInfo>;
    purge(stream: string, options: { readonly seq: number }): Promise<unknown>;
  };
  readonly consumers: {
    info(stream: string, consumer: string): Promise<ConsumerInfo>;
    add(stream: string, config: ConsumerConfig): Promise<ConsumerInfo>;
    delete(stream: string, consumer: string): Promise<unknown>;
  };
}

export interface JetStreamClient extends NatsPublisher {
  publish(
    subject: string,
    payload: Uint8Array,
    options?: { readonly msgID: string; readonly timeout: number },
  ): Promise<unknown>;
  readonly consumers: { get(stream: string, consumer: string): Promise<NatsConsumer> };
}

export interface NatsLibrary {
  connect(options: ConnectOptions): Promise<NatsConnection>;
  /** Creates the `authenticator` for `connect`. */
  credsAuthenticator(credentials: Uint8Array): unknown;
  jetstream(connection: NatsConnection): JetStreamClient;
  jetstreamManager(connection: NatsConnection): Promise<JetStreamManager>;
}

/** The names are not literals in `import()`, so that compiling needs no types of packages that may be missing. */
const PACKAGES = ['@nats-io/transport-node', '@nats-io/jetstream'] as const;

/** Loads both packages. Returns `null` if one of them is not installed. */
export async function loadNats(): Promise<NatsLibrary | null> {
  try {
    const [transport, jetstream] = await Promise.all(PACKAGES.map((name) => import(name) as Promise<object>));
    return { ...transport, ...jetstream } as NatsLibrary;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}
