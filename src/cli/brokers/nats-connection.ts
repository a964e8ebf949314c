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

/** NATS JetStream as the commands use it. */
export interface Nats {
  /** Resolves when it is there, with its streams. */
  readonly ready: Promise<NatsReady>;
  /** @throws SdkError `storage-unavailable`: it is not there now */
  now(): NatsReady;
  /** Lets what is under way end, for a second at most. */
  close(): Promise<void>;
}

export interface NatsReady {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** A line of the log. */
export interface NatsLogEntry {
  /** ISO 8601. */
  readonly time: string;
  /** `unavailable` is told once for each outage, `ready` when it has ended. `few-replicas`: a stream has fewer than it should. */
  readonly nats: 'unavailable' | 'ready' | 'few-replicas';
  /** Why, in words without a credential. */
  readonly detail?: string;
}

export const NATS_MISSING =
  'NATS_URL needs the packages @nats-io/jetstream and @nats-io/transport-node, which are not here: npm install @nats-io/jetstream @nats-io/transport-node';

/** A command starts also where NATS is away; where it is there, what comes first finds it. */
const START_MS = 5_000;
const AGAIN_MS = 1_000;
const REPLICAS_AGAIN_MS = 10_000;
const CLOSE_MS = 1_000;
/** A client that changes to another server of a cluster is away for less. */
const AWAY_MS = 1_000;

/**
 * Connects to any of the servers, makes what is missing, and goes on trying for as long as it runs. Errors are told, and
 * thrown by nothing.
 *
 * @returns `null`: the packages are not installed
 */
export async function openNats(
  settings: NatsSettings,
  owner: string,
  tell: (entry: NatsLogEntry) => void,
): Promise<Nats | null> {
  const library = await loadNats();
  if (library === null) return null;
  const nats = createNats(library, settings, owner, tell);
  await within(START_MS, () => nats.ready).catch(() => {});
  return nats;
}

function createNats(
  library: NatsLibrary,
  settings: NatsSettings,
  owner: string,
  tell: (entry: NatsLogEntry) => void,
): Nats {
  const { servers, tls, user, password, token, credentials } = settings;
  let connection: NatsConnection | undefined;
  let found: NatsReady | undefined;
  let awaySince: number | undefined = performance.now();
  let told: string | undefined;
  let closed = false;

  function say(nats: NatsLogEntry['nats'], detail?: string): void {
    const text = detail === undefined ? undefined : withoutSecrets(detail, settings);
    tell({ time: new Date().toISOString(), nats, ...(text !== undefined && { detail: text }) });
  }
  /** Once for each outage and reason. */
  function unavailable(detail: string): void {
    if (told !== detail && !closed) say('unavailable', detail);
    told = detail;
  }
  function available(): void {
    if (told !== undefined) say('ready');
    told = undefined;
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
        unavailable(`None of ${servers.join(', ')} lets it in: ${messageOf(error)}`);
        await rest(AGAIN_MS);
      }
    }
  }

  /** Also later, until there are as many replicas as there should be. */
  async function replicate(manager: JetStreamManager): Promise<void> {
    while (!closed) {
      await rest(REPLICAS_AGAIN_MS);
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
          say('few-replicas', `There are too few servers for ${settings.replicas} replicas of each message.`);
          void replicate(manager);
        }
        found = { manager, jetstream: library.jetstream(connection) };
        available();
        return found;
      } catch (error) {
        if (closed) throw error;
        unavailable(`The stream ${settings.stream} is not to be had: ${messageOf(error)}`);
        await rest(AGAIN_MS);
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

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
