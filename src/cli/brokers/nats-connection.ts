import { SdkError } from '../../protocol/errors.ts';
import { within } from '../../proxy/lib/timeouts.ts';
import {
  type JetStreamClient,
  type JetStreamManager,
  loadNats,
  type NatsConnection,
  type NatsLibrary,
} from './nats-library.ts';
import { ensureStreams } from './nats-streams.ts';
import { type NatsSettings, withoutSecrets } from '../settings/nats-variables.ts';

/** The connection of a command to NATS JetStream. */
export interface Nats {
  /** Resolves when NATS is connected and the streams exist. */
  readonly ready: Promise<NatsReady>;
  /** Returns the clients. @throws SdkError `storage-unavailable`: NATS is not connected now */
  now(): NatsReady;
  /** Waits for pending messages, for a second at most, and closes the connection. */
  close(): Promise<void>;
}

/** The clients of a connection. */
export interface NatsReady {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** A log entry about the connection. */
export interface NatsLogEntry {
  /** The time in ISO 8601. */
  readonly time: string;
  /**
   * `unavailable`: logged once for each outage. `ready`: the outage is over. `few-replicas`: a stream has fewer
   * replicas than configured.
   */
  readonly nats: 'unavailable' | 'ready' | 'few-replicas';
  /** The reason in words, without credentials. */
  readonly detail?: string;
}

export const NATS_MISSING =
  'NATS_URL needs the packages @nats-io/jetstream and @nats-io/transport-node, which are not installed: run npm install @nats-io/jetstream @nats-io/transport-node';

/**
 * How long the start of a command waits for NATS. The command also starts without NATS; waiting lets the first request
 * find it.
 */
const START_MS = 5_000;
/** The delay before the next attempt to connect. */
const AGAIN_MS = 1_000;
/** The delay before the next attempt to raise the number of replicas. */
const REPLICAS_AGAIN_MS = 10_000;
const CLOSE_MS = 1_000;
/** How long a lost connection is not reported as an outage: changing to another server of a cluster takes less. */
const AWAY_MS = 1_000;

/**
 * Connects to any of the servers, creates missing streams, and keeps trying as long as the command runs. Errors are
 * logged through `log`, and never thrown.
 *
 * @returns `null`: the packages are not installed
 */
export async function openNats(
  settings: NatsSettings,
  owner: string,
  log: (entry: NatsLogEntry) => void,
): Promise<Nats | null> {
  const library = await loadNats();
  if (library === null) return null;
  const nats = createNats(library, settings, owner, log);
  await within(START_MS, () => nats.ready).catch(() => {});
  return nats;
}

function createNats(
  library: NatsLibrary,
  settings: NatsSettings,
  owner: string,
  log: (entry: NatsLogEntry) => void,
): Nats {
  const { servers, tls, user, password, token, credentials } = settings;
  let connection: NatsConnection | undefined;
  let found: NatsReady | undefined;
  let awaySince: number | undefined = performance.now();
  let reported: string | undefined;
  let closed = false;

  function write(nats: NatsLogEntry['nats'], detail?: string): void {
    const text = detail === undefined ? undefined : withoutSecrets(detail, settings);
    log({ time: new Date().toISOString(), nats, ...(text !== undefined && { detail: text }) });
  }
  /** Logs an outage once for each reason. */
  function unavailable(detail: string): void {
    if (reported !== detail && !closed) write('unavailable', detail);
    reported = detail;
  }
  function available(): void {
    if (reported !== undefined) write('ready');
    reported = undefined;
    awaySince = undefined;
  }

  async function watch(nats: NatsConnection): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === 'disconnect') {
        awaySince = performance.now();
        unavailable('The connection has ended.');
      } else if (type === 'reconnect' && found) available();
    }
  }

  async function connect(): Promise<NatsConnection> {
    for (;;) {
      try {
        return await library.connect({
          servers: [...servers],
          name: `cio-first-party ${owner}`,
          maxReconnectAttempts: -1,
          reconnectTimeWait: 250,
          timeout: 5_000,
          ...(tls && { tls: {} }),
          ...(user !== undefined && { user }),
          ...(password !== undefined && { pass: password }),
          ...(token !== undefined && { token }),
          ...(credentials !== undefined && {
            authenticator: library.credsAuthenticator(new TextEncoder().encode(credentials)),
          }),
        });
      } catch (error) {
        if (closed) throw error;
        unavailable(`No connection to ${servers.join(', ')}: ${messageOf(error)}`);
        await wait(AGAIN_MS);
      }
    }
  }

  /** Keeps trying until the streams have all their replicas. */
  async function replicate(manager: JetStreamManager): Promise<void> {
    while (!closed) {
      await wait(REPLICAS_AGAIN_MS);
      if (await ensureStreams(manager, settings).catch(() => false)) return;
    }
  }

  async function start(): Promise<NatsReady> {
    connection = await connect();
    void watch(connection);
    for (;;) {
      try {
        const manager = await library.jetstreamManager(connection);
        if (!(await ensureStreams(manager, settings))) {
          write(
            'few-replicas',
            `There are too few servers for ${settings.replicas} replicas of each message.`,
          );
          void replicate(manager);
        }
        found = { manager, jetstream: library.jetstream(connection) };
        available();
        return found;
      } catch (error) {
        if (closed) throw error;
        unavailable(`The stream ${settings.stream} cannot be used: ${messageOf(error)}`);
        await wait(AGAIN_MS);
      }
    }
  }

  const ready = start();
  ready.catch(() => {});

  return {
    ready,
    now() {
      if (found && (awaySince === undefined || performance.now() - awaySince < AWAY_MS)) return found;
      throw new SdkError('storage-unavailable', 'NATS cannot be reached now.');
    },
    async close() {
      closed = true;
      await within(CLOSE_MS, async () => connection?.drain()).catch(() => {});
      await connection?.close();
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
