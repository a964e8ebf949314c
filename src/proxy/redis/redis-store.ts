import { invalidOptions } from '../options/invalid-options.ts';
import { SdkError } from '../../protocol/errors.ts';
import { checkGroup } from '../options/check-group.ts';
import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from '../deduplicate/store-contract.ts';
import type { RateCount, RateLimitStore } from '../access/rate-limit.ts';
import { MILLISECONDS, type Rules } from '../options/rules.ts';
import { createPersistentWrite } from '../lib/persistent-write.ts';
import { createRunner, type IoredisClient, type NodeRedisClient } from './script-runner.ts';
import { CLAIM_SCRIPT, COUNT_SCRIPT, DONE_SCRIPT, RELEASE_SCRIPT } from './redis-scripts.ts';

/** The options of `redisStore`. */
export interface RedisStoreOptions {
  /**
   * The prefix of the names of all keys. Different proxies (not replicas of one proxy) need different prefixes if they
   * have rate limits. In a cluster, the prefix must have a hash tag, `{…}`, which puts the keys of one batch into one
   * slot.
   *
   * @default '{cio}:'
   */
  readonly prefix?: string | undefined;

  /**
   * How long the store keeps an event after Customer.io has accepted it, in milliseconds. Redis needs about 150 bytes
   * for each event of that time.
   *
   * @default 3_600_000 (an hour)
   */
  readonly windowMs?: number | undefined;
}

/** A store for both `deduplicate.store` and `rateLimit.store`. */
export interface RedisStore extends DeduplicateStore, RateLimitStore {
  /**
   * Counts a request of `requester` in its window of `windowMs` milliseconds. Returns the number of requests and when
   * the window ends.
   */
  count(requester: string, windowMs: number): Promise<RateCount>;
}

const RULES: Rules<RedisStoreOptions> = {
  prefix: { must: 'a text', holds: (value) => typeof value === 'string' },
  windowMs: MILLISECONDS,
};
const DEFAULTS = { prefix: '{cio}:', windowMs: 3_600_000 } as const;

/**
 * How long a call may take. The proxy stops waiting much earlier; after a later response it can still end the claim.
 */
const ANSWER_MS = 5_000;

/** The letters of the claim script. */
const STATES: Readonly<Record<string, ClaimState>> = { n: 'new', e: 'new', p: 'pending', d: 'done' };

/**
 * Creates a store that all replicas of a proxy share to recognise repeated events and to count requests, in Redis 5 and
 * newer or Valkey. Each call is one round trip. A call rejects without a connection, and when there is no response
 * within five seconds (`storage-unavailable`, or the error of the client). The proxy then continues without the store.
 * Events that Customer.io has accepted are written again for half a minute if the write fails.
 *
 * Use node-redis 5.12 or newer of version 5: after a restart of Redis, version 5.9 can permanently consider itself
 * connected (https://github.com/redis/node-redis/issues/3104). Each call then takes five seconds.
 *
 * The store does not manage the client: connect the client, listen to its `error` event (without a listener, node-redis
 * ends the process), and close it.
 *
 * @example
 * const client = createClient({ url: process.env.REDIS_URL, disableOfflineQueue: true });
 * client.on('error', (error) => console.error(error.message));
 * await client.connect();
 * const store = redisStore(client);
 * createProxy({ writeKey, clientKeys, deduplicate: { store }, rateLimit: { perAddress: 600, store } });
 *
 * @throws SdkError `invalid-options`: `client` is another kind of client, or an option is wrong
 */
export function redisStore(
  client: NodeRedisClient | IoredisClient,
  options: RedisStoreOptions = {},
): RedisStore {
  const problems = checkGroup({ ...options }, RULES, { owner: 'redisStore' });
  if (problems.length > 0) throw invalidOptions('redisStore', problems);
  const { prefix = DEFAULTS.prefix, windowMs = DEFAULTS.windowMs } = options;
  const runner = createRunner(client);
  // Created when it is first needed: some runtimes have no random numbers before their first request.
  let owner: string | undefined;
  const ownName = (): string => (owner ??= crypto.randomUUID());

  async function run(script: string, names: readonly string[], args: readonly unknown[]): Promise<string> {
    // Checked first: without a connection, a client would queue the command and send it when its result is no longer
    // needed.
    if (!runner.isConnected()) throw new SdkError('storage-unavailable', 'There is no connection to Redis');
    const keys = names.map((name) => prefix + name);
    return within(ANSWER_MS, () => runner.run(script, keys, args.map(String)));
  }

  const eventKeys = (keys: readonly string[]): readonly string[] => keys.map((key) => `e:${key}`);
  const remember = createPersistentWrite((keys) => run(DONE_SCRIPT, eventKeys(keys), [windowMs]));

  return {
    async claim(keys, ttlMs, onExpired) {
      if (keys.length === 0) return [];
      const letters = await run(CLAIM_SCRIPT, eventKeys(keys), [ownName(), ttlMs, windowMs]);
      return keys.map((key, index) => {
        const letter = letters[index] ?? '';
        const state = STATES[letter];
        if (state === undefined)
          throw new SdkError('storage-unavailable', 'Redis has not answered for every key');
        if (letter === 'e') onExpired?.(key);
        return state;
      });
    },
    async done(keys) {
      if (keys.length > 0) await remember(keys);
    },
    async release(keys) {
      if (keys.length > 0) await run(RELEASE_SCRIPT, eventKeys(keys), [ownName()]);
    },
    async count(requester, lengthMs) {
      const [count, resetMs] = (await run(COUNT_SCRIPT, [`r:${requester}`], [lengthMs]))
        .split(':')
        .map(Number);
      if (count === undefined || resetMs === undefined)
        throw new SdkError('storage-unavailable', 'Redis has not answered with a count');
      return { count, resetMs };
    },
  };
}
