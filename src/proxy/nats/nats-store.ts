import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from '../deduplicate/store-contract.ts';
import { createPersistentWrite } from '../lib/persistent-write.ts';
import { checkBucket, isTaken, type NatsBucket } from './nats-bucket.ts';

/**
 * How long a call may take. The proxy stops waiting much earlier; after a later response it can still end the claim.
 */
const ANSWER_MS = 5_000;
/** The most writes in flight for one call. */
const MOST_AT_ONCE = 1_000;
/** The most claims that are stored: claims that are never ended must not fill the memory. */
const MOST_CLAIMS = 100_000;

const DONE = 'done';

/** The state of a key. `ended`: the key is new because an earlier claim has expired. */
type Found = ClaimState | 'ended';

/**
 * Creates a store that all replicas of a proxy share to recognise repeated events, in a bucket of NATS JetStream
 * (server 2.9 and newer). Each event takes one write when it is claimed and one when it is done; the writes of a batch
 * run side by side. The store keeps events for the `ttl` of the bucket, which must be more than a minute. Without a
 * `ttl`, the bucket grows without limit.
 *
 * The store uses only the clock of the server, not the clocks of the replicas. Each entry has the time at which the
 * server stored it. If the store finds an existing claim, it gets the current time of the server with another write. A
 * call without a response within five seconds rejects, and the proxy continues without the store. Events that
 * Customer.io has accepted are written again for half a minute if the write fails.
 *
 * @example
 * const nats = await connect({ servers: process.env.NATS_URL, maxReconnectAttempts: -1 });
 * const kv = await new Kvm(nats).create('CIO_EVENTS', { ttl: 3_600_000 });
 * createProxy({ writeKey, clientKeys, deduplicate: { store: natsStore(kv) } });
 *
 * @throws SdkError `invalid-options`: `kv` is not a bucket
 */
export function natsStore(kv: NatsBucket): DeduplicateStore {
  checkBucket(kv);
  /** The revision of each claim of this store, so that it never ends the claim of another replica. */
  const claims = new Map<string, number>();
  // Created when it is first needed: some runtimes have no random numbers before their first request.
  let clockKey: string | undefined;

  const write = (key: string, value: string, previousSeq?: number): Promise<number> =>
    kv.put(key, value, { timeout: ANSWER_MS, ...(previousSeq !== undefined && { previousSeq }) });

  /** Returns the time of the server. A replica that is behind returns an earlier time: claims then last longer. */
  async function serverTime(): Promise<number> {
    const key = (clockKey ??= `clock.${crypto.randomUUID()}`);
    await write(key, '');
    const entry = await kv.get(key);
    return entry ? entry.created.getTime() : Number.NEGATIVE_INFINITY;
  }

  async function take(key: string, ttlMs: number, previousSeq: number): Promise<boolean> {
    try {
      const revision = await write(key, `claim:${ttlMs}`, previousSeq);
      claims.set(key, revision);
      for (const oldest of claims.keys()) {
        if (claims.size <= MOST_CLAIMS) break;
        claims.delete(oldest);
      }
      return true;
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
  }

  async function claim(key: string, ttlMs: number, now: () => Promise<number>): Promise<Found> {
    if (await take(key, ttlMs, 0)) return 'new';
    const entry = await kv.get(key);
    // The entry was deleted a moment ago, or the replica does not have it yet.
    if (entry === null) return 'pending';
    if (entry.operation !== 'PUT') return (await take(key, ttlMs, entry.revision)) ? 'new' : 'pending';
    const value = entry.string();
    if (value === DONE) return 'done';
    const endsAt = entry.created.getTime() + Number(value.replace('claim:', ''));
    if ((await now()) < endsAt) return 'pending';
    return (await take(key, ttlMs, entry.revision)) ? 'ended' : 'pending';
  }

  /** Runs `work` for each key, a bounded number of them side by side. The results are in the order of the keys. */
  async function each<T>(keys: readonly string[], work: (key: string) => Promise<T>): Promise<readonly T[]> {
    const results: T[] = [];
    for (let i = 0; i < keys.length; i += MOST_AT_ONCE)
      results.push(...(await Promise.all(keys.slice(i, i + MOST_AT_ONCE).map(work))));
    return results;
  }

  async function release(key: string): Promise<void> {
    const revision = claims.get(key);
    claims.delete(key);
    if (revision === undefined) return;
    try {
      await kv.delete(key, { previousSeq: revision });
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }

  const remember = createPersistentWrite((keys) => each(keys, (key) => write(key, DONE)));

  return {
    async claim(keys, ttlMs, onExpired) {
      let time: Promise<number> | undefined;
      const now = (): Promise<number> => (time ??= serverTime());
      const found = await within(ANSWER_MS, () => each(keys, (key) => claim(key, ttlMs, now)));
      return found.map((state, index) => {
        if (state !== 'ended') return state;
        onExpired?.(keys[index] ?? '');
        return 'new';
      });
    },
    async done(keys) {
      for (const key of keys) claims.delete(key);
      await remember(keys);
    },
    async release(keys) {
      await within(ANSWER_MS, () => each(keys, release));
    },
  };
}
