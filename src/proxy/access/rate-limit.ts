import { refuse, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { networkOf } from '../lib/ip-network.ts';
import { createStoreHealth } from '../lib/store-health.ts';

/** One requester's count in its window. */
export interface RateCount {
  /** Requests in this window, this one included. */
  readonly count: number;
  /** Until the window ends, in milliseconds. */
  readonly resetMs: number;
}

/**
 * Counts requests for all copies of a proxy together: `redisStore` of `cio-first-party/redis` is one. One of your own counts and
 * ends its windows in one step (in Redis a script, or `SET key 0 PX window NX` and `INCR` in one `MULTI`): a copy that dies between
 * two steps would leave a count that never ends.
 *
 * A store that throws, or takes longer than a second, lets the request pass, and is left alone for five seconds, in which all
 * pass: a limit must not stop what it is there to keep going. Then one request asks it again.
 */
export interface RateLimitStore {
  /** Counts one request. `requester`: `key:…` or `address:…`, an IPv6 address as its /64 network. */
  count(requester: string, windowMs: number): RateCount | Promise<RateCount>;
}

/**
 * How often somebody may ask: at least one of `perKey` and `perAddress`. Beyond: 429 with `Retry-After`, and browsers keep
 * their events.
 */
export interface RateLimitOptions {
  /**
   * Requests with one client key in a window. All visitors of a site share its key.
   *
   * @default false
   */
  perKey?: number | false | undefined;

  /**
   * Requests from one address in a window. The address is what `clientIp` says, otherwise the other end of the
   * connection, which behind a load balancer is the same for everybody: set `clientIp` there. A browser makes one request
   * a second while it is busy, and a whole office may have one address: 600 a minute are a good start.
   *
   * Counted are all requests to the paths of batches and private calls, but preflights, whatever is wrong with them. `proxy.fetch`
   * knows no addresses by itself: without `clientIp` nobody is limited there, which is told once on `console.error` and in the log.
   *
   * @default false
   */
  perAddress?: number | false | undefined;

  /** In milliseconds. @default 60_000 */
  windowMs?: number | undefined;

  /** @default counts in memory, for this copy alone */
  store?: RateLimitStore | undefined;
}

/** Counts a request, and refuses it where it is one too many. */
export interface RateLimit {
  ofAddress(address: string): Promise<Refusal | null>;
  /** `key`: one that the proxy knows; others would fill its memory. */
  ofKey(key: string): Promise<Refusal | null>;
}

/** As many requesters as are remembered at a time: about 2 MB. */
const MOST_REQUESTERS = 20_000;
const STORE_TIMEOUT_MS = 1_000;
const STORE_REST_MS = 5_000;
// Everybody with one key is told to wait at the same moment, and should not come back at the same moment.
const KEY_SPREAD_SECONDS = 10;

export function createRateLimit({
  perKey = false,
  perAddress = false,
  windowMs = 60_000,
  store,
}: RateLimitOptions): RateLimit {
  // Two memories: a flood of addresses must not push out the count of a key.
  const shared = store && withRests(store);
  const [ofKeys, ofAddresses] = [shared ?? createRateLimitMemory(), shared ?? createRateLimitMemory()];

  async function judge(
    counter: Counter,
    requester: string,
    most: number,
    spreadSeconds: number,
  ): Promise<Refusal | null> {
    const counted = counter.count(requester, windowMs);
    const found = counted === null || 'count' in counted ? counted : await counted;
    if (found === null || !(found.count > most)) return null;
    const seconds = Math.ceil(found.resetMs / 1_000) + Math.floor(Math.random() * spreadSeconds);
    const headers = { 'Retry-After': String(Math.max(1, seconds || 1)) };
    return refuse(429, 'rate_limited', 'Too many requests: come back later.', { headers });
  }

  return {
    ofAddress: async (address) =>
      perAddress === false ? null : judge(ofAddresses, `address:${networkOf(address)}`, perAddress, 1),
    ofKey: async (key) => (perKey === false ? null : judge(ofKeys, `key:${key}`, perKey, KEY_SPREAD_SECONDS)),
  };
}

/** As a {@link RateLimitStore}, but never fails: it answers `null` where nobody knows. */
interface Counter {
  count(requester: string, windowMs: number): RateCount | null | Promise<RateCount | null>;
}

/** One store for keys and addresses: of a request that has waited for it in vain the second count does not wait again. */
function withRests(store: RateLimitStore): Counter {
  const health = createStoreHealth({ mostFailures: 1, restMs: STORE_REST_MS });

  return {
    async count(requester, windowMs) {
      if (!health.mayAsk()) return null;
      try {
        const found = await within(STORE_TIMEOUT_MS, async () => store.count(requester, windowMs));
        health.succeeded();
        return found;
      } catch {
        health.failed();
        return null;
      }
    },
  };
}

/**
 * Fixed windows in memory, each from the first request of its requester. Bounded: the oldest window goes first, so that
 * whoever changes addresses all the time only makes the memory shorter.
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
        // Deleted first, so that the map stays in the order of the windows' ends.
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
