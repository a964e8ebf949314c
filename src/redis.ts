/** Entry `cio-first-party/redis`: Redis as a store that the replicas of the proxy share. */
export { redisStore } from './proxy/redis/redis-store.ts';
export type { RedisStore, RedisStoreOptions } from './proxy/redis/redis-store.ts';
export type { IoredisClient, NodeRedisClient } from './proxy/redis/script-runner.ts';
export type { ClaimState, DeduplicateStore } from './proxy/deduplicate/store-contract.ts';
export type { RateCount, RateLimitStore } from './proxy/access/rate-limit.ts';
