import type { ProxyOptions } from '../../src/proxy.ts';
import type { Random } from '../fakes/random.ts';
import { CODE_URL, GUEST_SECRET, IN_APP_URL, REALTIME_URL, RENDERER_URL, SITE_ID } from './in-app.ts';
import { BLOG, CLIENT_KEY, SECRET, SHOP, SHOP_KEY, WRITE_KEY } from './secrets.ts';

/** The configuration of one proxy. */
export interface Plan {
  readonly basePath: '' | '/e';
  readonly tokens: 'off' | 'report' | 'required';
  readonly readsIp: boolean;
  readonly filters: boolean;
  readonly retries: 0 | 1;
  readonly breakAfter: number;
  /** Whether the `deliver` hook of the site receives the batches, instead of Customer.io. */
  readonly delivers: boolean;
  readonly deduplicates: boolean;
  /** The rate limit for one key; the limit for one IP address is twice as high. */
  readonly perKey: number | false;
  /** Whether the proxy has the option `inApp`. */
  readonly hasMessages: boolean;
  /** Whether anonymous visitors get messages too. */
  readonly anonymous: boolean;
}

/** Low limits, so that many requests reach them. */
export const LIMITS = { maxBodyBytes: 20_000, maxEvents: 12, maxEventBytes: 2_000 } as const;
/** Longer than a busy machine may stop a process. */
export const TIMEOUT_MS = 3_000;
export const UPSTREAM_URL = 'https://pipelines.example.com';
export const VISITOR_IP = '203.0.113.7';

const IN_APP = {
  siteId: SITE_ID,
  url: IN_APP_URL,
  rendererUrl: RENDERER_URL,
  codeUrl: CODE_URL,
  realtimeUrl: REALTIME_URL,
} as const;

export function planOf(random: Random): Plan {
  const hasMessages = random.chance(0.85);
  return {
    hasMessages,
    anonymous: hasMessages && random.chance(0.5),
    basePath: random.pick(['', '/e']),
    tokens: random.pick(['off', 'report', 'required']),
    readsIp: random.chance(0.3),
    filters: random.chance(0.3),
    retries: random.chance(0.1) ? 1 : 0,
    // The circuit breaker rarely opens in this test: while it is open, most other code is not reached.
    breakAfter: random.chance(0.1) ? 3 : 1_000_000,
    delivers: random.chance(0.15),
    deduplicates: random.chance(0.2),
    perKey: random.chance(0.1) ? random.pick([3, 20]) : false,
  };
}

export function optionsOf(
  { basePath, tokens, readsIp, filters, retries, breakAfter, delivers, deduplicates, perKey, ...plan }: Plan,
  { deliver, ...needs }: Pick<ProxyOptions, 'fetch' | 'onLog' | 'deliver'>,
): ProxyOptions {
  return {
    ...needs,
    ...LIMITS,
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY, { key: SHOP_KEY, origins: [SHOP] }],
    origins: [SHOP, BLOG],
    upstreamUrl: UPSTREAM_URL,
    basePath,
    timeoutMs: TIMEOUT_MS,
    bodyTimeoutMs: TIMEOUT_MS,
    upstream: { retries, breakAfter, pauseMs: 10 },
    ...(tokens !== 'off' && { customerToken: { secret: SECRET, mode: tokens } }),
    ...(plan.hasMessages && {
      inApp: plan.anonymous ? { ...IN_APP, anonymous: { secret: GUEST_SECRET } } : IN_APP,
    }),
    ...(readsIp && { clientIp: { header: 'x-forwarded-for', hops: 1 } }),
    ...(filters && { filter: ({ event }) => event !== 'Debug' }),
    ...(delivers && { deliver }),
    deduplicate: deduplicates,
    ...(perKey !== false && { rateLimit: { perKey, perAddress: perKey * 2 } }),
  };
}
