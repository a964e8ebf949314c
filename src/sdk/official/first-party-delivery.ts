import { SdkError } from '../../protocol/errors.ts';
import { inBrowser, pageRegistry, pageUrl, printer } from '../browser.ts';
import { createdTwice, type FirstCreator } from '../client/created-twice.ts';
import type { Fields } from '../event/arguments.ts';
import type { EventMethod } from '../event/call.ts';
import {
  type AnalyticsOptions,
  type AnalyticsSettings,
  type Mistake,
  resolveAnalyticsOptions,
} from '../options/options.ts';
import { METHODS } from '../plugins/plugin.ts';
import type {
  DeliveryClient,
  FirstPartyDelivery,
  FirstPartyDeliveryOptions,
  OfficialAnalytics,
  OfficialContext,
} from './contract.ts';
import { createDeliveryClient } from './delivery-client.ts';

declare const __VERSION__: string;

/** Options of `createAnalytics` that the plugin does not have: Customer.io's SDK has its own. */
const FOREIGN = [
  'cookie',
  'debug',
  'group',
  'inApp',
  'integrations',
  'pageViews',
  'plugins',
  'user',
] as const;

/**
 * Creates a plugin that puts the delivery of this package under an unmodified `@customerio/cdp-analytics-browser`: event queue, sender,
 * consent and customer token. The plugin replaces the SDK's own destination (`Customer.io Data Pipelines`), so that no event goes to
 * Customer.io's hosts. Device-mode destinations and the SDK's in-app plugin stay as they are. A second call on the same page with the
 * same `proxyUrl` and `clientKey` returns the same plugin: of other options, only a stricter `consent` counts. On a server the plugin
 * does nothing.
 *
 * `firstPartyDelivery` never throws. For wrong or unknown options, it logs one `console.error` that names each of them with its value,
 * and emits an `error` event (`SdkError`, `invalid-options`). The plugin then discards every event (`invalid-options`).
 *
 * @example
 * import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
 * import { firstPartyDelivery } from 'cio-first-party/official';
 *
 * const delivery = firstPartyDelivery({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
 * const cdnSettings = { integrations: {} };
 * const analytics = AnalyticsBrowser.load({ writeKey: 'unused', cdnSettings, plugins: [delivery] });
 * void analytics.track('Order Placed', { total: 12.5 });
 */
export function firstPartyDelivery(options: FirstPartyDeliveryOptions): FirstPartyDelivery {
  const hasPage = inBrowser();
  const url = hasPage ? pageUrl() : 'http://localhost';
  const mistakes: Mistake[] = [];
  const settings = resolveAnalyticsOptions(options, url, (...mistake) => void mistakes.push(mistake));
  const given: Partial<AnalyticsOptions> = Object(options);
  for (const name of FOREIGN) if (given[name] !== undefined) mistakes.push([name, given[name]]);
  if (mistakes.length || !hasPage)
    return pluginOf(
      createDeliveryClient(
        { ...settings, consent: 'pending' },
        false,
        mistakes.length ? explain(mistakes, url) : undefined,
      ),
    );
  const registry = pageRegistry<FirstCreator & { readonly plugin: FirstPartyDelivery }>(
    'cio-first-party/official',
  );
  const key = `${settings.clientKey}:${settings.proxyUrl}`;
  const copy = comparable(settings);
  const earlier = registry.get(key);
  if (earlier) {
    createdTwice(earlier, copy, settings.consent);
    return earlier.plugin;
  }
  const client = createDeliveryClient(settings, true);
  const plugin = pluginOf(client);
  registry.set(key, { plugin, options: copy, restrict: client.restrict });
  return plugin;
}

/**
 * Copies the settings, to compare those of a second call with them. Sources and providers may refer to anything, also to values that
 * JSON cannot hold: what describes a source is copied, and the limits of a token.
 */
const comparable = ({ consent, customerToken, ...others }: AnalyticsSettings): Fields => ({
  ...others,
  consent: typeof consent === 'string' ? consent : consent.map(({ name, onlyDenies }) => [name, onlyDenies]),
  customerToken: Object.values<unknown>(Object(customerToken)).filter((each) => typeof each === 'number'),
});

function pluginOf(client: DeliveryClient): FirstPartyDelivery {
  let isLoaded = false;
  const hook = <Context extends OfficialContext>(context: Context): Promise<Context> =>
    client.take(context).then(() => context);
  return {
    name: 'cio-first-party',
    type: 'after',
    version: __VERSION__,
    isLoaded: () => isLoaded,
    async load(_context, analytics) {
      client.connect(analytics as OfficialAnalytics);
      isLoaded = true;
    },
    unload(_context, analytics) {
      isLoaded = client.disconnect(analytics as OfficialAnalytics);
    },
    ...(Object.fromEntries(METHODS.map((method) => [method, hook])) as Record<EventMethod, typeof hook>),
    ...client.methods,
  };
}

async function explain(mistakes: readonly Mistake[], url: string): Promise<SdkError> {
  const message = await import('../options/explain-mistakes.ts').then(
    ({ create }) => create(mistakes, url).message,
    // Without that file, the message has the names of the options alone.
    () => `errors/invalid-options: ${mistakes.map(([name]) => name).join()}`,
  );
  printer().error(`cio-first-party: ${message}`);
  return new SdkError('invalid-options', message);
}
