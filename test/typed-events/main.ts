/** What an application may write, compiled against the published types. */
import { createAnalytics, type Analytics, type Receipt } from 'cio-first-party';

interface Events {
  'Order Placed': { total: number; coupon?: string };
  'Cart Viewed': { items?: number };
  'Signed Out': undefined;
  'Plan Chosen': { plan: 'free' | 'pro' } | null;
}

const options = { proxyUrl: '/e', clientKey: 'client-api-key-web' };
const typed = createAnalytics<Events>(options);

const receipts: Promise<Receipt>[] = [
  typed.track('Order Placed', { total: 12.5 }),
  typed.track('Order Placed', { total: 12.5, coupon: 'SPRING' }, { timestamp: new Date() }, () => {}),
  typed.track('Cart Viewed'),
  typed.track('Cart Viewed', { items: 2 }),
  typed.track('Cart Viewed', null, { context: { app: 1 } }),
  typed.track('Signed Out'),
  typed.track('Signed Out', undefined, {}),
  typed.track('Plan Chosen', { plan: 'pro' }),
  typed.track('Plan Chosen', null),
  typed.identify('u1', { plan: 'pro' }),
  typed.page(),
];
void receipts;

// @ts-expect-error there is no such event
void typed.track('Order placed', { total: 1 });
// @ts-expect-error its properties are missing
void typed.track('Order Placed');
// @ts-expect-error and so are they here
void typed.track('Order Placed', null);
// @ts-expect-error a property is missing
void typed.track('Order Placed', { coupon: 'SPRING' });
// @ts-expect-error a property is a number
void typed.track('Order Placed', { total: '12.5' });
// @ts-expect-error there is no such property
void typed.track('Order Placed', { total: 1, totl: 2 });
// @ts-expect-error it has no properties
void typed.track('Signed Out', { at: 1 });
// @ts-expect-error there is no such plan
void typed.track('Plan Chosen', { plan: 'gold' });

// A type alias does as well as an interface, and so does an index signature beside known names.
const aliased = createAnalytics<{ Clicked: { id: string } }>(options);
void aliased.track('Clicked', { id: 'a' });
// @ts-expect-error there is no such event
void aliased.track('Order Placed', { total: 1 });
const open = createAnalytics<Record<string, { at: number }>>(options);
void open.track('Anything', { at: 1 });
// @ts-expect-error whatever its name, it has a time
void open.track('Anything', { when: 1 });

// Without a type argument all is as it was: any name, any properties, and the same type wherever it is named.
const any: Analytics = createAnalytics(options);
const name: string = document.title;
void any.track(name);
void any.track(name, null);
void any.track(
  name,
  { a: [1, 'b', { c: null }] },
  { integrations: { All: false } },
  (context) => context.event.type,
);
// @ts-expect-error a name is a text
void any.track(7);
// @ts-expect-error an event has a name
void any.track();
const made: ReturnType<typeof createAnalytics> = any;
void made.track(name, { a: 1 });
const given: Parameters<Analytics['track']> = [name, { a: 1 }];
void any.track(...given);

/** One part of an application takes what another has made. */
const sendOrder = (analytics: Analytics<Events>): Promise<Receipt> =>
  analytics.track('Order Placed', { total: 1 });
void sendOrder(typed);
