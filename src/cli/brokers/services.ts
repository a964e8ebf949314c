import { NATS_MISSING, type Nats, openNats } from './nats-connection.ts';
import type { Output } from '../process/output.ts';
import { openRedis, type Redis } from './redis-connection.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

/** The services that a command uses in addition to Customer.io. */
export interface Services {
  readonly redis: Redis | undefined;
  readonly nats: Nats | undefined;
  /** Closes all connections. */
  close(): Promise<void>;
}

const REDIS_MISSING = 'CIO_REDIS_URL needs the package redis, which is not installed: run npm install redis';

/**
 * Connects to the services that are configured. Returns a text when a package is missing. `owner`: the name of the
 * command, which NATS shows for its connection.
 */
export async function openServices(
  {
    redisUrl,
    nats: natsSettings,
  }: { readonly redisUrl: string | undefined; readonly nats: NatsSettings | undefined },
  owner: string,
  output: Output,
): Promise<Services | string> {
  const [redis, nats] = await Promise.all([
    redisUrl === undefined ? undefined : openRedis(redisUrl, output.entry),
    natsSettings && openNats(natsSettings, owner, output.entry),
  ]);
  const close = async (): Promise<void> => {
    await Promise.all([redis?.close(), nats?.close()]);
  };
  if (redis !== null && nats !== null) return { redis, nats, close };
  await close();
  return redis === null ? REDIS_MISSING : NATS_MISSING;
}
