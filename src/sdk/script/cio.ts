import type { Analytics } from '../api.ts';
import { clock, pageGlobal, warnInConsole } from '../browser.ts';
import { createFrom } from '../create-analytics.ts';
import type { AnalyticsOptions, Mistake } from '../options/options.ts';
import { takeOver } from './classic.ts';
import { replay } from './replay.ts';

/** The tag of the running script. The build defines it. */
declare const cioTag: HTMLScriptElement | undefined;
/** Where the lazy files are, if not next to the script: below this URL. The build defines the object. */
declare const cioFiles: { proxyUrl?: AnalyticsOptions['proxyUrl'] };
/** The version of the package. The build defines it. */
declare const __VERSION__: string;

/**
 * The classic script: makes the SDK from the attributes of its own tag, and takes over the calls that were made before the script
 * was loaded. `data-proxy-url`, `data-client-key`, `data-consent`, `data-page-views`, `data-debug`, `data-global` (default
 * `cioanalytics`). Options that the page passes to `createAnalytics` go before the attributes. Each failed installation is one line
 * on the console that says what to do: `docs/troubleshooting.md` lists them.
 */
const {
  proxyUrl,
  clientKey,
  consent,
  pageViews,
  debug,
  global: name = 'cioanalytics',
} = cioTag?.dataset ?? {};
// The values are not checked here: `createAnalytics` checks them, and reports them by the same names.
const attributes = {
  proxyUrl,
  clientKey,
  consent,
  pageViews,
  debug: debug === undefined ? debug : debug !== 'false',
} as AnalyticsOptions;

interface Make {
  (options?: Partial<AnalyticsOptions>): Analytics;
  version?: string;
}

/** How long a page may take to call `createAnalytics`, where its tag has no options. */
const PATIENCE_MS = 3_000;

const page = pageGlobal();
const before = page[name] ?? [];
let first: Analytics | undefined;
const make: Make = (options) => {
  const merged = { ...attributes, ...options };
  if (!first) cioFiles.proxyUrl = merged.proxyUrl;
  const mistakes: Mistake[] = [];
  const analytics = createFrom(merged, mistakes);
  if (!first) {
    const made = Object.assign(analytics, { createAnalytics: make });
    // An instance with wrong options discards every call, so the queued calls wait for a later one.
    if (!mistakes.length) {
      replay((first = made), before as unknown[]);
      takeOver(made, page);
    }
    page[name] = made;
  }
  return analytics;
};
// A script of another version of the package finds it here.
make.version = __VERSION__;

const warn = (what: unknown): void => warnInConsole(`cio-first-party: ${name}`, what);

try {
  if (Array.isArray(before)) {
    page[name] = Object.assign(before, { createAnalytics: make });
    const wanted = before.find((entry) => entry?.[0] === 'createAnalytics');
    if (wanted || proxyUrl || clientKey) make(wanted?.[1]);
    else
      clock.after(PATIENCE_MS, () => {
        if (page[name] === before) warn('waits for createAnalytics({ proxyUrl, clientKey })');
      });
  } else {
    // A second tag with the same options is the same instance.
    const { createAnalytics } = before as { readonly createAnalytics: Make };
    // The page can have any value there.
    if (clientKey ? createAnalytics?.(attributes) !== before : !createAnalytics)
      throw 'is taken by another script: set data-global';
    if (createAnalytics.version !== __VERSION__)
      throw `is version ${createAnalytics.version}: remove one script`;
  }
} catch (cause) {
  warn(cause);
}
