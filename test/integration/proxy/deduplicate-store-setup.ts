/** Copies of a proxy that share a deduplication store. */
import { createHash } from 'node:crypto';
import {
  type CioProxy,
  createProxy,
  type DeduplicateStore,
  type ProxyLogEntry,
  type ProxyOptions,
} from '../../../src/proxy.ts';
import { CLIENT_KEY, event, post, startProxy, WRITE_KEY } from './setup.ts';
import type { Upstream } from './upstream.ts';

const events = new Map<string, Record<string, unknown>>();

/** Returns the same event for the same id. */
export const named = (id: string): Record<string, unknown> => {
  const one = events.get(id) ?? event({ messageId: id });
  events.set(id, one);
  return one;
};

export const batchOf = (...ids: readonly string[]): Request => post(ids.map(named));

export const idsOf = ({ received }: Upstream): readonly (readonly unknown[])[] =>
  received.map(({ body }) => body.batch.map((each) => each['messageId']));

export const keyOf = (id: string): string =>
  createHash('sha256')
    .update(`${CLIENT_KEY}\0${JSON.stringify(named(id))}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');

interface Copies {
  readonly one: CioProxy;
  readonly other: CioProxy;
  readonly upstream: Upstream;
  readonly log: readonly ProxyLogEntry[];
}

/** Starts two copies of a proxy that share a store and an upstream. */
export async function startCopies(
  store: DeduplicateStore,
  options: Partial<ProxyOptions> = {},
): Promise<Copies> {
  const log: ProxyLogEntry[] = [];
  const all = {
    deduplicate: { store },
    upstream: { retries: 0 },
    onLog: (entry: ProxyLogEntry) => log.push(entry),
    ...options,
  };
  const { proxy: one, upstream } = await startProxy(all);
  const more = { writeKey: WRITE_KEY, clientKeys: [CLIENT_KEY], upstreamUrl: upstream.url };
  return { one, other: createProxy({ ...more, ...all }), upstream, log };
}
