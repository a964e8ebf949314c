/** One copy of the proxy as it is built, with Redis between it and the others, as a process of its own that may be killed. */
import { createServer } from 'node:http';
import { createClient } from 'redis';
import type * as Proxy from '../../src/proxy.ts';
import type * as Redis from '../../src/redis.ts';
import { CLIENT_KEY, WRITE_KEY } from './events.ts';

/** What a copy says. Times are in milliseconds since 1970. */
export type Said =
  | { readonly kind: 'listening' }
  /** How many events of a request another copy, which has died, may have delivered. */
  | { readonly kind: 'unknown'; readonly events: number }
  /** Redis was asked then, and has not answered in time: it is now left alone. */
  | { readonly kind: 'alone'; readonly from: number };

const built = async (file: string): Promise<unknown> =>
  import(new URL(`../../dist/${file}`, import.meta.url).href);
const { createProxy } = (await built('proxy.js')) as typeof Proxy;
const { redisStore } = (await built('redis.js')) as typeof Redis;

/** A claim then lasts for seven seconds: so long others wait when this copy has been killed. */
const TIMEOUT_MS = 2_000;
/** As the proxy waits for a store. */
const STORE_TIMEOUT_MS = 250;

const [port = '', upstreamPort = '', redisUrl = ''] = process.argv.slice(2);
const say = (said: Said): void => void process.send?.(said);

const client = createClient({ url: redisUrl, disableOfflineQueue: true, socket: { reconnectStrategy: 50 } });
client.on('error', () => {});
await client.connect();
const store = redisStore(client);

/** Says at once when the proxy is about to leave Redis alone: the line of its log may come when this copy is dead. */
async function watched<T>(act: () => Promise<T>): Promise<T> {
  const from = Date.now();
  const timer = setTimeout(() => say({ kind: 'alone', from }), STORE_TIMEOUT_MS);
  try {
    return await act();
  } catch (error) {
    say({ kind: 'alone', from });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const { node } = createProxy({
  writeKey: WRITE_KEY,
  clientKeys: [CLIENT_KEY],
  upstreamUrl: `http://127.0.0.1:${upstreamPort}`,
  timeoutMs: TIMEOUT_MS,
  deduplicate: {
    store: {
      claim: (keys, ttlMs, onExpired) => watched(() => store.claim(keys, ttlMs, onExpired)),
      done: (keys) => watched(() => store.done(keys)),
      release: (keys) => watched(() => store.release(keys)),
    },
  },
  onLog({ unknown: events = 0, deduplicateFailures = 0, durationMs }) {
    if (events > 0) say({ kind: 'unknown', events });
    // The proxy's own time for Redis begins a little earlier than what is watched.
    if (deduplicateFailures > 0) say({ kind: 'alone', from: Date.now() - durationMs });
  },
});
createServer(node).listen(Number(port), '127.0.0.1', () => say({ kind: 'listening' }));
process.once('disconnect', () => process.exit(0));
