/** The plugin fits the types of Customer.io's SDK, in the oldest and the newest version that is supported. */
import { AnalyticsBrowser, type Plugin } from '@customerio/cdp-analytics-browser';
import { AnalyticsBrowser as OldestBrowser, type Plugin as OldestPlugin } from 'cdp-oldest';
import { expectTypeOf } from 'vitest';
import {
  firstPartyDelivery,
  type FirstPartyDelivery,
  type FirstPartyDeliveryOptions,
} from '../../src/official.ts';

const delivery = firstPartyDelivery({ proxyUrl: '/e', clientKey: 'client-api-key-web' });

expectTypeOf<FirstPartyDelivery>().toExtend<Plugin>();
expectTypeOf<FirstPartyDelivery>().toExtend<OldestPlugin>();

const settings = { writeKey: 'unused', cdnSettings: { integrations: {} }, plugins: [delivery] };
void AnalyticsBrowser.load(settings).register(delivery);
void OldestBrowser.load(settings).register(delivery);

// Options for which Customer.io's SDK has its own are refused.
// @ts-expect-error
firstPartyDelivery({ proxyUrl: '/e', clientKey: 'client-api-key-web', plugins: [] });
expectTypeOf<'inApp'>().not.toExtend<keyof FirstPartyDeliveryOptions>();

delivery.on('dropped', ({ id, reason }) => {
  expectTypeOf(id).toEqualTypeOf<string>();
  expectTypeOf(reason).toExtend<string>();
});
expectTypeOf(delivery.stats().pending).toEqualTypeOf<number>();
