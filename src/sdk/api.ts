import type { Stats } from './outbox/stats.ts';
import type { TokenResult, TokenStatus } from './auth/contract.ts';

import type { Traits, User } from './identity/stored-user.ts';
import type { EventContext, Plugin, SourceMiddleware } from './plugins/plugin.ts';
import type { Customer, Inbox } from './private/contract.ts';
import type { VendorMembers } from './vendor-api.ts';
import type { AnalyticsEvents, Categories, ConsentState, DropReason, EventName, Listener } from './events.ts';

/** The result of one of the six calls: the state of its event when the promise resolved. */
export interface Receipt {
  /** The event's `messageId`, which is also in `AnalyticsEvents`, at the proxy and at Customer.io. `''` on a server. */
  readonly id: string;
  /**
   * - `stored`: the event is in IndexedDB and survives a crash of the browser.
   * - `memory`: the event is in memory and is lost when the page ends, because the browser refuses storage (or `outbox.storage` is
   *   `'memory'`).
   * - `held`: consent is `pending`; the event waits in memory until the visitor decides.
   * - `discarded`: the SDK has dropped the event, because of `reason`.
   */
  readonly state: 'stored' | 'memory' | 'held' | 'discarded';
  /** Why the event was dropped. Only with `discarded`. Missing on a server, where an instance does nothing. */
  readonly reason?: DropReason;
}

/** The result of `flush`. The counts are numbers of events. */
export interface FlushResult {
  /** Events that the proxy has accepted during this flush. */
  readonly delivered: number;
  /** Events that are not delivered yet after this flush. */
  readonly pending: number;
  /** Events that were dropped during this flush. */
  readonly dropped: number;
}

/**
 * Properties of an event. The SDK copies them at the call: a circular reference becomes `[Circular]`, a `Date` its ISO 8601 text, a
 * BigInt its digits, and functions are left out.
 */
export type Properties = Readonly<Record<string, unknown>>;

/**
 * Options of one call. A name that is not listed here is a path in the event's `context`: `{ 'device.id': 'x' }` sets
 * `context.device.id`.
 */
export interface CallOptions {
  /** Destinations that get this event, `{ All: true, Name: false }`, on top of the option `integrations` of `createAnalytics`. */
  readonly integrations?: Readonly<Record<string, unknown>>;
  /** When the event happened. A text must have a format that `Date.parse` reads. @default the time of the call */
  readonly timestamp?: Date | string;
  /** Anonymous id of this event; from then on also the anonymous id of the visitor. @default that of the visitor */
  readonly anonymousId?: string;
  /** User id of only this event. @default that of the visitor */
  readonly userId?: string;
  /** Fields for the event's `context`. They replace those that the SDK sets there, except `userAgent`. @default `{}` */
  readonly context?: Properties;
  /** Any other name: a path in the event's `context`, with dots between its steps. */
  readonly [key: string]: unknown;
}

/** Options of `identify`. */
export interface IdentifyOptions extends CallOptions {
  /** The customer token of this person, used instead of a token of the provider. The SDK never adds the token to the event. */
  readonly token?: TokenResult;
}

type Callback = (context: EventContext) => unknown;

/** `track` for any name and any properties. */
type TrackAnything = (
  event: string,
  properties?: Properties | null,
  options?: CallOptions,
  callback?: Callback,
) => Promise<Receipt>;

/** `track` for the names of `Events`, each with its properties. */
type TrackThese<Events extends object> = <Name extends keyof Events & string>(
  event: Name,
  ...rest: TrackArguments<Events[Name]>
) => Promise<Receipt>;

/** The arguments after the name. Properties are an optional argument where none of them is required. */
type TrackArguments<Known> =
  Partial<Known> extends Known
    ? [properties?: Known | null, options?: CallOptions, callback?: Callback]
    : [properties: Known, options?: CallOptions, callback?: Callback];

/**
 * The six calls that make an event, with the arguments of Customer.io's SDK. They never throw and never reject. The SDK copies
 * arguments, time, page and identity at the call: later changes do not change the event. `callback` runs when the event has passed
 * the plugins, and gets `{ event, id }`.
 *
 * @typeParam Events the properties of each event that `track` takes, by its name; `object`: any name and any properties
 */
export interface Calls<Events extends object = object> {
  /**
   * Records something that the visitor did.
   *
   * @example
   * const { state } = await analytics.track('Order Placed', { total: 12.5 });
   * if (state === 'stored') location.assign('/thanks');
   */
  track: [keyof Events] extends [never] ? TrackAnything : TrackThese<Events>;
  /**
   * Records that the visitor has seen a page. A single text is the page's name; two texts are category and name.
   *
   * @example
   * void analytics.page('Home');
   * void analytics.page('Docs', 'Getting started', { version: 2 });
   */
  page(
    name?: string,
    properties?: Properties | null,
    options?: CallOptions,
    callback?: Callback,
  ): Promise<Receipt>;
  page(
    category: string,
    name: string,
    properties?: Properties | null,
    options?: CallOptions,
  ): Promise<Receipt>;
  page(properties: Properties, options?: CallOptions): Promise<Receipt>;
  /**
   * Records that the visitor has seen a screen of an app. The arguments are those of `page`.
   *
   * @example
   * void analytics.screen('Settings');
   */
  screen(
    name?: string,
    properties?: Properties | null,
    options?: CallOptions,
    callback?: Callback,
  ): Promise<Receipt>;
  screen(
    category: string,
    name: string,
    properties?: Properties | null,
    options?: CallOptions,
  ): Promise<Receipt>;
  screen(properties: Properties, options?: CallOptions): Promise<Receipt>;
  /**
   * Identifies the visitor, and sets traits of this person. If the visitor had another user id before, the visitor also gets a new
   * anonymous id. Without an id, the traits are those of the current visitor.
   *
   * @example
   * void analytics.identify('u1', { plan: 'pro' });
   */
  identify(
    userId?: string | number | null,
    traits?: Traits | null,
    options?: IdentifyOptions,
  ): Promise<Receipt>;
  identify(traits: Traits, options?: IdentifyOptions): Promise<Receipt>;
  /**
   * Puts the visitor into a group, and sets traits of the group. Without arguments: returns the visitor's current group, and
   * makes no event.
   *
   * @example
   * void analytics.group('acme', { seats: 20 });
   * const groupId = analytics.group().id();
   */
  group(): User;
  group(groupId: string | number, traits?: Traits | null, options?: CallOptions): Promise<Receipt>;
  /**
   * Declares that two ids belong to the same person. Without `from`, the previous id is the visitor's current user id, or the
   * anonymous id if the visitor is not identified.
   *
   * @example
   * void analytics.alias('u1', 'old-u1');
   */
  alias(to: string | number, from?: string | number | CallOptions, options?: CallOptions): Promise<Receipt>;
}

/** The visitor's consent. Before the state is `granted`, the SDK writes no cookie and no storage, and sends no request. */
export interface Consent {
  /** The current state. With consent sources: the combined decision of all sources. */
  readonly state: ConsentState;
  /**
   * Records that the visitor agrees. The SDK then makes the calls that have waited in memory, in their order, each with its own
   * time and page.
   *
   * @param categories the visitor's choices: names of the categories that are on, or each category with `true` or `false`. The SDK
   * puts them on each event as `context.consent.categoryPreferences`. Two names have a special meaning: with `analytics: false` no
   * events are made (`dropped`, `consent`); with `messaging: false` private calls reject (`auth-disabled`).
   * @example
   * analytics.consent.grant();
   * analytics.consent.grant({ analytics: true, messaging: false });
   */
  grant(categories?: readonly string[] | Categories): void;
  /**
   * Records that the visitor does not agree. Drops the calls that wait in memory (`consent`), and deletes the data that earlier
   * visits have stored. After a grant, also aborts the request in flight, and deletes outbox, ids and cookies, in all tabs.
   *
   * @example
   * analytics.consent.deny();
   */
  deny(): void;
}

/**
 * An instance of the SDK, made by `createAnalytics`. No method throws or rejects, with two exceptions: private calls (`fetch`,
 * `inbox`, `customer`), and members of Customer.io's SDK that are not supported ({@link VendorMembers}), reject with an `SdkError`.
 *
 * @typeParam Events the properties of each event that `track` takes, by its name; `object`: any name and any properties
 */
export interface Analytics<Events extends object = object> extends Calls<Events>, VendorMembers {
  /**
   * Removes the user and the group of the visitor, and starts a new anonymous id. Events that are already stored keep their
   * identity. Call this method when a user signs out.
   *
   * @example
   * analytics.anonymize();
   */
  anonymize(): void;
  /** The same as `anonymize`, with the name that Customer.io's SDK uses. */
  reset(): void;
  /**
   * Sends all waiting events now. Resolves when no event waits any more, when a request has failed (its events wait for their
   * retry), or after `timeoutMs`.
   *
   * @param options `timeoutMs`: the longest wait, in milliseconds; default 10 000
   * @example
   * const { pending } = await analytics.flush({ timeoutMs: 2_000 });
   */
  flush(options?: { readonly timeoutMs?: number }): Promise<FlushResult>;
  /**
   * Counts events since this page was loaded. `tracked` is always `delivered` + `pending` + all of `dropped`.
   *
   * @example
   * const { pending, dropped } = analytics.stats();
   */
  stats(): Stats;
  /** The visitor's consent: its state, and the functions with which your own banner changes it. */
  readonly consent: Consent;
  /**
   * Calls `listener` for each event of this name: one of {@link AnalyticsEvents}, or one of Customer.io's SDK (`track`, `page`,
   * `identify`, `group`, `alias`, `screen`, `reset`). For a listener that throws, the SDK emits an `error` event (`plugin-failed`).
   * The same function registered twice is called twice.
   *
   * @returns a function that removes the listener
   * @example
   * const stop = analytics.on('dropped', ({ id, reason }) => console.warn(id, reason));
   * stop();
   */
  on<Name extends EventName>(name: Name, listener: Listener<AnalyticsEvents[Name]>): () => void;
  /**
   * Calls `listener` for each event of this name of Customer.io's SDK, with the arguments that Customer.io's SDK passes.
   *
   * @returns a function that removes the listener
   * @example
   * analytics.on('track', (name, properties) => console.log(name, properties));
   */
  on(name: string, listener: (...args: readonly unknown[]) => void): () => void;
  /**
   * Resolves when consent is decided and the plugins have loaded; then calls `callback`, if it is set.
   *
   * @example
   * await analytics.ready();
   */
  ready(callback?: () => void): Promise<void>;
  /**
   * Returns the visitor: ids and traits. Before consent, and on a server, the returned user has no ids.
   *
   * @example
   * const anonymousId = analytics.user().anonymousId();
   */
  user(): User;
  /**
   * Adds plugins of Customer.io's SDK; events of later calls pass through them. The call waits for consent. If a plugin throws,
   * rejects or does not settle within 10 seconds, the SDK emits an `error` event (`plugin-failed`).
   *
   * @example
   * await analytics.register({
   *   name: 'Site',
   *   type: 'enrichment',
   *   version: '1.0.0',
   *   isLoaded: () => true,
   *   load: async () => undefined,
   *   track: (context) => (context.updateEvent('properties.site', 'shop'), context),
   * });
   */
  register(...plugins: readonly Plugin[]): Promise<void>;
  /**
   * Removes the plugins of these names, and runs `unload` of each.
   *
   * @example
   * await analytics.deregister('Site');
   */
  deregister(...names: readonly string[]): Promise<void>;
  /**
   * Adds a function that gets each event before it is stored. An event is dropped (`before-send`) when the function returns without
   * having called `next`, or throws.
   *
   * @example
   * await analytics.addSourceMiddleware(({ payload, next }) => {
   *   if (payload.obj.event !== 'Debug') next(payload);
   * });
   */
  addSourceMiddleware(middleware: SourceMiddleware): Promise<void>;
  /**
   * Sets the visitor's anonymous id. Without an argument: keeps the current one.
   *
   * @returns the anonymous id, or null before consent and on a server
   * @example
   * analytics.setAnonymousId('a1');
   */
  setAnonymousId(id?: string): string | null;
  /**
   * Sets the customer token of the current person, used instead of a token of the provider. `null` removes the token. The call
   * waits for consent.
   *
   * @example
   * analytics.setCustomerToken(await (await fetch('/login/token')).text());
   */
  setCustomerToken(token: TokenResult | null): void;
  /**
   * Requests a new customer token from the provider. Never rejects: the returned status describes a failure. Before consent the
   * returned `state` is `none`.
   *
   * @example
   * const { state } = await analytics.refreshCustomerToken();
   */
  refreshCustomerToken(): Promise<TokenStatus>;
  /**
   * Returns the state, time of expiry and subject of the customer token, and never the token itself.
   *
   * @example
   * const { state, expiresAtMs } = analytics.customerTokenStatus();
   */
  customerTokenStatus(): TokenStatus;
  /**
   * Makes a private call: a request to your proxy with the customer token of the current person. After a 401 the SDK requests a new
   * token and repeats the request once. Other responses of the proxy, also 4xx and 5xx, are returned.
   *
   * @param path below `proxyUrl`, as `/v1/customers/attributes`
   * @param init as for the global `fetch`
   * @throws SdkError `auth-disabled`, `anonymous`, or another of the codes of private calls: no usable token, a token that the
   * proxy refuses, or a person who changes before the response arrives. `invalid-options`: `path` is not below `proxyUrl`
   * @throws TypeError as the global `fetch`, when there is no response
   * @throws DOMException `TimeoutError` after `delivery.requestTimeoutMs`; the reason of `init.signal` when that aborts
   * @example
   * const response = await analytics.fetch('/v1/customers/attributes', { method: 'POST' });
   * console.log(response.status);
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /**
   * The messages of the current person's inbox; called with topics, the messages of these topics. Needs a customer token, and `inApp`
   * at the proxy.
   *
   * @example
   * const stop = analytics.inbox('orders').onChange((messages) => render(messages));
   */
  readonly inbox: Inbox;
  /** Controls in-app messages. Without effect without the option `inApp`. */
  readonly messages: Messages;
  /** Attributes and subscriptions of the current person. Needs a customer token, and `appApi` at the proxy. */
  readonly customer: Customer;
  /**
   * Stops every timer, listener and lock of this instance. Stored events are sent by the next page. After that, `createAnalytics`
   * with the same options returns a new instance.
   *
   * @example
   * analytics.close();
   */
  close(): void;
}

/**
 * Controls in-app messages. The event `message` reports what happens to each message.
 *
 * @example
 * analytics.messages.pause(); // on the checkout page
 * analytics.on('message', ({ type, messageId }) => console.log(type, messageId));
 * analytics.messages.resume();
 */
export interface Messages {
  /**
   * Closes the open messages with this `messageId` or `deliveryId`, as the visitor would: the event `message` reports `dismissed`.
   * Without effect where no such message is open.
   */
  dismiss(id: string): void;
  /**
   * Removes the open messages, without an event, and shows none until `resume`. May be called at any time, before consent too.
   * Messages that were shown already do not come back, except for persistent ones.
   */
  pause(): void;
  /** Shows messages again. */
  resume(): void;
}
