import type { Analytics } from './api.ts';
import { inBrowser, pageGlobal, pageRegistry, pageUrl, printer } from './browser.ts';
import { type Client, createClient, type Explanation } from './client/client.ts';
import { createdTwice, type FirstCreator } from './client/created-twice.ts';
import type { Fields } from './event/arguments.ts';
import { toJsonValue } from './event/to-json-value.ts';
import { SdkError } from '../protocol/errors.ts';
import {
  type AnalyticsOptions,
  type Mistake,
  resolveAnalyticsOptions,
  type AnalyticsSettings,
} from './options/options.ts';

type Registered = Client & FirstCreator;

/**
 * Creates the SDK for one site. A second call on the same page with the same `proxyUrl` and `clientKey` returns the same instance.
 * On a server the instance does nothing.
 *
 * `createAnalytics` never throws. For wrong or unknown options, it logs one `console.error` that names each of them with its value,
 * and emits an `error` event (`SdkError`, `invalid-options`). The returned instance then discards every call
 * (`reason: 'invalid-options'`).
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
    ).analytics;
  const registry = pageRegistry<Registered>('cio-first-party');
  const key = `${settings.clientKey}:${settings.proxyUrl}`;
  const copy = toJsonValue(options) as Fields;
  const earlier = registry.get(key);
  if (!earlier) {
    // People reach the instances by this list from the console: `__cioFirstParty[0].stats()`.
    const instances = (pageGlobal()['__cioFirstParty'] ??= []) as Analytics[];
    const client = createClient(settings, true, () => {
      // A second `close` must not take another instance out of the list.
      if (registry.delete(key)) instances.splice(instances.indexOf(client.analytics), 1);
    });
    registry.set(key, { ...client, options: copy });
    instances.push(client.analytics);
    return client.analytics;
  }
  createdTwice(earlier, copy, settings.consent);
  return earlier.analytics;
}

const NO_PAGE: Pick<AnalyticsSettings, 'consent'> & { readonly outbox: object } = {
  consent: 'pending',
  outbox: {},
};

async function explain(mistakes: readonly Mistake[], url: string): Promise<Explanation> {
  const { message, results } = await import('./options/explain-mistakes.ts').then(
    ({ create }) => create(mistakes, url),
    // Without that file, the message has the names of the options alone.
    () => ({ message: `errors/invalid-options: ${mistakes.map(([name]) => name).join()}`, results: {} }),
  );
  printer().error(`cio-first-party: ${message}`);
  return { error: new SdkError('invalid-options', message), results };
}
