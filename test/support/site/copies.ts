/**
 * Several copies of the proxy behind one URL. The copies share only what a deduplication store holds, as
 * separate processes would.
 */
import type { DeduplicateStore } from '../../../src/proxy/deduplicate/store-contract.ts';
import type * as Proxy from '../../../src/proxy.ts';

export interface Copies {
  readonly count: number;
  /** The URL of a Redis that the copies share. Without it, each copy knows only what it has sent itself. */
  readonly redis?: string | undefined;
}

export type Mounted = Pick<Proxy.CioProxy, 'node'>;

/**
 * Passes requests to the copies in turn, so that a repeated request reaches another copy. Preflights do not
 * count as a turn.
 */
export function takeTurns(copies: readonly Mounted[]): Mounted {
  let turn = 0;
  return {
    node: (request, response) =>
      copies[(request.method === 'OPTIONS' ? turn : turn++) % copies.length]?.node(request, response),
  };
}

/** The deduplication stores of the copies, in the same order. */
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

// The package is loaded only by tests with several copies.
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

/**
 * The number of requests for which a store has failed or was too slow. For such a request, a copy knows only
 * what it has sent itself.
 */
export const storeFailuresIn = (entry: object): number =>
  (entry as { readonly deduplicateFailures?: number }).deduplicateFailures ?? 0;

const PASSED_ON = ['authorization', 'content-type', 'content-encoding'];

/** Mounts a proxy that is not ours, and listens at `origin`, in the place of our own proxy. */
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
