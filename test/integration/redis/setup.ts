/** The real clients of which stores are made, and helpers for the tests of any store. */
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-v5';
import { createClient } from 'redis';
import { createClient as createClient4 } from 'redis-v4';
import { createClient as createClient5 } from 'redis-v5';
import { onTestFinished } from 'vitest';
import { type IoredisClient, type NodeRedisClient, redisStore, type RedisStore } from '../../../src/redis.ts';

export type AnyClient = NodeRedisClient | IoredisClient;

export interface Connection {
  readonly client: AnyClient;
  close(): void;
}

export interface ClientKind {
  readonly name: string;
  /** Connects. The client reconnects within a tenth of a second when the server is back. */
  connect(url: string): Promise<Connection>;
}

interface NodeRedis extends NodeRedisClient {
  on(name: 'error', listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
}

const SOCKET = { reconnectStrategy: 100, connectTimeout: 2_000 };

async function open(client: NodeRedis, close: () => unknown): Promise<Connection> {
  client.on('error', () => {});
  await client.connect();
  return { client, close: () => void close() };
}

async function openIoredis(client: Redis | Redis5): Promise<Connection> {
  client.on('error', () => {});
  if (client.status !== 'ready')
    await new Promise((resolve) => client.once('ready', () => resolve(undefined)));
  return { client, close: () => client.disconnect() };
}

const retryStrategy = (): number => 100;

/** The newest version of each client, and the supported earlier major versions. */
export const CLIENTS: readonly ClientKind[] = [
  {
    name: 'redis 6',
    connect(url) {
      const client = createClient({ url, socket: SOCKET });
      return open(client, () => client.destroy());
    },
  },
  {
    name: 'redis 5',
    connect(url) {
      const client = createClient5({ url, socket: SOCKET });
      return open(client, () => client.destroy());
    },
  },
  {
    name: 'redis 4',
    connect(url) {
      const client = createClient4({ url, socket: SOCKET });
      return open(client, () => client.disconnect());
    },
  },
  { name: 'ioredis 6', connect: (url) => openIoredis(new Redis(url, { retryStrategy })) },
  { name: 'ioredis 5', connect: (url) => openIoredis(new Redis5(url, { retryStrategy })) },
];

/** Starts copies of a proxy, each with its own connection and store. They end with the test. */
export async function startCopies(
  { connect }: ClientKind,
  url: string,
  count: number,
  options: Parameters<typeof redisStore>[1] = {},
): Promise<readonly RedisStore[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => connect(url)));
  onTestFinished(() => connections.forEach(({ close }) => close()));
  return connections.map(({ client }) => redisStore(client, options));
}

let used = 0;

/** Makes keys of 22 characters, as the proxy does. Each test has keys of its own. */
export const keysOf = (count: number): readonly string[] =>
  Array.from({ length: count }, () => String((used += 1)).padStart(22, 'k'));

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
