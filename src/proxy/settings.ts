import { SdkError } from '../errors.ts';
import { MAX_EVENT_BYTES } from '../wire.ts';
import { filesBeside } from './beside.ts';
import { findProblems } from './check-options.ts';
import type { FileSource } from './files.ts';
import type { FetchLike } from './forward.ts';
import type { ProxyOptions } from './options.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import type { DeduplicateOptions } from './seen.ts';
import type { UpstreamLimits } from './upstream.ts';

/** The options, with every default filled in. What stays optional is off. */
export interface Settings extends Omit<ProxyOptions, 'rateLimit' | 'deduplicate' | 'upstream'> {
  readonly region: 'us' | 'eu';
  readonly writeKey: () => string | Promise<string>;
  readonly upstreamUrl: string;
  readonly origins: readonly string[];
  readonly basePath: string;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly maxEvents: number;
  readonly maxEventBytes: number;
  readonly files: FileSource;
  readonly fetch: FetchLike;
  readonly timeoutMs: number;
  readonly rateLimit: RateLimitOptions | undefined;
  readonly deduplicate: DeduplicateOptions | undefined;
  readonly upstream: UpstreamLimits;
}

/** https://docs.customer.io/integrations/api/cdp/ */
const PIPELINES = { us: 'https://cdp.customer.io', eu: 'https://cdp-eu.customer.io' } as const;

// Customer.io takes 500 KB a batch.
const DEFAULTS = {
  maxBodyBytes: 500_000,
  bodyTimeoutMs: 15_000,
  maxEvents: 500,
  maxEventBytes: MAX_EVENT_BYTES,
  timeoutMs: 10_000,
} as const;

const UPSTREAM: UpstreamLimits = {
  maxConcurrent: 100,
  maxQueued: 1_000,
  maxPerSecond: 1_000,
  retries: 2,
  breakAfter: 5,
  pauseMs: 5_000,
};

/** @throws SdkError `invalid-options`, with every problem in its message */
export function resolveOptions(options: ProxyOptions): Settings {
  const problems = findProblems(options);
  if (problems.length > 0) {
    const list = problems.map(({ option, problem }) => `"${option}" ${problem}`);
    throw new SdkError('invalid-options', `createProxy: ${list.join('; ')}`);
  }
  const { writeKey, region = 'us', upstreamUrl = PIPELINES[region] } = options;
  return {
    ...options,
    region,
    writeKey: typeof writeKey === 'string' ? () => writeKey : writeKey,
    upstreamUrl: String(upstreamUrl).replace(/\/+$/, ''),
    origins: options.origins ?? [],
    basePath: (options.basePath ?? '').replace(/\/$/, ''),
    maxBodyBytes: options.maxBodyBytes ?? DEFAULTS.maxBodyBytes,
    bodyTimeoutMs: options.bodyTimeoutMs ?? DEFAULTS.bodyTimeoutMs,
    maxEvents: options.maxEvents ?? DEFAULTS.maxEvents,
    maxEventBytes: options.maxEventBytes ?? DEFAULTS.maxEventBytes,
    files: options.files ?? filesBeside(import.meta.url),
    // Looked up when it is used: runtimes and tests replace it.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    timeoutMs: options.timeoutMs ?? DEFAULTS.timeoutMs,
    rateLimit: options.rateLimit || undefined,
    deduplicate: options.deduplicate === true ? {} : options.deduplicate || undefined,
    upstream: {
      ...UPSTREAM,
      ...(options.upstreamUrl !== undefined && { maxPerSecond: Infinity }),
      ...given(options.upstream),
    },
  };
}

/** `undefined` means the default. */
function given<T extends object>(
  options: T | undefined,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
