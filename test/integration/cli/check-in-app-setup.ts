/** Runs the checks of in-app messages against our proxy, with the stand-in in the place of Customer.io. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { CheckResult } from '../../../src/cli/check/check-result.ts';
import type { InAppCheckOptions } from '../../../src/cli/check/in-app/in-app-context.ts';
import { runInAppChecks } from '../../../src/cli/check/in-app/run-in-app-checks.ts';
import type { ProxyOptions } from '../../../src/proxy.ts';
import { findChromium, findHeadlessShell } from '../../support/setup/chromium.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { frameHosts } from '../../support/site/in-app-control.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { type Fault, faultyProxy, PAGES, serve, WRITE_KEY } from './servers.ts';

export const SITE_ID = 'site-id-of-the-workspace';
export const BROWSER: string = findHeadlessShell() ?? findChromium() ?? '';

/** A busy machine starts a server in more than the ten seconds that are the default. */
const HOOK_MS = 60_000;

export interface InAppCheck {
  customerio(): StandIn;
  /** The origin of the stand-in. */
  upstream(): string;
  /** Starts a proxy. Returns its `proxyUrl`. */
  proxy(options?: Partial<ProxyOptions>, fault?: Fault): Promise<string>;
  /** Runs the checks for pages of another origin, without a browser. */
  inspect(url: string, options?: Partial<InAppCheckOptions>): Promise<readonly CheckResult[]>;
}

/** Starts the stand-in for all tests of a file. */
export function setUpInAppCheck(): InAppCheck {
  let server: ServerProcess;
  let standIn: StandIn;
  beforeAll(async () => {
    server = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
    standIn = createStandIn(server.origin);
  }, HOOK_MS);
  afterEach(async () => {
    await standIn.forgetInApp();
    await standIn.forget();
  }, HOOK_MS);
  afterAll(() => server.stop());
  return {
    customerio: () => standIn,
    upstream: () => server.origin,
    async proxy(options = {}, fault) {
      const all = {
        basePath: '/e',
        customerToken: { secret: 'a secret of customer tokens with 32 bytes' },
        inApp: { siteId: SITE_ID, url: server.origin, ...frameHosts(server.origin) },
        ...options,
      };
      return `${await serve(faultyProxy(server.origin, all, fault))}/e`;
    },
    inspect: (url, options = {}) =>
      runInAppChecks({ url: new URL(url), origin: PAGES, timeoutMs: 10_000, browser: null, ...options }),
  };
}

/** The row of a name; undefined without it. */
export const rowOf = (rows: readonly CheckResult[], name: string): CheckResult | undefined =>
  rows.find((row) => row.name === name);

/** The rows that are wrong or to look at, by name. Rows of the same name are one: that of the last. */
export const findingsIn = (rows: readonly CheckResult[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    rows
      .filter(({ status }) => status === 'fail' || status === 'warn')
      .map(({ name, status, detail }) => [name, `${status}: ${detail}`]),
  );

/** What every page of the stand-in has: a script that names another host and storages. */
export const ALWAYS = {
  'other hosts': 'warn: engine.example (named in main.min.js)',
  storage: 'warn: main.min.js: localStorage, document.cookie',
};
