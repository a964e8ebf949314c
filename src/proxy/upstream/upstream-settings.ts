import type { UpstreamFetch } from './contract.ts';
import { createDefaultFetch } from './default-fetch.ts';
import { wrapFetch } from './wrap-fetch.ts';
import type { FetchLike } from './send-batch.ts';
import type { ProxyOptions } from '../proxy-options.ts';
import type { UpstreamLimits } from './upstream-options.ts';

/** The settings of requests to Customer.io, for the proxy and for the forwarder. */
export interface UpstreamSettings {
  readonly region: 'us' | 'eu';
  readonly writeKey: () => string | Promise<string>;
  readonly upstreamUrl: string;
  /** Sends all other requests to Customer.io. */
  readonly fetch: FetchLike;
  /** Sends batches to Customer.io. */
  readonly ask: UpstreamFetch;
  /** The time for a delivery, in milliseconds. */
  readonly timeoutMs: number;
  readonly upstream: UpstreamLimits;
  readonly merge: false | { readonly waitMs: number };
}

/** https://docs.customer.io/integrations/api/cdp/ */
const PIPELINES = { us: 'https://cdp.customer.io', eu: 'https://cdp-eu.customer.io' } as const;
const TIMEOUT_MS = 10_000;
const MERGE_WAIT_MS = 5;

const UPSTREAM: UpstreamLimits = {
  maxConcurrent: 100,
  maxQueued: 1_000,
  maxPerSecond: 1_000,
  retries: 2,
  breakAfter: 5,
  pauseMs: 5_000,
};

/** Resolves the options, which have been checked, to complete settings. */
export function resolveUpstream(
  options: Pick<ProxyOptions, Exclude<keyof UpstreamSettings, 'ask' | 'merge'>>,
): UpstreamSettings {
  const { writeKey, region = 'us', upstreamUrl = PIPELINES[region] } = options;
  const { merge = true, ...limits } = options.upstream ?? {};
  return {
    region,
    writeKey: typeof writeKey === 'string' ? () => writeKey : writeKey,
    upstreamUrl: String(upstreamUrl).replace(/\/+$/, ''),
    // The global `fetch` is looked up at each call: runtimes and tests replace it.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    ask: options.fetch ? wrapFetch(options.fetch) : createDefaultFetch(),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    upstream: {
      ...UPSTREAM,
      ...(options.upstreamUrl !== undefined && { maxPerSecond: Infinity }),
      ...withoutUndefined(limits),
    },
    merge: merge !== false &&
      canMerge() && { waitMs: MERGE_WAIT_MS, ...(merge !== true && withoutUndefined(merge)) },
  };
}

/**
 * Whether a request may wait for another one, which merging needs. Cloudflare Workers forbid it:
 * https://developers.cloudflare.com/workers/runtime-apis/
 */
function canMerge(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers';
}

/** Leaves out options that are `undefined`: they mean the default. */
function withoutUndefined<T extends object>(
  options: T | undefined,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
