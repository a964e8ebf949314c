import type { UpstreamFetch } from './contract.ts';
import { createDefaultFetch } from './default-fetch.ts';
import { wrapFetch } from './wrap-fetch.ts';
import type { FetchLike } from './send-batch.ts';
import type { ProxyOptions } from '../proxy-options.ts';
import type { UpstreamLimits } from './upstream-options.ts';

/** How Customer.io is reached: the same for the proxy and for what forwards from a broker. */
export interface UpstreamSettings {
  readonly region: 'us' | 'eu';
  readonly writeKey: () => string | Promise<string>;
  readonly upstreamUrl: string;
  readonly fetch: FetchLike;
  /** Brings batches to Customer.io. */
  readonly ask: UpstreamFetch;
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

/** What it takes of the options has been checked. */
export function resolveUpstream(
  options: Pick<ProxyOptions, Exclude<keyof UpstreamSettings, 'ask' | 'merge'>>,
): UpstreamSettings {
  const { writeKey, region = 'us', upstreamUrl = PIPELINES[region] } = options;
  const { merge = true, ...limits } = options.upstream ?? {};
  return {
    region,
    writeKey: typeof writeKey === 'string' ? () => writeKey : writeKey,
    upstreamUrl: String(upstreamUrl).replace(/\/+$/, ''),
    // Looked up when it is used: runtimes and tests replace it.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    ask: options.fetch ? wrapFetch(options.fetch) : createDefaultFetch(),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    upstream: {
      ...UPSTREAM,
      ...(options.upstreamUrl !== undefined && { maxPerSecond: Infinity }),
      ...given(limits),
    },
    merge: merge !== false && mayShare() && { waitMs: MERGE_WAIT_MS, ...(merge !== true && given(merge)) },
  };
}

/** Whether requests may wait for one another. https://developers.cloudflare.com/workers/runtime-apis/ */
function mayShare(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers';
}

/** `undefined` means the default. */
function given<T extends object>(
  options: T | undefined,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
