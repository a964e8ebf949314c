import type { Consent, FlushResult } from '../api.ts';
import type { TokenResult, TokenStatus } from '../auth/contract.ts';
import type { CustomerToken } from '../auth/customer-token-options.ts';
import type { ConsentSource } from '../consent/source.ts';
import type { EventMethod } from '../event/call.ts';
import type { PluginEvent } from '../event/draft-event.ts';
import type { AnalyticsEvents, ConsentState, EventName } from '../events.ts';
import type { AnalyticsSettings, DeliveryOptions, OutboxOptions } from '../options/options.ts';
import type { Stats } from '../outbox/stats.ts';
import type { WireEvent } from '../../protocol/wire.ts';

/**
 * Options of `firstPartyDelivery`: those options of `createAnalytics` that concern delivery, consent and the customer token. Customer.io's
 * SDK has options of its own for everything else. For a wrong or unknown option, the plugin emits an `error` event (`invalid-options`) and
 * discards every event.
 */
export interface FirstPartyDeliveryOptions {
  /**
   * Base URL of your proxy: absolute, or a path on this origin (preferred: no preflight). The plugin keeps a path prefix. Required.
   */
  readonly proxyUrl: string | URL;
  /** Name of this site for your proxy. Not a secret: every visitor can read it. Must not contain `:`. Required. */
  readonly clientKey: string;
  /**
   * Whether the visitor agrees: a state, or consent sources (of `cio-first-party/consent` or your own). While the state is `pending`,
   * events wait in memory, and the plugin uses no storage and sends no request. `denied` deletes the data that the plugin has stored on
   * earlier visits.
   * @default 'granted'
   */
  readonly consent?: ConsentState | ConsentSource | readonly ConsentSource[];
  /** How batches are made and sent. @default the defaults of {@link DeliveryOptions} */
  readonly delivery?: DeliveryOptions;
  /** Where events wait until they are delivered, and the limits. @default the defaults of {@link OutboxOptions} */
  readonly outbox?: OutboxOptions;
  /**
   * Receives each event after the plugins of Customer.io's SDK, and returns the event to send. The function must be synchronous. The
   * event is dropped (`before-send`) when the function returns `null` or a promise, or throws.
   * @default none
   */
  readonly beforeSend?: (event: WireEvent) => WireEvent | null;
  /**
   * Returns the customer token of the current person, for `delivery.authorization: 'customer-token'`: a function, or `{ provider, … }`
   * with limits.
   * @default none
   */
  readonly customerToken?: CustomerToken;
}

/** The part of `Context` of Customer.io's SDK that the plugin reads: an event on its way through the plugins. */
export interface OfficialContext {
  /** Distinguishes the event from others of its page. Not the `messageId`. */
  readonly id: string;
  /** The event. */
  readonly event: object;
}

/**
 * The plugin for Customer.io's SDK. A plain object: its methods need no `this`.
 *
 * The promise of a call of Customer.io's SDK, such as `analytics.track`, resolves when the plugin has stored the event, holds it for
 * consent, or has dropped it.
 */
export interface FirstPartyDelivery {
  /** Name of the plugin, for `analytics.deregister`. */
  readonly name: 'cio-first-party';
  /** Customer.io's SDK calls the plugin after the device-mode destinations. */
  readonly type: 'after';
  /** Version of this package. */
  readonly version: string;
  /** Returns whether Customer.io's SDK has loaded the plugin. */
  isLoaded(): boolean;
  /** For Customer.io's SDK: takes the delivery over from the destination `Customer.io Data Pipelines`. Never rejects. */
  load(context: unknown, analytics: unknown): Promise<void>;
  /**
   * For Customer.io's SDK, when the plugin is deregistered: gives the delivery of this instance of the SDK back to the destination
   * `Customer.io Data Pipelines`. Stored events stay.
   */
  unload(context: unknown, analytics: unknown): void;
  /** For Customer.io's SDK: gets each `track` event. */
  track<Context extends OfficialContext>(context: Context): Promise<Context>;
  /** For Customer.io's SDK: gets each `page` event. */
  page<Context extends OfficialContext>(context: Context): Promise<Context>;
  /** For Customer.io's SDK: gets each `screen` event. */
  screen<Context extends OfficialContext>(context: Context): Promise<Context>;
  /** For Customer.io's SDK: gets each `identify` event. */
  identify<Context extends OfficialContext>(context: Context): Promise<Context>;
  /** For Customer.io's SDK: gets each `group` event. */
  group<Context extends OfficialContext>(context: Context): Promise<Context>;
  /** For Customer.io's SDK: gets each `alias` event. */
  alias<Context extends OfficialContext>(context: Context): Promise<Context>;
  /**
   * The visitor's consent. While it is `pending`, the plugin holds events in memory. What Customer.io's SDK itself stores does not depend
   * on it. `deny()` after a grant also calls `analytics.reset()`.
   *
   * @example
   * delivery.consent.grant();
   */
  readonly consent: Consent;
  /**
   * Sends all waiting events now. Resolves when no event waits any more, when a request has failed (its events wait for their retry), or
   * after `timeoutMs`.
   *
   * @param options `timeoutMs`: the longest wait, in milliseconds; default 10 000
   * @example
   * const { pending } = await delivery.flush({ timeoutMs: 2_000 });
   */
  flush(options?: { readonly timeoutMs?: number }): Promise<FlushResult>;
  /**
   * Returns the numbers of events. An event counts from the moment when the plugin has got it from Customer.io's SDK.
   *
   * @example
   * const { delivered, pending } = delivery.stats();
   */
  stats(): Stats;
  /**
   * Calls `listener` for each such event of the plugin. The returned function removes the listener. The plugin emits no `message`.
   *
   * @example
   * const stop = delivery.on('dropped', ({ id, reason }) => console.warn(id, reason));
   */
  on<Name extends EventName>(name: Name, listener: (payload: AnalyticsEvents[Name]) => void): () => void;
  /**
   * Sets the customer token of the current person, used instead of a token of the provider. `null` removes the token. The call waits for
   * consent, and for Customer.io's SDK.
   *
   * @example
   * delivery.setCustomerToken(await (await fetch('/login/token')).text());
   */
  setCustomerToken(token: TokenResult | null): void;
  /**
   * Requests a new customer token from the provider. Never rejects: the returned status describes a failure. Before consent the returned
   * `state` is `none`.
   *
   * @example
   * const { state } = await delivery.refreshCustomerToken();
   */
  refreshCustomerToken(): Promise<TokenStatus>;
  /**
   * Returns the state, time of expiry and subject of the customer token, and never the token itself.
   *
   * @example
   * const { state, expiresAtMs } = delivery.customerTokenStatus();
   */
  customerTokenStatus(): TokenStatus;
}

/** A user or group of Customer.io's SDK. */
export interface OfficialUser {
  id(): string | null | undefined;
  anonymousId(): string | null | undefined;
}

/** A plugin of Customer.io's SDK, with a function for each type of event. */
export type OfficialPlugin = { name: string; type: string } & Partial<
  Record<EventMethod, (context: OfficialContext) => unknown>
>;

type Listener<Args extends readonly unknown[]> = (...args: Args) => void;

/** The part of `Analytics.queue` that the plugin uses, the same from 0.2.2 to 0.5.11. */
export interface OfficialQueue {
  readonly plugins: readonly OfficialPlugin[];
  register(context: unknown, plugin: OfficialPlugin, analytics: unknown): Promise<void>;
  /** `message_enriched`: a plugin of the type `before` or `enrichment` has finished. `delivery_…`: the event has passed all plugins. */
  on(name: 'message_enriched', listener: Listener<[OfficialContext, OfficialPlugin]>): unknown;
  on(name: 'delivery_success' | 'delivery_failure', listener: Listener<[OfficialContext]>): unknown;
  off(name: string, listener: Listener<never[]>): unknown;
}

/** The part of `Analytics` that the plugin uses. */
export interface OfficialAnalytics {
  readonly queue: OfficialQueue;
  readonly integrations: Readonly<Record<string, unknown>> | undefined;
  /** Whether the SDK has registered its plugins. The calls that have waited for it come after that. */
  readonly initialized: boolean;
  user(): OfficialUser;
  track(...args: readonly unknown[]): Promise<unknown>;
  reset(): void;
  /** `dispatch_start`: a call has made an event, within the call. */
  on(name: 'dispatch_start', listener: Listener<[OfficialContext]>): unknown;
  on(name: 'reset', listener: Listener<[]>): unknown;
  off(name: string, listener: Listener<never[]>): unknown;
}

/** An event that the plugin has taken from Customer.io's SDK. */
export type OfficialEvent = PluginEvent & {
  messageId: string;
  context: Record<string, unknown>;
  _metadata?: unknown;
};

/** The methods of the plugin for the application. */
export type DeliveryMethods = Pick<
  FirstPartyDelivery,
  'consent' | 'customerTokenStatus' | 'flush' | 'on' | 'refreshCustomerToken' | 'setCustomerToken' | 'stats'
>;

export interface DeliveryClient {
  readonly methods: DeliveryMethods;
  /** Applies the option `consent` of a second creator of the same site, as far as it is stricter than the present state. */
  restrict(consent: AnalyticsSettings['consent']): void;
  /** Takes the delivery of this instance of Customer.io's SDK over. */
  connect(analytics: OfficialAnalytics): void;
  /** Takes an event. Resolves when the event is stored, held for consent, or dropped. Never rejects. */
  take(context: OfficialContext): Promise<unknown>;
  /**
   * Gives the delivery of this instance of Customer.io's SDK back, and stops with the last one. Stored events stay. Returns whether
   * another instance is connected.
   */
  disconnect(analytics: OfficialAnalytics): boolean;
}
