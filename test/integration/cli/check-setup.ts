/** Runs the checks against a URL, with the expected results. */
import type { CheckResult } from '../../../src/cli/check/check-result.ts';
import { runChecks } from '../../../src/cli/check/run-checks.ts';
import type { CheckOptions } from '../../../src/cli/check/check-context.ts';
import { CLIENT_KEY } from '../../support/docs/guide-proxies/index.ts';

export type Expected = Readonly<Record<string, CheckResult['status']>>;

/** The checks that did not pass, by name. */
export const unpassed = (rows: readonly CheckResult[]): Expected =>
  Object.fromEntries(
    rows.filter(({ status }) => status !== 'pass').map(({ name, status }) => [name, status]),
  );

export const check = (url: string, options: Partial<CheckOptions> = {}): Promise<readonly CheckResult[]> =>
  runChecks({ url: new URL(url), clientKey: CLIENT_KEY, timeoutMs: 5_000, dry: false, ...options });

/** The result for a correct proxy: on this machine, from its own origin, while Customer.io works. */
export const GOOD: Expected = {
  TLS: 'skip',
  preflight: 'skip',
  'single calls': 'warn',
  'Retry-After': 'skip',
};

/** A check of the cookie, which pages of another origin can never read. */
export const LEFT = 'cookie for the next page';

/** A check of a header that only some sites need. */
export const OWN_HEADER = 'key in X-CIO-Client-Key';

/** The result when no event is accepted. */
export const TAKES_NOTHING: Expected = {
  TLS: 'skip',
  preflight: 'skip',
  'Retry-After': 'skip',
  single: 'skip',
  compression: 'skip',
  leaving: 'skip',
  events: 'skip',
};
