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
 * Makes the SDK for one site. On a server it makes an instance that does nothing. Called again with the same `proxyUrl`
 * and `clientKey`, it answers the same instance.
 *
 * `createAnalytics` never throws. Wrong options are one `console.error` that names them and what came, an `error` event
 * (`SdkError`, `invalid-options`), and an instance that discards every call (`reason: 'invalid-options'`).
 *
 * @example
 * const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
 * analytics.track('Order Placed', { total: 12.5 });
 *
 * @typeParam Events the properties of each event that `track` takes, by its name. Nothing is checked when it runs.
 */
export function createAnalytics<Events extends object = object>(options: AnalyticsOptions): Analytics<Events>;
export function createAnalytics(options: AnalyticsOptions): Analytics {
  return createFrom(options, []);
}

/** The same for the script tag. `mistakes` takes what is wrong with the options. */
export function createFrom(options: AnalyticsOptions, mistakes: Mistake[]): Analytics {
  const hasPage = inBrowser();
  const url = hasPage ? pageUrl() : 'http://localhost';
  const settings = resolveAnalyticsOptions(options, url, (...mistake) => void mistakes.push(mistake));
  // Where there is no page the gate never opens, and nothing reaches it.
  if (mistakes.length || !hasPage)
    return createClient(
      NO_PAGE as AnalyticsSettings,
      false,
      () => {},
      mistakes.length ? explain(mistakes, url) : undefined,
    );
  const registry = pageRegistry<Registered>('cio-first-party');
  const key = `${settings.clientKey}:${settings.proxyUrl}`;
  const told = JSON.stringify(toJsonValue(options));
  const known = registry.get(key);
  if (known) {
    if (known.options !== told) warnInConsole('cio-first-party: made before, with other options');
    return known.analytics;
  }
  const analytics = createClient(settings, true, () => registry.delete(key));
  registry.set(key, { analytics, options: told });
  return analytics;
}

const NO_PAGE: Pick<AnalyticsSettings, 'consent'> & { readonly outbox: object } = {
  consent: 'pending',
  outbox: {},
};

async function explain(mistakes: readonly Mistake[], url: string): Promise<SdkError> {
  const error = await import('./options/explain-mistakes.ts').then(
    ({ create }) => create(mistakes, url),
    // The file may not come: the names are known all the same.
    () => new SdkError('invalid-options', mistakes.map(([name]) => name).join()),
  );
  printer().error(`cio-first-party: ${error.message}`);
  return error;
}
