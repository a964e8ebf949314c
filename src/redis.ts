/** Entry `cio-first-party/redis`: Redis as the store of several copies of the proxy. */
export { redisStore } from './proxy/redis/redis-store.ts';
export type { RedisStore, RedisStoreOptions } from './proxy/redis/redis-store.ts';
export type { IoredisClient, NodeRedisClient } from './proxy/redis/script-runner.ts';
export type { ClaimState, DeduplicateStore } from './proxy/deduplicate/store-contract.ts';
export type { RateCount, RateLimitStore } from './proxy/access/rate-limit.ts';
