import { invalidOptions } from './invalid-options.ts';
import { MAX_EVENT_BYTES } from '../../protocol/wire.ts';
import { filesBeside } from '../files/files-beside.ts';
import { defaultInFlightBytes } from '../http/body-budget.ts';
import { findProblems } from './check-options.ts';
import type { DeduplicateOptions } from '../deduplicate/deduplicate.ts';
import type { FileSource } from '../files/serve-files.ts';
import type { ProxyOptions } from '../proxy-options.ts';
import type { RateLimitOptions } from '../access/rate-limit.ts';
import { resolveUpstream, type UpstreamSettings } from '../upstream/upstream-settings.ts';

/** The options of `createProxy`, with every default filled in. An option that is still `undefined` is off. */
export interface ProxySettings
  extends UpstreamSettings, Omit<ProxyOptions, keyof UpstreamSettings | 'rateLimit' | 'deduplicate'> {
  readonly origins: readonly string[];
  readonly basePath: string;
  readonly maxBodyBytes: number;
  readonly maxInFlightBytes: number;
  readonly bodyTimeoutMs: number;
  readonly maxEvents: number;
  readonly maxEventBytes: number;
  readonly files: FileSource;
  readonly rateLimit: RateLimitOptions | undefined;
  readonly deduplicate: DeduplicateOptions | undefined;
}

// The most that Customer.io takes is 500 KB for a batch, and `MAX_EVENT_BYTES` for an event.
const DEFAULTS = {
  maxBodyBytes: 500_000,
  bodyTimeoutMs: 15_000,
  maxEvents: 500,
  maxEventBytes: MAX_EVENT_BYTES,
} as const;

/** Checks the options, and fills in the defaults. @throws SdkError `invalid-options`, with every problem in its message */
export function resolveProxyOptions(options: ProxyOptions): ProxySettings {
  const problems = findProblems(options);
  if (problems.length > 0) throw invalidOptions('createProxy', problems);
  return {
    ...options,
    ...resolveUpstream(options),
    origins: options.origins ?? [],
    basePath: (options.basePath ?? '').replace(/\/$/, ''),
    maxBodyBytes: options.maxBodyBytes ?? DEFAULTS.maxBodyBytes,
    maxInFlightBytes: options.maxInFlightBytes ?? defaultInFlightBytes(),
    bodyTimeoutMs: options.bodyTimeoutMs ?? DEFAULTS.bodyTimeoutMs,
    maxEvents: options.maxEvents ?? DEFAULTS.maxEvents,
    maxEventBytes: options.maxEventBytes ?? DEFAULTS.maxEventBytes,
    files: options.files ?? filesBeside(import.meta.url),
    rateLimit: options.rateLimit || undefined,
    deduplicate: deduplicateOf(options),
  };
}

/** The options of deduplication, which is on by default; `undefined` where it is switched off. */
function deduplicateOf({ deduplicate = {} }: ProxyOptions): DeduplicateOptions | undefined {
  if (deduplicate === true) return {};
  return deduplicate === false ? undefined : deduplicate;
}
