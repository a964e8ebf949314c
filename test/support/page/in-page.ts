/** The names that the pages of the tests put on `window`. */
import type { Analytics, AnalyticsOptions, Stats } from '../../../src/index.ts';

/** One event that the SDK has emitted, as a page of the tests records it. */
export interface Told {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly ids?: readonly string[];
  readonly id?: string;
  readonly reason?: string;
  readonly status?: number;
  readonly attempts?: number;
  readonly attempt?: number;
  readonly delayMs?: number;
  readonly code?: string;
  readonly message?: string;
  readonly state?: string;
  readonly failures?: number;
}

declare global {
  interface Window {
    analytics: Analytics;
    /** The name that the script tag puts on `window`. */
    cioanalytics: Analytics;
    /** The name that a second script tag puts on `window`. */
    second: Analytics;
    createAnalytics: (options: AnalyticsOptions) => Analytics;
    sdkOptions: Partial<AnalyticsOptions>;
    told: Told[];
  }
}

/** Checks that `tracked = delivered + pending + dropped`, which must be true at every moment. */
export function addsUp({ tracked, delivered, pending, dropped }: Stats): boolean {
  return tracked === delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
