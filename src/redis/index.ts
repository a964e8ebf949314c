export { redisStore } from './store.ts';
export type { RedisStore, RedisStoreOptions } from './store.ts';
export type { IoredisClient, NodeRedisClient } from './client.ts';
export type { ClaimState, DeduplicateStore } from '../proxy/deduplicate-store.ts';
export type { RateCount, RateLimitStore } from '../proxy/rate-limit.ts';
