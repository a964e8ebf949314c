import type { Analytics } from './analytics.ts';
import { inBrowser, pageRegistry, pageUrl, warn } from './browser.ts';
import { createClient } from './client.ts';
import { plain } from './customerio/plain.ts';
import { type AnalyticsOptions, resolveOptions, type Settings } from './options.ts';

interface Registered {
  readonly analytics: Analytics;
  readonly options: string;
}

/**
 * Makes the SDK for one site. On a server it makes an instance that does nothing. Called again with the same `proxyUrl`
 * and `clientKey`, it answers the same instance.
 *
 * @throws SdkError `invalid-options`, naming the option and what came
 * @example
 * const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
 * analytics.track('Order Placed', { total: 12.5 });
 *
 * @typeParam Events the properties of each event that `track` takes, by its name. Nothing is checked when it runs.
 */
export function createAnalytics<Events extends object = object>(options: AnalyticsOptions): Analytics<Events>;
export function createAnalytics(options: AnalyticsOptions): Analytics {
  // Where there is no page the gate never opens, and nothing reaches it.
  if (!inBrowser()) return createClient(NO_PAGE as Settings, false, () => {});
  const settings = resolveOptions(options, pageUrl());
  const registry = pageRegistry<Registered>('cio-first-party');
  const key = `${settings.clientKey}:${settings.proxyUrl}`;
  const told = JSON.stringify(plain(options));
  const known = registry.get(key);
  if (known) {
    if (known.options !== told) warn('cio-first-party: made before, with other options');
    return known.analytics;
  }
  const analytics = createClient(settings, true, () => registry.delete(key));
  registry.set(key, { analytics, options: told });
  return analytics;
}

const NO_PAGE: Pick<Settings, 'consent'> & { readonly outbox: object } = { consent: 'pending', outbox: {} };
