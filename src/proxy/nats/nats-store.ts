import { within } from '../lib/timeouts.ts';
import type { ClaimState, DeduplicateStore } from '../deduplicate/store-contract.ts';
import { createPersistentWrite } from '../lib/persistent-write.ts';
import { checkBucket, isTaken, type NatsBucket } from './nats-bucket.ts';

/** The proxy goes on without an answer long before. A claim that is answered after that it still ends. */
const ANSWER_MS = 5_000;
/** Writes that are under way at a time for one call. */
const MOST_AT_ONCE = 1_000;
/** Claims that a proxy forgets to end must not fill its memory. */
const MOST_CLAIMS = 100_000;

const DONE = 'done';

/** `ended`: new, because a claim has ended by itself. */
type Found = ClaimState | 'ended';

/**
 * Remembers events for all copies of a proxy together, in a bucket of NATS JetStream (server 2.9 and newer). An event is one
 * write when it is claimed and another when it is done, those of a batch side by side. It is remembered for the `ttl` of the
 * bucket, which must be more than a minute; without one, the bucket grows for ever.
 *
 * Time is that of the server, which writes down when a claim was made, and is asked for the time by a write where a claim is
 * met: the clocks of the copies do not matter. Where there is no answer within five seconds it rejects, and the proxy goes on
 * alone. What Customer.io has accepted is written again for half a minute.
 *
 * @example
 * const nats = await connect({ servers: process.env.NATS_URL, maxReconnectAttempts: -1 });
 * const kv = await new Kvm(nats).create('CIO_EVENTS', { ttl: 3_600_000 });
 * createProxy({ writeKey, clientKeys, deduplicate: { store: natsStore(kv) } });
 *
 * @throws SdkError `invalid-options`: it is no bucket
 */
export function natsStore(kv: NatsBucket): DeduplicateStore {
  checkBucket(kv);
  /** The revision by which a claim of this store is known, so that it never ends one of another. */
  const claims = new Map<string, number>();
  // Not made here: some servers have no chance before their first request.
  let clockKey: string | undefined;

  const write = (key: string, value: string, previousSeq?: number): Promise<number> =>
    kv.put(key, value, { timeout: ANSWER_MS, ...(previousSeq !== undefined && { previousSeq }) });

  /** Or a little earlier, from a replica that is behind: claims then last longer. */
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
    // Gone a moment ago, or not yet where it was looked for.
    if (entry === null) return 'pending';
    if (entry.operation !== 'PUT') return (await take(key, ttlMs, entry.revision)) ? 'new' : 'pending';
    const value = entry.string();
    if (value === DONE) return 'done';
    const endsAt = entry.created.getTime() + Number(value.replace('claim:', ''));
    if ((await now()) < endsAt) return 'pending';
    return (await take(key, ttlMs, entry.revision)) ? 'ended' : 'pending';
  }

  /** In the order of the keys, a bounded number of them side by side. */
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
