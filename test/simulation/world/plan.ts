import type { AnalyticsOptions } from '../../../src/sdk/options/options.ts';
import { type Random, seeded } from '../../fakes/random.ts';
import { slowPlugin } from './slow-plugin.ts';

/** The prefix of all names in the browser's stores. */
export const SCOPE = 'cio-first-party:web';

/** The plan that a seed makes for a world: what may fail, and how the site uses the SDK. */
export interface Plan {
  readonly seed: number;
  readonly kind: Kind;
  /** The browser has Web Locks; otherwise the SDK uses its lease. */
  readonly locks: boolean;
  /**
   * The browser has BroadcastChannel. Every browser with Web Locks has it, because it was introduced before
   * them.
   */
  readonly channel: boolean;
  readonly mostTabs: number;
  readonly networkFails: boolean;
  readonly diskFails: boolean;
  /** The state of localStorage. */
  readonly text: 'there' | 'full at times' | 'missing';
  readonly crashes: boolean;
  /** The visitor sets the wall clock at random times. */
  readonly jumps: boolean;
  /** The visitor clears the data of the site at random times. */
  readonly clears: boolean;
  readonly withdraws: boolean;
  /** Stored records become unreadable. */
  readonly rots: boolean;
  /** The browser reports that a navigation begins. */
  readonly departs: boolean;
  readonly proxy: ProxyPlan;
  readonly options: AnalyticsOptions & { readonly clientKey: string };
}

export interface ProxyPlan {
  /** `at first`: the proxy declares gzip for some minutes, and then responds with 415. */
  readonly readsGzip: 'always' | 'never' | 'at first';
  /** The largest body in bytes; a larger body gets 413. */
  readonly mostBytes: number;
  /** The proxy's reaction to a batch with an event that it cannot process. */
  readonly poison: 'refused' | 'crash' | 'hang-up';
}

/**
 * `calm`: nothing fails, pages open and close. `storm`: everything fails. `consent`: consent is withdrawn and
 * given again.
 */
export const KINDS = ['calm', 'network', 'disk', 'crash', 'storm', 'consent'] as const;
export type Kind = (typeof KINDS)[number];

export function planOf(seed: number): Plan {
  const random = seeded(seed * 7_919);
  const kind = KINDS[seed % KINDS.length] ?? 'storm';
  const locks = random.chance(0.75);
  const storm = kind === 'storm' || kind === 'consent';
  return {
    seed,
    kind,
    locks,
    channel: locks || random.chance(0.6),
    mostTabs: 1 + random.below(4),
    networkFails: kind === 'network' || storm || (kind === 'crash' && random.chance(0.5)),
    diskFails: kind === 'disk' || (storm && random.chance(0.7)),
    text:
      kind === 'calm'
        ? 'there'
        : random.pick(['there', 'there', 'there', 'full at times', 'missing'] as const),
    crashes: kind === 'crash' || storm,
    jumps: kind !== 'calm' && random.chance(0.3),
    clears: kind === 'storm' && random.chance(0.3),
    withdraws: kind === 'consent',
    rots: (kind === 'disk' || kind === 'storm') && random.chance(0.3),
    proxy: {
      readsGzip: random.pick(['always', 'always', 'never', 'at first'] as const),
      mostBytes: random.chance(0.3) ? 1_500 + random.below(6_000) : 500_000,
      poison: random.pick(['refused', 'refused', 'crash', 'hang-up'] as const),
    },
    options: optionsOf(random, kind),
    departs: random.chance(0.3),
  };
}

function optionsOf(random: Random, kind: Kind): Plan['options'] {
  const small = random.chance(0.3);
  return {
    proxyUrl: '/e',
    clientKey: 'web',
    consent: kind === 'consent' && random.chance(0.5) ? 'pending' : 'granted',
    plugins: random.chance(0.15) ? [slowPlugin(random.below(3_000), random.below(200))] : [],
    beforeSend: (event) => (event.event === 'private' ? null : event),
    delivery: {
      maxBatchEvents: 1 + random.below(random.chance(0.3) ? 5 : 60),
      maxBatchBytes: random.chance(0.3) ? 1_000 + random.below(20_000) : 475_000,
      flushIntervalMs: random.pick([1, 1_000, 1_000, 5_000] as const),
      requestTimeoutMs: random.pick([5_000, 15_000] as const),
      compression: random.pick(['auto', 'auto', 'off'] as const),
    },
    outbox: {
      storage: random.chance(0.04) ? 'memory' : 'indexeddb',
      maxEvents: small ? 10 + random.below(60) : 10_000,
      maxBytes: small && random.chance(0.5) ? 8_000 + random.below(40_000) : 10 * 1024 * 1024,
      maxAgeMs: random.pick([7 * 86_400_000, 7 * 86_400_000, 3_600_000] as const),
    },
  };
}
