/**
 * Customer.io's SDK as its makers publish it, with our plugin under it or without. The page chooses by `window.officialSetup`, which a
 * test sets before the page loads.
 */
import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
import { firstPartyDelivery } from 'cio-first-party/official';
import type { FirstPartyDelivery } from '../../../src/official.ts';
import type { OfficialPage, OfficialSetup } from '../../support/official/official-page.ts';

const page = window as unknown as OfficialPage & { officialSetup?: OfficialSetup };
const { way, options = {}, cdn = {}, load = {}, device } = page.officialSetup ?? { way: 'load' };

page.told = [];
page.seen = [];

/** A device-mode destination. */
const destination = {
  name: 'Device Mode',
  type: 'destination' as const,
  version: '1',
  isLoaded: () => true,
  load: () => Promise.resolve(),
  track(context: { event: { event?: string } }) {
    page.seen.push(String(context.event.event));
    // A destination that never answers.
    return device === 'hangs' ? new Promise<never>(() => {}) : (context as never);
  },
};

let delivery: FirstPartyDelivery | undefined;
if (way !== 'without') {
  delivery = firstPartyDelivery({
    proxyUrl: '/e',
    clientKey: 'client-api-key-web',
    ...options,
    ...page.officialFunctions,
  });
  for (const name of [
    'stored',
    'delivered',
    'retrying',
    'dropped',
    'consent',
    'identity',
    'token',
    'error',
  ] as const)
    delivery.on(name, (payload: object) => page.told.push({ ...payload, name }));
}

const settings = {
  writeKey: 'official',
  cdnSettings: {
    integrations: {
      'Customer.io Data Pipelines': {
        apiKey: 'official',
        apiHost: `${location.host}/original`,
        protocol: 'http',
        ...cdn,
      },
    },
  },
};
const plugins = [...(delivery && way === 'load' ? [delivery] : []), ...(device ? [destination] : [])];
const analytics = AnalyticsBrowser.load({ ...settings, plugins }, load);
if (delivery && way === 'register') page.registered = analytics.register(delivery);

Object.assign(page, { AnalyticsBrowser, firstPartyDelivery, settings });
page.delivery = delivery;
page.official = analytics;
