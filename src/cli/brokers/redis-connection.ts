import type * as NodeRedis from 'redis';
import { within } from '../../proxy/lib/timeouts.ts';
import { redisStore, type RedisStore } from '../../redis.ts';

/** Redis as the `proxy` command uses it. */
export interface Redis {
  readonly store: RedisStore;
  /** Lets what is under way end, for a second at most. */
  close(): Promise<void>;
}

/** A line of the log. */
export interface RedisLogEntry {
  /** ISO 8601. */
  readonly time: string;
  /** `unavailable` is told once for each outage, `ready` when it has ended. */
  readonly redis: 'unavailable' | 'ready';
  /** Why, in words without the password. */
  readonly detail?: string;
}

/** The proxy starts also where Redis is away; where it is there, the first request finds it. */
const START_MS = 1_000;
const CLOSE_MS = 1_000;
/** Clouds cut connections on which nothing is said for minutes. */
const PING_MS = 60_000;

/**
 * Connects, and goes on trying for as long as it runs. Errors are told, and thrown by nothing.
 *
 * @returns `null`: the package `redis` is not installed
 */
export async function openRedis(url: string, tell: (entry: RedisLogEntry) => void): Promise<Redis | null> {
  const library = await load();
  if (library === null) return null;
  const client = library.createClient({ url, disableOfflineQueue: true, pingInterval: PING_MS });
  let isAway = false;
  const time = (): string => new Date().toISOString();
  const started = new Promise<void>((resolve) => {
    client.on('error', (error: unknown) => {
      if (!isAway) tell({ time: time(), redis: 'unavailable', detail: withoutPassword(error, url) });
      isAway = true;
      resolve();
    });
    client.on('ready', () => {
      if (isAway) tell({ time: time(), redis: 'ready' });
      isAway = false;
      resolve();
    });
  });
  // What keeps it from connecting is told above; this ends when it connects, or is closed.
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
