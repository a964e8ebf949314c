/** Copies of the proxy behind one address, as processes of their own are: they share nothing but what a store holds. */
import type { DeduplicateStore } from '../../../src/proxy/deduplicate/store-contract.ts';
import type * as Proxy from '../../../src/proxy.ts';

export interface Copies {
  readonly count: number;
  /** The address of a Redis in which they remember together; without it each knows only what it has sent itself. */
  readonly redis?: string | undefined;
}

export type Mounted = Pick<Proxy.CioProxy, 'node'>;

/** Requests take turns, so that a repeat comes to another copy than what it repeats. Preflights do not count. */
export function takeTurns(copies: readonly Mounted[]): Mounted {
  let turn = 0;
  return {
    node: (request, response) =>
      copies[(request.method === 'OPTIONS' ? turn : turn++) % copies.length]?.node(request, response),
  };
}

/** What each copy remembers with, in their order. */
export interface Stores {
  readonly stores: readonly DeduplicateStore[];
  close(): Promise<void>;
}

interface RedisClient {
  connect(): Promise<unknown>;
  destroy(): void;
}

interface RedisPackage {
  createClient(options: { readonly url: string }): RedisClient;
}

interface RedisEntry {
  redisStore(client: RedisClient): DeduplicateStore;
}

// Only the tests of several copies need it, and load it then.
const CLIENT_PACKAGE = 'redis';

/** @param entry the built `redis.js` */
export async function connectStores({ count, redis }: Copies, entry: URL): Promise<Stores> {
  if (redis === undefined) return { stores: [], close: async () => {} };
  const { createClient } = (await import(CLIENT_PACKAGE)) as RedisPackage;
  const { redisStore } = (await import(entry.href)) as RedisEntry;
  const clients = Array.from({ length: count }, () => createClient({ url: redis }));
  await Promise.all(clients.map((client) => client.connect()));
  return {
    stores: clients.map((client) => redisStore(client)),
    close: async () => clients.forEach((client) => client.destroy()),
  };
}

/** How often a store has failed, or has been too slow, for one request: meanwhile a copy knows only what it has sent itself. */
export const storeFailuresIn = (entry: object): number =>
  (entry as { readonly deduplicateFailures?: number }).deduplicateFailures ?? 0;

const PASSED_ON = ['authorization', 'content-type', 'content-encoding'];

/** A proxy of somebody else's, which listens at `origin` and is mounted where ours would be. */
export const mountedFrom = (origin: string): Mounted => ({
  node(request, response) {
    const chunks: Uint8Array[] = [];
    const ask = async (): Promise<void> => {
      const headers = new Headers();
      for (const name of PASSED_ON)
        if (request.headers[name] !== undefined) headers.set(name, String(request.headers[name]));
      const { method = 'GET' } = request;
      const answer = await fetch(`${origin}/v1/batch`, { method, headers, body: Buffer.concat(chunks) });
      response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? '' });
      response.end(new Uint8Array(await answer.arrayBuffer()));
    };
    request.on('data', (chunk) => void chunks.push(chunk));
    request.on('end', () => void ask());
  },
});
