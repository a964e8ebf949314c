import type { Stats } from './outbox/stats.ts';
import type { TokenResult, TokenStatus } from './auth/contract.ts';

import type { Traits, User } from './identity/stored-user.ts';
import type { EventContext, Plugin, SourceMiddleware } from './plugins/plugin.ts';
import type { Customer, Inbox } from './private/contract.ts';
import type { AnalyticsEvents, Categories, ConsentState, DropReason, EventName, Listener } from './events.ts';

/** What happened to a call, by the time its promise resolved. */
export interface Receipt {
  /** The event's `messageId`: the same in every event that the SDK tells, at the proxy and at Customer.io. */
  readonly id: string;
  /**
   * `stored`: survives the browser. `memory`: lives as long as the page (the browser refuses storage). `held`: waits for
   * consent. `discarded`: will never arrive, because of `reason`.
   */
  readonly state: 'stored' | 'memory' | 'held' | 'discarded';
  readonly reason?: DropReason;
}

export interface FlushResult {
  /** During this flush. */
  readonly delivered: number;
  /** What waits still. */
  readonly pending: number;
  /** During this flush. */
  readonly dropped: number;
}

export type Properties = Readonly<Record<string, unknown>>;

/** `integrations`, `timestamp`, `anonymousId`, `userId`, `context`; anything else goes into `context`. */
export interface CallOptions {
  readonly integrations?: Readonly<Record<string, unknown>>;
  readonly timestamp?: Date | string;
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly context?: Properties;
  readonly [key: string]: unknown;
}

export interface IdentifyOptions extends CallOptions {
  /** Their customer token; it becomes no part of the event. */
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

/** `track` for those names, each with its properties. */
type TrackThese<Events extends object> = <Name extends keyof Events & string>(
  event: Name,
  ...rest: TrackArguments<Events[Name]>
) => Promise<Receipt>;

/** Properties may be left out where none of them is needed. */
type TrackArguments<Known> =
  Partial<Known> extends Known
    ? [properties?: Known | null, options?: CallOptions, callback?: Callback]
    : [properties: Known, options?: CallOptions, callback?: Callback];

/**
 * The six calls, with the arguments of the wrapped SDK. They never throw and never reject.
 *
 * @typeParam Events the properties of each event that `track` takes, by its name; `object`: any
 */
export interface Calls<Events extends object = object> {
  /** Something that the visitor did. */
  track: [keyof Events] extends [never] ? TrackAnything : TrackThese<Events>;
  /** A page was seen. A single text is its name; two are category and name. */
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
  /** A screen of an app was seen. Arguments as in `page`. */
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
  /** Says who the visitor is. Another id than before also gives them a new anonymous id. */
  identify(
    userId?: string | number | null,
    traits?: Traits | null,
    options?: IdentifyOptions,
  ): Promise<Receipt>;
  identify(traits: Traits, options?: IdentifyOptions): Promise<Receipt>;
  /** Puts the visitor into a group. Without arguments: the group that they are in. */
  group(): User;
  group(groupId: string | number, traits?: Traits | null, options?: CallOptions): Promise<Receipt>;
  /** Says that two ids are one person. `from` is the current id if it is left out. */
  alias(to: string | number, from?: string | number | CallOptions, options?: CallOptions): Promise<Receipt>;
}

export interface Consent {
  readonly state: ConsentState;
  /**
   * Held calls are made now, in their order, with the time and page that they had. Events carry the categories (names of those
   * that are on, or all with what they are) as `context.consent.categoryPreferences`. Of the names, `analytics` opens events and
   * `messaging` opens private calls, where they are given.
   */
  grant(categories?: readonly string[] | Categories): void;
  /** Held calls are dropped. After a grant: sending stops, and everything that was stored is deleted. */
  deny(): void;
}

/** The SDK. Nothing here ever throws or rejects, once it is made, but for private calls: `fetch`, `inbox`, `customer`. */
export interface Analytics<Events extends object = object> extends Calls<Events> {
  /** Forgets the visitor: new anonymous id, no user, no group. What is stored keeps its own identity. */
  anonymize(): void;
  /** The same as `anonymize`. */
  reset(): void;
  /**
   * Sends everything now. Resolves when nothing waits any more, or nothing can be done for the moment, or after
   * `timeoutMs` (default 10 000 ms).
   */
  flush(options?: { readonly timeoutMs?: number }): Promise<FlushResult>;
  stats(): Stats;
  readonly consent: Consent;
  /** What the SDK tells. Answers its own stop function. */
  on<Name extends EventName>(name: Name, listener: Listener<AnalyticsEvents[Name]>): () => void;
  /** Events of the wrapped SDK: `track`, `page`, `identify`, `group`, `alias`, `screen`, `reset`. */
  on(name: string, listener: (...args: readonly unknown[]) => void): () => void;
  /** Resolves when the plugins have loaded. */
  ready(callback?: () => void): Promise<void>;
  user(): User;
  /** Events made after this call pass through these plugins. A plugin that fails is told as `error`. */
  register(...plugins: readonly Plugin[]): Promise<void>;
  deregister(...names: readonly string[]): Promise<void>;
  /** Sees each event before it is stored; skipping `next` drops it. */
  addSourceMiddleware(middleware: SourceMiddleware): Promise<void>;
  /** Answers the visitor's anonymous id, or null before consent. */
  setAnonymousId(id?: string): string | null;
  /** The token of whoever is identified, in place of what the provider would give. `null`: forgets it. */
  setCustomerToken(token: TokenResult | null): void;
  /** Asks the provider for a fresh one. What went wrong is in the status; before consent there is none. */
  refreshCustomerToken(): Promise<TokenStatus>;
  /** Never the token itself. */
  customerTokenStatus(): TokenStatus;
  /**
   * A private call, with the customer token. Answers whatever the proxy answers, but for a token that it refuses.
   * @param path below `proxyUrl`, as `/v1/x`
   * @throws SdkError where there is no token, or where the person changes before the answer is there
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  readonly inbox: Inbox;
  readonly customer: Customer;
  /** Stops every timer, listener and lock of this instance. What is stored is sent by the next page. */
  close(): void;
}
