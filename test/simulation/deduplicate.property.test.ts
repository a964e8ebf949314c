// @vitest-environment node
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createProxy, type CioProxy, type DeduplicateStore } from '../../src/proxy.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { type Random, seeded } from '../fakes/random.ts';
import { CLIENT_KEY, event, post, WRITE_KEY } from '../integration/proxy/setup.ts';

type Event = Readonly<Record<string, unknown>>;

/** A Customer.io that fails in every way, except that it never accepts events without responding. */
function createUpstream(random: Random): {
  readonly accepted: ReadonlyMap<string, number>;
  readonly fetch: typeof fetch;
  requests: number;
} {
  const accepted = new Map<string, number>();
  const upstream = {
    accepted,
    requests: 0,
    fetch: async (_: unknown, init?: RequestInit): Promise<Response> => {
      upstream.requests += 1;
      const { batch } = JSON.parse(await new Response(init?.body ?? '').text()) as {
        batch: readonly Event[];
      };
      if (random.chance(0.7)) await wait(random.below(4));
      const mood = random.next();
      if (mood < 0.1) throw new TypeError('fetch failed');
      if (mood < 0.2) return new Response('', { status: random.pick([503, 500, 502]) });
      if (batch.some(({ event }) => event === 'Bad')) return new Response('{}', { status: 400 });
      for (const { messageId } of batch)
        accepted.set(String(messageId), (accepted.get(String(messageId)) ?? 0) + 1);
      return new Response('{}', { status: 200 });
    },
  };
  return upstream;
}

/** Wraps a store so that some of its calls are slow. */
function slow(store: DeduplicateStore, random: Random): DeduplicateStore {
  const late = async <T>(answer: Promise<T>): Promise<T> => {
    if (random.chance(0.5)) await wait(random.below(3));
    return answer;
  };
  return {
    claim: async (keys, ttlMs, onExpired) => late(store.claim(keys, ttlMs, onExpired)),
    done: async (keys) => late(store.done(keys)),
    release: async (keys) => late(store.release(keys)),
  };
}

/**
 * Simulates a browser: sends a batch until the proxy says that no event of it must be sent again; at random,
 * sends the batch twice at the same time.
 */
async function send(
  proxies: readonly CioProxy[],
  batch: readonly Event[],
  random: Random,
): Promise<readonly unknown[]> {
  const proxy = (): CioProxy => proxies[random.below(proxies.length)] ?? (proxies[0] as CioProxy);
  for (;;) {
    await wait(random.below(5));
    // The request of the previous page, which has left and does not read the response.
    const other = random.chance(0.4) ? proxy().fetch(post(batch)) : undefined;
    if (random.chance(0.3)) await wait(random.below(3));
    const response = await proxy().fetch(post(batch));
    await other;
    if (response.status === 200) {
      const { rejected = [] } = (await response.json()) as { rejected?: readonly { messageId: unknown }[] };
      return rejected.map(({ messageId }) => messageId);
    }
    if (response.status !== 400) continue;
    if (batch.length === 1) return batch.map(({ messageId }) => messageId);
    const middle = Math.ceil(batch.length / 2);
    const halves = [batch.slice(0, middle), batch.slice(middle)];
    const found: unknown[] = [];
    for (const half of halves) found.push(...(await send(proxies, half, random)));
    return found;
  }
}

async function live(seed: number, copies: number): Promise<void> {
  const random = seeded(seed);
  const upstream = createUpstream(random);
  const memory = createMemoryStore();
  const proxies = Array.from({ length: copies }, () =>
    createProxy({
      writeKey: WRITE_KEY,
      clientKeys: [CLIENT_KEY],
      fetch: upstream.fetch,
      upstreamUrl: 'https://pipelines.example.com',
      upstream: { retries: random.pick([0, 2]), breakAfter: 1_000_000 },
      deduplicate: { ...(copies > 1 && { store: slow(memory, random) }) },
      ...(random.chance(0.2) && { transform: (each) => ({ ...each, properties: {} }) }),
    }),
  );
  const pool = Array.from({ length: 30 }, (_, i) =>
    event({ messageId: `e${i}`, ...(random.chance(0.1) && { event: 'Bad' }) }),
  );
  const isGood = ({ event }: Event): boolean => event !== 'Bad';
  const told = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const batch = Array.from({ length: 1 + random.below(8) }, () => pool[random.below(pool.length)] ?? {});
      return { batch, rejected: await send(proxies, batch, random) };
    }),
  );

  const problems: string[] = [];
  for (const { batch, rejected } of told)
    for (const each of batch) {
      const id = String(each['messageId']);
      const times = upstream.accepted.get(id) ?? 0;
      if (isGood(each) && times !== 1) problems.push(`${id} arrived ${times} times`);
      if (isGood(each) && rejected.includes(id)) problems.push(`${id} was rejected`);
      if (!isGood(each) && (times > 0 || !rejected.includes(id))) problems.push(`${id} was not rejected`);
    }
  if (copies > 1 && [...memory.states.values()].includes('pending')) problems.push('a claim was left');
  if (problems.length > 0) throw new Error(`seed ${seed}: ${[...new Set(problems)].join('; ')}`);
}

describe('batches that are repeated while Customer.io fails: no event is lost, and none arrives twice', () => {
  test.each([
    ['one copy', 1, 150],
    ['three copies with a store', 3, 40],
  ])(
    '%s',
    async (_, copies, seeds) => {
      for (let seed = 1; seed <= seeds; seed += 10)
        await Promise.all(Array.from({ length: 10 }, (_, i) => live(seed + i, copies)));
      expect(true).toBe(true);
    },
    120_000,
  );
});
