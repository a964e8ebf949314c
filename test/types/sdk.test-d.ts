/** Compiled by `tsc -p test/tsconfig.json`, never run: what the types promise to those who use the package. */
import type { Plugin as WrappedPlugin } from '@customerio/cdp-analytics-browser';
import {
  type Analytics,
  type AnalyticsEvents,
  createAnalytics,
  type DropReason,
  type Plugin,
  type Receipt,
  type SdkError,
  type Stats,
  type WireEvent,
} from '../../src/index.ts';

declare const analytics: Analytics;
declare const theirs: WrappedPlugin;

/** Both ways, in a tuple so that a union is not taken apart. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
const same = <One, Other>(verdict: Same<One, Other>): Same<One, Other> => verdict;

// A plugin of the wrapped SDK is one of ours.
export const plugin: Plugin = theirs;
createAnalytics({ proxyUrl: '/e', clientKey: 'web', plugins: [theirs] });
void analytics.register(theirs, plugin);
void analytics.deregister('name', 'other');

// Options.
createAnalytics({ proxyUrl: new URL('https://events.example.com'), clientKey: 'web' });
createAnalytics({
  proxyUrl: '/e',
  clientKey: 'web',
  consent: 'pending',
  delivery: {
    maxBatchEvents: 1,
    maxBatchBytes: 1,
    flushIntervalMs: 1,
    requestTimeoutMs: 1,
    compression: 'off',
  },
  outbox: { storage: 'memory', maxEvents: 1, maxBytes: 1, maxAgeMs: 1 },
  beforeSend: (event) => (event.type === 'track' ? { ...event, properties: {} } : null),
  user: { persist: false },
  group: { disable: true },
  cookie: { maxage: 1, sameSite: 'Strict' },
  integrations: { All: true, Name: false },
  debug: true,
});
// @ts-expect-error the address of the proxy is missing
createAnalytics({ clientKey: 'web' });
// @ts-expect-error the client key is missing
createAnalytics({ proxyUrl: '/e' });
// @ts-expect-error there is no such option
createAnalytics({ proxyUrl: '/e', clientKey: 'web', writeKey: 'secret' });
// @ts-expect-error there is no such state
createAnalytics({ proxyUrl: '/e', clientKey: 'web', consent: 'maybe' });
// @ts-expect-error milliseconds are a number
createAnalytics({ proxyUrl: '/e', clientKey: 'web', delivery: { flushIntervalMs: '10' } });
// @ts-expect-error there is no such option of the outbox
createAnalytics({ proxyUrl: '/e', clientKey: 'web', outbox: { maxEvent: 5 } });
// @ts-expect-error an event is changed at once, or not at all
createAnalytics({ proxyUrl: '/e', clientKey: 'web', beforeSend: async (event: WireEvent) => event });

// The six calls, with the arguments of the wrapped SDK.
const receipts: readonly Promise<Receipt>[] = [
  analytics.track('E'),
  analytics.track('E', null),
  analytics.track(
    'E',
    { a: 1 },
    { timestamp: new Date(), context: { app: 1 }, integrations: { All: false } },
  ),
  analytics.track('E', { a: 1 }, {}, (context) => context.event.properties),
  analytics.page(),
  analytics.page('Name'),
  analytics.page('Name', { a: 1 }),
  analytics.page('Category', 'Name', { a: 1 }, {}),
  analytics.page({ a: 1 }, {}),
  analytics.screen('Name'),
  analytics.screen('Category', 'Name'),
  analytics.identify('u1'),
  analytics.identify(42, { plan: 'pro' }, {}),
  analytics.identify({ plan: 'pro' }),
  analytics.identify(null, { plan: 'pro' }),
  analytics.group('g1', { name: 'G' }),
  analytics.alias('u2', 'u1'),
  analytics.alias('u2', {}),
];
void receipts;
// @ts-expect-error an event has a name
void analytics.track();
// @ts-expect-error a name is a text
void analytics.track(7);
// @ts-expect-error an id is a text or a number
void analytics.identify(true);
// @ts-expect-error there is somebody to be
void analytics.alias();

// Without arguments, group() is the group.
same<ReturnType<typeof analytics.user>, ReturnType<Analytics['user']>>(true);
const groupId: string | null | undefined = analytics.group().id();
void groupId;

// What is answered.
same<Receipt['state'], 'stored' | 'memory' | 'held' | 'discarded'>(true);
same<Receipt['reason'], DropReason | undefined>(true);
same<Stats['dropped'], Readonly<Record<DropReason, number>>>(true);
void analytics
  .flush({ timeoutMs: 5 })
  .then(({ delivered, pending, dropped }) => delivered + pending + dropped);
// @ts-expect-error milliseconds are a number
void analytics.flush({ timeoutMs: '5' });

// Events, with their payloads.
const stop: () => void = analytics.on('delivered', ({ ids, attempts }) => ids.length + attempts);
stop();
analytics.on('dropped', ({ id, reason, status }) => [id, reason, status]);
analytics.on('error', (error) => {
  same<typeof error, SdkError>(true);
  if (error.code === 'invalid-client-key') return;
  // @ts-expect-error there is no such code
  if (error.code === 'no-such-code') return;
});
analytics.on('track', (...args) => args.length);
same<AnalyticsEvents['consent']['state'], 'pending' | 'granted' | 'denied'>(true);

// Consent.
analytics.consent.grant(['analytics']);
analytics.consent.deny();
// @ts-expect-error it is decided by its methods
analytics.consent.state = 'granted';

// Middleware.
void analytics.addSourceMiddleware(({ payload, integrations, next }) => {
  if (integrations['All'] !== false) next(payload);
  return payload.obj.type === 'track' ? Promise.resolve() : undefined;
});

// What is read of an event.
export const read = ({ type, messageId, timestamp, context }: WireEvent): readonly unknown[] => [
  type,
  messageId,
  timestamp,
  context,
];
