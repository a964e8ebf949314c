import type { Analytics } from '../api.ts';
import { pageGlobal, warnInConsole } from '../browser.ts';
import { createFrom } from '../create-analytics.ts';
import type { AnalyticsOptions, Mistake } from '../options/options.ts';
import { replay } from './replay.ts';

/** The tag of the script that is running, by the build. */
declare const cioTag: HTMLScriptElement | undefined;
/** Where files are, that are not beside the script, by the build. */
declare const cioFiles: { proxyUrl?: AnalyticsOptions['proxyUrl'] };

/**
 * The classic script: makes the SDK from the attributes of its own tag, and takes over the calls that were made before it
 * came. `data-proxy-url`, `data-client-key`, `data-consent`, `data-page-views`, `data-debug`, `data-global` (default `cioanalytics`). What the
 * page gives to `createAnalytics` goes before the attributes. Whatever is wrong with the tag is told on the console.
 */
const {
  proxyUrl,
  clientKey,
  consent,
  pageViews,
  debug,
  global: name = 'cioanalytics',
} = cioTag?.dataset ?? {};
// Whatever they hold: `createAnalytics` checks it, and calls it by the same names.
const attributes = {
  proxyUrl,
  clientKey,
  consent,
  pageViews,
  debug: debug === undefined ? debug : debug !== 'false',
} as AnalyticsOptions;

type Make = (options?: Partial<AnalyticsOptions>) => Analytics;

const page = pageGlobal();
const before = page[name] ?? [];
let first: Analytics | undefined;
const make: Make = (options) => {
  const given = { ...attributes, ...options };
  if (!first) cioFiles.proxyUrl = given.proxyUrl;
  const mistakes: Mistake[] = [];
  const analytics = createFrom(given, mistakes);
  if (!first) {
    const made = Object.assign(analytics, { createAnalytics: make });
    // With wrong options it discards what it is told: the calls from before wait for another.
    if (!mistakes.length) replay((first = made), before as unknown[]);
    page[name] = made;
  }
  return analytics;
};

try {
  if (Array.isArray(before)) {
    page[name] = Object.assign(before, { createAnalytics: make });
    const wanted = before.find((entry) => entry?.[0] === 'createAnalytics');
    if (wanted || proxyUrl || clientKey) make(wanted?.[1]);
  } else {
    // The same tag twice is one.
    const { createAnalytics } = before as { readonly createAnalytics?: Make };
    if (clientKey ? createAnalytics?.(attributes) !== before : !createAnalytics) throw 'taken';
  }
} catch (cause) {
  warnInConsole('cio-first-party:', name, cause);
}
