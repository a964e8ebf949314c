import { refuse, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { networkOf } from '../lib/ip-network.ts';
import { createStoreHealth } from '../lib/store-health.ts';

/** The count of a requester in the current window. */
export interface RateCount {
  /** The number of requests in this window, with the request that was just counted. */
  readonly count: number;
  /** The time until the window ends, in milliseconds. */
  readonly resetMs: number;
}

/**
 * Counts requests for all replicas of a proxy together. `redisStore` of `cio-first-party/redis` is such a store. A store of your
 * own must count the request and set the end of the window in one atomic step. In Redis, such a step is a script, or
 * `SET key 0 PX window NX` and `INCR` in one `MULTI`. With two separate steps, a replica that stops between them would leave a
 * window that never ends.
 *
 * When a store throws, or takes longer than a second, the proxy allows the request. For the next five seconds, the proxy allows all
 * requests and does not call the store, because a failing limit must not stop the proxy. After that, one request calls the store
 * again.
 */
export interface RateLimitStore {
  /**
   * Counts one request.
   *
   * @param requester `key:…` with a client key, or `address:…` with an IP address; for IPv6, with its /64 network
   * @param windowMs the length of a window, in milliseconds: the first request of a requester begins one
   */
  count(requester: string, windowMs: number): RateCount | Promise<RateCount>;
}

/**
 * How many requests a client key or an IP address may make in a window. At least one of `perKey` and `perAddress` must be set.
 * Above the limit, the proxy responds 429 with `Retry-After`, and browsers keep their events.
 */
export interface RateLimitOptions {
  /**
   * The maximum number of requests with one client key in a window. All visitors of a site share its key.
   *
   * @default false: no limit
   * @example 6_000
   */
  perKey?: number | false | undefined;

  /**
   * The maximum number of requests from one IP address in a window. The IP address is that of the header `clientIp`, otherwise that
   * of the other end of the connection. Behind a load balancer, the other end is the same for all visitors: set `clientIp` there. A
   * busy browser makes one request a second, and all browsers of an office may have one IP address: 600 a minute is a good first
   * value.
   *
   * The proxy counts all requests to the paths of batches and private calls, also refused requests, except preflights.
   * `proxy.fetch` does not know the IP address of the connection: without `clientIp` it does not limit requests, which the proxy
   * reports once on `console.error` and in the log.
   *
   * @default false: no limit
   * @example 600
   */
  perAddress?: number | false | undefined;

  /**
   * The length of a window, in milliseconds.
   *
   * @default 60_000
   * @example 10_000
   */
  windowMs?: number | undefined;

  /**
   * Counts the requests for all replicas of the proxy together.
   *
   * @default counts in memory, for this replica alone
   * @example redisStore(client)
   */
  store?: RateLimitStore | undefined;
}

/** Counts a request, and refuses it (429) above the limit. */
export interface RateLimit {
  ofAddress(address: string): Promise<Refusal | null>;
  /** `key`: a client key that the proxy knows; unknown keys would fill its memory. */
  ofKey(key: string): Promise<Refusal | null>;
}

/** Most requesters that are counted at a time, which take about 2 MB. */
const MOST_REQUESTERS = 20_000;
const STORE_TIMEOUT_MS = 1_000;
const STORE_REST_MS = 5_000;
// Spreads the end of `Retry-After`: all browsers with one key are refused at the same moment, and must not come back at the same moment.
const KEY_SPREAD_SECONDS = 10;

export function createRateLimit({
  perKey = false,
  perAddress = false,
  windowMs = 60_000,
  store,
}: RateLimitOptions): RateLimit {
  // Keys and IP addresses have separate memories: a flood of IP addresses must not remove the count of a key.
  const shared = store && withRests(store);
  const [ofKeys, ofAddresses] = [shared ?? createRateLimitMemory(), shared ?? createRateLimitMemory()];

  async function judge(
    counter: Counter,
    requester: string,
    most: number,
    spreadSeconds: number,
  ): Promise<Refusal | null> {
    const counted = counter.count(requester, windowMs);
    const rate = counted === null || 'count' in counted ? counted : await counted;
    if (rate === null || !(rate.count > most)) return null;
    const seconds = Math.ceil(rate.resetMs / 1_000) + Math.floor(Math.random() * spreadSeconds);
    const headers = { 'Retry-After': String(Math.max(1, seconds || 1)) };
    return refuse(429, 'rate_limited', 'Too many requests: send the request again later.', { headers });
  }

  return {
    ofAddress: async (address) =>
      perAddress === false ? null : judge(ofAddresses, `address:${networkOf(address)}`, perAddress, 1),
    ofKey: async (key) => (perKey === false ? null : judge(ofKeys, `key:${key}`, perKey, KEY_SPREAD_SECONDS)),
  };
}

/** A {@link RateLimitStore} that never fails: the result is `null` where the count is not known. */
interface Counter {
  count(requester: string, windowMs: number): RateCount | null | Promise<RateCount | null>;
}

/**
 * Wraps a store so that it is not called for a while after it has failed. Keys and IP addresses share the wrapper: if a request has
 * waited in vain for its count by IP address, its count by key does not wait again.
 */
function withRests(store: RateLimitStore): Counter {
  const health = createStoreHealth({ mostFailures: 1, restMs: STORE_REST_MS });

  return {
    async count(requester, windowMs) {
      if (!health.mayAsk()) return null;
      try {
        const rate = await within(STORE_TIMEOUT_MS, async () => store.count(requester, windowMs));
        health.succeeded();
        return rate;
      } catch {
        health.failed();
        return null;
      }
    },
  };
}

/**
 * Counts in memory, in fixed windows that begin with the first request of a requester. At most `most` windows are kept: the oldest
 * is deleted first, so that a sender that uses more and more IP addresses cannot fill the memory.
 */
export function createRateLimitMemory(
  now: () => number = () => performance.now(),
  most: number = MOST_REQUESTERS,
): RateLimitStore {
  const windows = new Map<string, { count: number; readonly endsAt: number }>();
  return {
    count(requester, windowMs) {
      const at = now();
      let window = windows.get(requester);
      if (window === undefined || window.endsAt <= at) {
        // Deleted before it is set again, so that the map stays in the order in which the windows end.
        windows.delete(requester);
        for (const [oldest, { endsAt }] of windows) {
          if (endsAt > at && windows.size < most) break;
          windows.delete(oldest);
        }
        window = { count: 0, endsAt: at + windowMs };
        windows.set(requester, window);
      }
      window.count += 1;
      return { count: window.count, resetMs: window.endsAt - at };
    },
  };
}
