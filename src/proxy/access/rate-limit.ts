import { refuse, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { networkOf } from '../lib/ip-network.ts';
import { createStoreHealth } from '../lib/store-health.ts';

/** The count of a requester in the current window. */
export interface RateCount {
  /** Requests in this window, the counted one included. */
  readonly count: number;
  /** The time until the window ends, in milliseconds. */
  readonly resetMs: number;
}

/**
 * Counts requests for all copies of a proxy together. `redisStore` of `cio-first-party/redis` is such a store. A store of your own
 * must count and set the end of the window in one step (in Redis a script, or `SET key 0 PX window NX` and `INCR` in one `MULTI`):
 * if a copy ended between two steps, the window would never end.
 *
 * When a store throws, or takes longer than a second, the request passes, and so do all requests of the next five seconds, in
 * which the store is not called: a failing limit must not stop the proxy. After that one request calls the store again.
 */
export interface RateLimitStore {
  /**
   * Counts one request.
   *
   * @param requester `key:…` with a client key, or `address:…` with an IP address, an IPv6 address as its /64 network
   * @param windowMs the length of a window, in milliseconds: the first request of a requester begins one
   */
  count(requester: string, windowMs: number): RateCount | Promise<RateCount>;
}

/**
 * How many requests a client key or an IP address may make in a window. At least one of `perKey` and `perAddress` must be set.
 * Requests beyond the limit are answered 429 with `Retry-After`, and browsers keep their events.
 */
export interface RateLimitOptions {
  /**
   * Most requests with one client key in a window. All visitors of a site share its key.
   *
   * @default false: no limit
   * @example 6_000
   */
  perKey?: number | false | undefined;

  /**
   * Most requests from one IP address in a window. The address is that of the header `clientIp`, otherwise the other end of the
   * connection. Behind a load balancer the other end is the same for all visitors: set `clientIp` there. A browser makes one
   * request a second while it is busy, and a whole office may have one address: 600 a minute are a good start.
   *
   * All requests to the paths of batches and private calls are counted, also refused ones, except preflights. With `proxy.fetch`
   * the address of the connection is not known: without `clientIp` requests are not limited there, which is reported once on
   * `console.error` and in the log.
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
   * Counts for all copies of the proxy together.
   *
   * @default counts in memory, for this copy alone
   * @example redisStore(client)
   */
  store?: RateLimitStore | undefined;
}

/** Counts a request, and refuses it (429) beyond the limit. */
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
  // Keys and addresses have a memory each: a flood of addresses must not push out the count of a key.
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
 * Wraps a store so that it is not called for a while after it has failed. Keys and addresses share the wrapper: where a request has
 * waited in vain for its count by address, its count by key does not wait again.
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
 * Counts in memory, in fixed windows that begin with the first request of a requester. At most `most` windows are kept: the oldest is
 * forgotten first, so that a sender with ever new addresses cannot fill the memory.
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
