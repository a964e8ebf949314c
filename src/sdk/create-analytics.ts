import type { Analytics } from './api.ts';
import { inBrowser, pageRegistry, pageUrl, printer, warnInConsole } from './browser.ts';
import { createClient } from './client/client.ts';
import { toJsonValue } from './event/to-json-value.ts';
import { SdkError } from '../protocol/errors.ts';
import {
  type AnalyticsOptions,
  type Mistake,
  resolveAnalyticsOptions,
  type AnalyticsSettings,
} from './options/options.ts';

interface Registered {
  readonly analytics: Analytics;
  readonly options: string;
}

/**
 * Creates the SDK for one site. A second call on the same page with the same `proxyUrl` and `clientKey` returns the same instance.
 * On a server the instance does nothing.
 *
 * `createAnalytics` never throws. Wrong or unknown options are one `console.error` that names each of them with its value, an
 * `error` event (`SdkError`, `invalid-options`), and an instance that discards every call (`reason: 'invalid-options'`).
 *
 * @typeParam Events the properties of each event that `track` takes, by its name, for the compiler alone; `object`: any
 * @example
 * const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
 * void analytics.identify('u1', { plan: 'pro' });
 * void analytics.track('Order Placed', { total: 12.5 });
 * @example
 * interface Events {
 *   'Order Placed': { total: number; coupon?: string };
 *   'Signed Out': undefined; // no properties
 * }
 * const typed = createAnalytics<Events>({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
 * void typed.track('Order Placed', { total: 12.5 });
 */
export function createAnalytics<Events extends object = object>(options: AnalyticsOptions): Analytics<Events>;
export function createAnalytics(options: AnalyticsOptions): Analytics {
  return createFrom(options, []);
}

/** `createAnalytics` for the script tag. Adds each wrong option to `mistakes`. */
export function createFrom(options: AnalyticsOptions, mistakes: Mistake[]): Analytics {
  const hasPage = inBrowser();
  const url = hasPage ? pageUrl() : 'http://localhost';
  const settings = resolveAnalyticsOptions(options, url, (...mistake) => void mistakes.push(mistake));
  // Without a page the consent gate never opens, and the client passes no call to it.
  if (mistakes.length || !hasPage)
    return createClient(
      NO_PAGE as AnalyticsSettings,
      false,
      () => {},
      mistakes.length ? explain(mistakes, url) : undefined,
    );
  const registry = pageRegistry<Registered>('cio-first-party');
  const key = `${settings.clientKey}:${settings.proxyUrl}`;
  const serialized = JSON.stringify(toJsonValue(options));
  const earlier = registry.get(key);
  if (earlier) {
    if (earlier.options !== serialized) warnInConsole('cio-first-party: made before, with other options');
    return earlier.analytics;
  }
  const analytics = createClient(settings, true, () => registry.delete(key));
  registry.set(key, { analytics, options: serialized });
  return analytics;
}

const NO_PAGE: Pick<AnalyticsSettings, 'consent'> & { readonly outbox: object } = {
  consent: 'pending',
  outbox: {},
};

async function explain(mistakes: readonly Mistake[], url: string): Promise<SdkError> {
  const error = await import('./options/explain-mistakes.ts').then(
    ({ create }) => create(mistakes, url),
    // Without that file, the message has the names of the options alone.
    () => new SdkError('invalid-options', mistakes.map(([name]) => name).join()),
  );
  printer().error(`cio-first-party: ${error.message}`);
  return error;
}
