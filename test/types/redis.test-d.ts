/**
 * Compiled by `tsc -p test/tsconfig.json`, never run: the types of the clients `redis` and `ioredis` fit
 * without a cast.
 */
import type { Cluster as IoredisCluster, Redis } from 'ioredis';
import type { Redis as Redis5 } from 'ioredis-v5';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { createClient as createClient4, createCluster as createCluster4 } from 'redis-v4';
import { createClient as createClient5, createCluster as createCluster5 } from 'redis-v5';
import { createProxy, type RateLimitStore } from '../../src/proxy.ts';
import type { DeduplicateStore } from '../../src/proxy/deduplicate/store-contract.ts';
import { type IoredisClient, type NodeRedisClient, redisStore } from '../../src/redis.ts';

declare const ioredis: Redis;
declare const ioredis5: Redis5;
declare const cluster: IoredisCluster;

export const ofNodeRedis: readonly NodeRedisClient[] = [
  createClient(),
  createClient({ RESP: 2 }),
  createClientPool(),
  createCluster({ rootNodes: [] }),
  createSentinel({ name: 'x', sentinelRootNodes: [] }),
  createClient5(),
  createCluster5({ rootNodes: [] }),
  createClient4(),
  createCluster4({ rootNodes: [] }),
];
export const ofIoredis: readonly IoredisClient[] = [ioredis, ioredis5, cluster];
export const ofEvents: DeduplicateStore = redisStore(createClient(), { prefix: '{shop}:', windowMs: 1 });
export const ofRequests: RateLimitStore = redisStore(ioredis);
const store = redisStore(ioredis);
createProxy({ writeKey: 'write-key', clientKeys: ['web'], rateLimit: { perAddress: 600, store } });
// @ts-expect-error the argument is a client, not its URL
redisStore('redis://localhost');
// @ts-expect-error the promise of the client must be awaited
redisStore(createClient().connect());
// @ts-expect-error this option does not exist
redisStore(ioredis, { ttl: 5 });
