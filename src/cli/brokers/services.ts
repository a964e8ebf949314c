import { NATS_MISSING, type Nats, openNats } from './nats-connection.ts';
import type { Output } from '../process/output.ts';
import { openRedis, type Redis } from './redis-connection.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';

/** What a command reaches besides Customer.io. */
export interface Services {
  readonly redis: Redis | undefined;
  readonly nats: Nats | undefined;
  close(): Promise<void>;
}

const REDIS_MISSING = 'CIO_REDIS_URL needs the package redis, which is not here: npm install redis';

/** A text says what is missing. `owner`: the command, as NATS shows its connection. */
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
