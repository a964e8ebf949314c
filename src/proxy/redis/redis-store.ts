import { SdkError } from '../../protocol/errors.ts';
import { checkGroup } from '../options/check-group.ts';
import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from '../deduplicate/store-contract.ts';
import type { RateCount, RateLimitStore } from '../access/rate-limit.ts';
import { MILLISECONDS, type Rules } from '../options/rules.ts';
import { createPersistentWrite } from '../lib/persistent-write.ts';
import { createRunner, type IoredisClient, type NodeRedisClient } from './script-runner.ts';
import { CLAIM_SCRIPT, COUNT_SCRIPT, DONE_SCRIPT, RELEASE_SCRIPT } from './redis-scripts.ts';

export interface RedisStoreOptions {
  /**
   * What the names of all keys begin with. Proxies that are no copies of each other need prefixes of their own where they
   * have rate limits. In a cluster it must hold a hash tag, `{…}`: the keys of one batch are then in one place.
   *
   * @default '{cio}:'
   */
  readonly prefix?: string | undefined;

  /**
   * How long an event that Customer.io has accepted is remembered, in milliseconds. Redis then needs about 150 bytes for each
   * event of that time.
   *
   * @default 3_600_000, an hour
   */
  readonly windowMs?: number | undefined;
}

/** For `deduplicate.store` and `rateLimit.store` alike. */
export interface RedisStore extends DeduplicateStore, RateLimitStore {
  count(requester: string, windowMs: number): Promise<RateCount>;
}

const RULES: Rules<RedisStoreOptions> = {
  prefix: { must: 'a text', holds: (value) => typeof value === 'string' },
  windowMs: MILLISECONDS,
};
const DEFAULTS = { prefix: '{cio}:', windowMs: 3_600_000 } as const;

/** The proxy goes on without an answer long before. A claim that is answered after that it still ends. */
const ANSWER_MS = 5_000;

const STATES: Readonly<Record<string, ClaimState>> = { n: 'new', e: 'new', p: 'pending', d: 'done' };

/**
 * Remembers events, and counts requests, for all copies of a proxy together, in Redis 5 and newer or Valkey. Each call is one
 * round trip. Without a connection, and where there is no answer within five seconds, it rejects (`storage-unavailable`, or what
 * the client says): the proxy then goes on alone. What Customer.io has accepted is written again for half a minute.
 *
 * Of node-redis 5 use 5.12 or newer: 5.9 can believe for ever that it is connected after Redis was restarted
 * (https://github.com/redis/node-redis/issues/3104), and each call then takes its five seconds.
 *
 * The client stays yours: connect it, listen to its `error` (without a listener node-redis ends the process), and close it.
 *
 * @example
 * const client = createClient({ url: process.env.REDIS_URL, disableOfflineQueue: true });
 * client.on('error', (error) => console.error(error.message));
 * await client.connect();
 * const store = redisStore(client);
 * createProxy({ writeKey, clientKeys, deduplicate: { store }, rateLimit: { perAddress: 600, store } });
 *
 * @throws SdkError `invalid-options`: another kind of client, or a wrong option
 */
export function redisStore(
  client: NodeRedisClient | IoredisClient,
  options: RedisStoreOptions = {},
): RedisStore {
  const problems = checkGroup({ ...options }, RULES, { owner: 'redisStore' });
  if (problems.length > 0) {
    const list = problems.map(({ option, problem }) => `"${option}" ${problem}`);
    throw new SdkError('invalid-options', `redisStore: ${list.join('; ')}`);
  }
  const { prefix = DEFAULTS.prefix, windowMs = DEFAULTS.windowMs } = options;
  const runner = createRunner(client);
  // Not made here: some servers have no chance before their first request.
  let owner: string | undefined;
  const ownName = (): string => (owner ??= crypto.randomUUID());

  async function run(script: string, names: readonly string[], args: readonly unknown[]): Promise<string> {
    // Clients keep what they cannot send for later, when nobody wants it any more.
    if (!runner.isConnected()) throw new SdkError('storage-unavailable', 'There is no connection to Redis');
    const keys = names.map((name) => prefix + name);
    return within(ANSWER_MS, () => runner.run(script, keys, args.map(String)));
  }

  const ofEvents = (keys: readonly string[]): readonly string[] => keys.map((key) => `e:${key}`);
  const remember = createPersistentWrite((keys) => run(DONE_SCRIPT, ofEvents(keys), [windowMs]));

  return {
    async claim(keys, ttlMs, onExpired) {
      if (keys.length === 0) return [];
      const letters = await run(CLAIM_SCRIPT, ofEvents(keys), [ownName(), ttlMs, windowMs]);
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
      if (keys.length > 0) await run(RELEASE_SCRIPT, ofEvents(keys), [ownName()]);
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
