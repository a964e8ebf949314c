import type * as NodeRedis from 'redis';
import { within } from '../../proxy/lib/timeouts.ts';
import { redisStore, type RedisStore } from '../../redis.ts';

/** The connection of a command to Redis. */
export interface Redis {
  /** The store for `deduplicate` and `rateLimit`. */
  readonly store: RedisStore;
  /** Waits for pending commands, for a second at most, and closes the connection. */
  close(): Promise<void>;
}

/** A log entry about the connection. */
export interface RedisLogEntry {
  /** The time in ISO 8601. */
  readonly time: string;
  /** `unavailable`: logged once for each outage. `ready`: the outage is over. */
  readonly redis: 'unavailable' | 'ready';
  /** The reason in words, without the password. */
  readonly detail?: string;
}

/**
 * How long the start of a command waits for Redis. The command also starts without Redis; waiting lets the first
 * request find it.
 */
const START_MS = 1_000;
const CLOSE_MS = 1_000;
/** Some clouds close connections that are idle for minutes. */
const PING_MS = 60_000;

/**
 * Connects, and keeps trying as long as the command runs. Errors are logged through `log`, and never thrown.
 *
 * @returns `null`: the package `redis` is not installed
 */
export async function openRedis(url: string, log: (entry: RedisLogEntry) => void): Promise<Redis | null> {
  const library = await load();
  if (library === null) return null;
  const client = library.createClient({ url, disableOfflineQueue: true, pingInterval: PING_MS });
  let isAway = false;
  const time = (): string => new Date().toISOString();
  const started = new Promise<void>((resolve) => {
    client.on('error', (error: unknown) => {
      if (!isAway) log({ time: time(), redis: 'unavailable', detail: withoutPassword(error, url) });
      isAway = true;
      resolve();
    });
    client.on('ready', () => {
      if (isAway) log({ time: time(), redis: 'ready' });
      isAway = false;
      resolve();
    });
  });
  // Errors are logged by the listener above. The promise ends when the client connects, or is closed.
  client.connect().catch(() => {});
  await within(START_MS, () => started).catch(() => {});

  return {
    store: redisStore(client),
    async close() {
      await within(CLOSE_MS, () => client.close()).catch(() => {});
      if (client.isOpen) client.destroy();
    },
  };
}

async function load(): Promise<typeof NodeRedis | null> {
  try {
    return await import('redis');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function withoutPassword(error: unknown, url: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const { password } = new URL(url);
  const secrets = [url, password, decodeURIComponent(password)].filter((secret) => secret !== '');
  return secrets.reduce((result, secret) => result.replaceAll(secret, '…'), text);
}
