/** Compiled by `tsc -p test/tsconfig.json`, never run: the public types for users of the package. */
import type { Plugin as WrappedPlugin } from '@customerio/cdp-analytics-browser';
import {
  type Analytics,
  type AnalyticsEvents,
  createAnalytics,
  type DropReason,
  type InboxEntry,
  type InboxView,
  type Plugin,
  type Receipt,
  type SdkError,
  type Stats,
  type WireEvent,
} from '../../src/index.ts';

declare const analytics: Analytics;
declare const theirs: WrappedPlugin;

/** Both directions are checked, in a tuple so that a union is not distributed. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
const same = <One, Other>(verdict: Same<One, Other>): Same<One, Other> => verdict;

// A plugin of the wrapped SDK has our plugin type.
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
// @ts-expect-error the URL of the proxy is missing
createAnalytics({ clientKey: 'web' });
// @ts-expect-error the client key is missing
createAnalytics({ proxyUrl: '/e' });
// @ts-expect-error this option does not exist
createAnalytics({ proxyUrl: '/e', clientKey: 'web', writeKey: 'secret' });
// @ts-expect-error this state does not exist
createAnalytics({ proxyUrl: '/e', clientKey: 'web', consent: 'maybe' });
// @ts-expect-error a duration in milliseconds is a number
createAnalytics({ proxyUrl: '/e', clientKey: 'web', delivery: { flushIntervalMs: '10' } });
// @ts-expect-error this option of the outbox does not exist
createAnalytics({ proxyUrl: '/e', clientKey: 'web', outbox: { maxEvent: 5 } });
// @ts-expect-error `beforeSend` must be synchronous
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
// @ts-expect-error the name of the event is missing
void analytics.track();
// @ts-expect-error an event name is a string
void analytics.track(7);
// @ts-expect-error an id is a string or a number
void analytics.identify(true);
// @ts-expect-error the user id is missing
void analytics.alias();

// Without arguments, `group()` returns the group.
same<ReturnType<typeof analytics.user>, ReturnType<Analytics['user']>>(true);
const groupId: string | null | undefined = analytics.group().id();
void groupId;

// Return types.
same<Receipt['state'], 'stored' | 'memory' | 'held' | 'discarded'>(true);
same<Receipt['reason'], DropReason | undefined>(true);
same<Stats['dropped'], Readonly<Record<DropReason, number>>>(true);
void analytics
  .flush({ timeoutMs: 5 })
  .then(({ delivered, pending, dropped }) => delivered + pending + dropped);
// @ts-expect-error a duration in milliseconds is a number
void analytics.flush({ timeoutMs: '5' });

// Events, with their payloads.
const stop: () => void = analytics.on('delivered', ({ ids, attempts }) => ids.length + attempts);
stop();
analytics.on('dropped', ({ id, reason, status }) => [id, reason, status]);
analytics.on('error', (error) => {
  same<typeof error, SdkError>(true);
  if (error.code === 'invalid-client-key') return;
  // @ts-expect-error this code does not exist
  if (error.code === 'no-such-code') return;
});
analytics.on('track', (...args) => args.length);
same<AnalyticsEvents['consent']['state'], 'pending' | 'granted' | 'denied'>(true);

// Consent.
analytics.consent.grant(['analytics']);
analytics.consent.deny();
// @ts-expect-error the state is read-only; its methods change it
analytics.consent.state = 'granted';

// Middleware.
void analytics.addSourceMiddleware(({ payload, integrations, next }) => {
  if (integrations['All'] !== false) next(payload);
  return payload.obj.type === 'track' ? Promise.resolve() : undefined;
});

// The fields of an event that applications read.
export const read = ({ type, messageId, timestamp, context }: WireEvent): readonly unknown[] => [
  type,
  messageId,
  timestamp,
  context,
];

// The inbox, and its messages of some topics.
export const orders: InboxView = analytics.inbox('orders', 'news');
export const all: Promise<readonly InboxEntry[]> = analytics.inbox.messages();
export const numbers: readonly Promise<number>[] = [analytics.inbox.total(), orders.totalUnopened()];
export const stopUpdates: () => void = orders.onUpdates(([newest]) => void newest?.markOpened());
void analytics.inbox.markAsUnread('m1');
void analytics.inbox.trackClick('m1', 'buy');
// @ts-expect-error a click has the name of what was clicked
void analytics.inbox.trackClick('m1');
// @ts-expect-error topics are texts
analytics.inbox(1);
// @ts-expect-error the messages of a topic are changed by their own methods
void orders.markAsRead('m1');
