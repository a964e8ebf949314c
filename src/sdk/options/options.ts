import type { CustomerToken } from '../auth/customer-token-options.ts';
import type { ConsentSource } from '../consent/source.ts';
import type { CookieOptions } from '../identity/cookies.ts';
import type { IdentityOptions } from '../identity/stored-user.ts';
import type { InAppMessageOptions } from '../messages/message-options.ts';
import type { Plugin } from '../plugins/plugin.ts';
import type { ConsentState } from '../events.ts';
import type { StorageKind } from '../outbox/outbox.ts';
import { CLIENT_KEY_HEADER, type WireEvent } from '../../protocol/wire.ts';

/** Options of `delivery`: how batches are made and sent. */
export interface DeliveryOptions {
  /** The most events in one request. @default 100 */
  readonly maxBatchEvents?: number;
  /** The most bytes of JSON in one request. Customer.io accepts 500 KB. @default 475000 */
  readonly maxBatchBytes?: number;
  /** The longest time that a stored event waits before its batch is sent, in milliseconds. @default 1000 */
  readonly flushIntervalMs?: number;
  /** The longest time that a request may take, in milliseconds. @default 15000 */
  readonly requestTimeoutMs?: number;
  /**
   * `auto`: the SDK compresses requests with gzip, once a response of the proxy has announced that it reads gzip. `off`: never.
   * @default 'auto'
   */
  readonly compression?: 'auto' | 'off';
  /**
   * Credential of requests with events. With `customer-token`, events of an identified person are sent with that person's token,
   * and wait while there is no token. Events of anonymous visitors are sent with the client key.
   * @default 'client-key'
   */
  readonly authorization?: 'client-key' | 'customer-token';
  /**
   * Header that carries the client key. Use `X-CIO-Client-Key` if a server in front of the proxy reads `Authorization` itself (for
   * example, for the password of a staging site) or overwrites it. A customer token is always sent in `Authorization`.
   * @default 'Authorization'
   */
  readonly clientKeyHeader?: 'Authorization' | 'X-CIO-Client-Key';
  /**
   * Whether requests to the proxy carry cookies. Use `same-origin` if a gateway in front of the whole site refuses requests without
   * its cookie. Use `include` if such a gateway is in front of a proxy on another origin. The proxy itself needs no cookie. Even
   * with `omit`, the last request of a page carries the cookies of its own origin. Otherwise the browser would ignore the cookie in
   * the response, from which the next page learns that the request has arrived.
   * @default 'omit'
   */
  readonly credentials?: 'omit' | 'same-origin' | 'include';
}

/**
 * Options of `outbox`: where events wait until they are delivered, and the limits. Above a limit, the oldest events are dropped
 * first.
 */
export interface OutboxOptions {
  /**
   * Where events wait until they are delivered. The SDK automatically uses memory if the browser refuses IndexedDB.
   * @default 'indexeddb'
   */
  readonly storage?: StorageKind;
  /**
   * The maximum number of events that wait. Above this limit, the oldest event is dropped (`outbox-full`). Also the limit for calls
   * that wait for consent.
   * @default 10000
   */
  readonly maxEvents?: number;
  /**
   * The maximum size of the events that wait, in bytes of JSON. Above this limit, the oldest event is dropped (`outbox-full`).
   * @default 10485760 (10 MiB)
   */
  readonly maxBytes?: number;
  /**
   * The longest time that an event waits, in milliseconds. After this time, the event is dropped (`expired`).
   * @default 604800000 (7 days)
   */
  readonly maxAgeMs?: number;
}

/** Options of `pageViews`: which page views the SDK records automatically. */
export interface PageViewOptions {
  /**
   * `manual`: none. `load`: one `page()` for the page that was loaded. `history`: also one for each new URL in that page.
   * @default 'manual'
   */
  readonly mode?: 'manual' | 'load' | 'history';
  /** Whether a new hash counts as a new page, as for routers that keep the path in the hash. @default false */
  readonly hash?: boolean;
  /**
   * Whether a new query counts as a new page. `false` compares only the path, as for filters and search-as-you-type.
   * @default true
   */
  readonly search?: boolean;
  /** Whether a URL that replaces another URL in the history (`replaceState`) counts as a new page. @default true */
  readonly replace?: boolean;
}

/**
 * Options of `createAnalytics`. For a wrong or unknown option, the SDK emits an `error` event (`invalid-options`) and discards
 * every call.
 */
export interface AnalyticsOptions {
  /**
   * Base URL of your proxy: absolute, or a path on this origin (preferred: no preflight). The SDK keeps a path prefix. Required.
   */
  readonly proxyUrl: string | URL;
  /** Name of this site for your proxy. Not a secret: every visitor can read it. Must not contain `:`. Required. */
  readonly clientKey: string;
  /**
   * Whether the visitor agrees: a state, or consent sources (of `cio-first-party/consent` or your own). With several sources, the
   * state is `denied` as soon as one source denies, and `granted` only when every source that can grant has granted. While the
   * state is `pending`, calls wait in memory, and the SDK uses no cookie and no storage, and sends no request. `denied` deletes the
   * data that earlier visits have stored.
   * @default 'granted'
   */
  readonly consent?: ConsentState | ConsentSource | readonly ConsentSource[];
  /**
   * Page views that the SDK records automatically. `manual`: none. `load`: one `page()` for the page that was loaded. `history`:
   * also one for each new URL in that page.
   * @default 'manual'
   */
  readonly pageViews?: NonNullable<PageViewOptions['mode']> | PageViewOptions;
  /** How batches are made and sent. @default the defaults of {@link DeliveryOptions} */
  readonly delivery?: DeliveryOptions;
  /** Where events wait until they are delivered, and the limits. @default the defaults of {@link OutboxOptions} */
  readonly outbox?: OutboxOptions;
  /**
   * Receives each event at the time of its call, and returns the event to send. The function must be synchronous. The event is
   * dropped (`before-send`) when the function returns `null` or a promise, or throws.
   * @default none
   */
  readonly beforeSend?: (event: WireEvent) => WireEvent | null;
  /** Plugins of Customer.io's SDK. Events wait until all plugins have loaded. @default `[]` */
  readonly plugins?: readonly Plugin[];
  /** Where the visitor's ids and traits are stored, as in Customer.io's SDK. @default the defaults of {@link IdentityOptions} */
  readonly user?: IdentityOptions;
  /** Where id and traits of the visitor's group are stored. @default the defaults of {@link IdentityOptions} */
  readonly group?: IdentityOptions;
  /** The cookies with the visitor's ids. @default the defaults of {@link CookieOptions} */
  readonly cookie?: CookieOptions;
  /** Destinations that get events, as in Customer.io's SDK: `{ All: true, Name: false }`. @default `{}` */
  readonly integrations?: Readonly<Record<string, unknown>>;
  /** Returns the customer token of the current person, for private calls: a function, or `{ provider, … }` with limits. @default none */
  readonly customerToken?: CustomerToken;
  /**
   * In-app messages of Customer.io: `true`, or options. The file for them is loaded after the visitor has agreed. The proxy needs its
   * option `inApp`.
   * @default false
   */
  readonly inApp?: boolean | InAppMessageOptions;
  /** Logs each step on the console, without the content of events. Use `beforeSend` to log the content. @default false */
  readonly debug?: boolean;
}

/** The options after `resolveAnalyticsOptions`: complete, with every default. */
export interface AnalyticsSettings {
  readonly proxyUrl: string;
  readonly clientKey: string;
  readonly consent: ConsentState | readonly ConsentSource[];
  readonly pageViews: Required<PageViewOptions>;
  readonly delivery: Required<DeliveryOptions>;
  readonly outbox: Required<OutboxOptions>;
  readonly beforeSend: ((event: WireEvent) => WireEvent | null) | undefined;
  readonly plugins: readonly Plugin[];
  readonly user: IdentityOptions;
  readonly group: IdentityOptions;
  readonly cookie: CookieOptions;
  readonly integrations: Readonly<Record<string, unknown>>;
  readonly customerToken: CustomerToken | undefined;
  readonly inApp: boolean | InAppMessageOptions | undefined;
  /** Whether the application has paused in-app messages. Not an option. */
  isPaused?: boolean | undefined;
  readonly debug: boolean;
}

/** The default of each option. For an option with a choice of texts: all of its texts, the default first. */
type Defaults<T> = { readonly [Name in keyof T]: T[Name] extends string ? readonly T[Name][] : T[Name] };

const DELIVERY: Defaults<Required<DeliveryOptions>> = {
  maxBatchEvents: 100,
  maxBatchBytes: 475_000,
  flushIntervalMs: 1_000,
  requestTimeoutMs: 15_000,
  compression: ['auto', 'off'],
  authorization: ['client-key', 'customer-token'],
  clientKeyHeader: ['Authorization', CLIENT_KEY_HEADER],
  credentials: ['omit', 'same-origin', 'include'],
};

const OUTBOX: Defaults<Required<OutboxOptions>> = {
  storage: ['indexeddb', 'memory'],
  maxEvents: 10_000,
  maxBytes: 10 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60 * 1_000,
};

const PAGE_VIEWS: Defaults<Required<PageViewOptions>> = {
  mode: ['manual', 'load', 'history'],
  hash: false,
  search: true,
  replace: true,
};

const OPTIONAL = {
  customerToken: undefined as CustomerToken | undefined,
  inApp: undefined as boolean | InAppMessageOptions | undefined,
  beforeSend: undefined,
  plugins: [],
  user: {},
  group: {},
  cookie: {},
  integrations: {},
  debug: false,
};

/** A wrong option: its name, its value, and the default or the choices of this option. */
export type Mistake = readonly [name: string, value: unknown, standard?: unknown];

/** Completes the options, and calls `wrong` for each wrong one. After such a call the returned settings must not be used. */
export function resolveAnalyticsOptions(
  options: AnalyticsOptions,
  pageUrl: string,
  wrong: (...mistake: Mistake) => void,
): AnalyticsSettings {
  if (!isObject(options)) wrong('options', options, {});
  const { proxyUrl, clientKey, consent = 'granted', pageViews, delivery, outbox, ...rest } = Object(options);

  /** Adds defaults for options that are missing or undefined. Any other option must have a known name and the type of its default. */
  function complete<T extends object>(prefix: string, defaults: Defaults<T>, group: unknown = {}): T {
    const result: Record<string, unknown> = {};
    // The first of a list of choices is the default. An empty list has no first item, so that it is the default itself.
    for (const [key, value] of Object.entries<unknown>(defaults)) [result[key] = value] = [value].flat();
    if (!isObject(group)) wrong(prefix.slice(0, -1), group, {});
    else
      for (const [key, value] of Object.entries(group)) {
        const standard = defaults[key as keyof T] as unknown;
        const kind = typeof result[key];
        const fits =
          kind === 'string'
            ? (standard as readonly unknown[]).includes(value)
            : kind === 'number'
              ? Number.isInteger(value) && Number(value) > 0
              : kind === 'undefined' || (typeof value === kind && value !== null);
        if (!(key in defaults) || (value !== undefined && !fits)) wrong(prefix + key, value, standard);
        else if (value !== undefined) result[key] = value;
      }
    return result as T; // each key is one of the defaults, with a value of the same type
  }

  function resolveConsent(): AnalyticsSettings['consent'] {
    if (['granted', 'pending', 'denied'].includes(consent)) return consent;
    const sources = [consent].flat() as readonly Partial<ConsentSource>[];
    if (
      !sources.every((source) => typeof source?.subscribe === 'function') ||
      sources.every(({ onlyDenies }) => onlyDenies)
    )
      wrong('consent', consent);
    return sources as readonly ConsentSource[];
  }

  function resolveProxyUrl(): string {
    try {
      // A text such as "events.example.com" has no scheme: `new URL` would resolve it as a folder next to the page.
      if (/^(https?:\/)?\//i.test(proxyUrl)) {
        const url = new URL(proxyUrl, pageUrl);
        if (url.protocol.startsWith('http')) return url.origin + url.pathname.replace(/\/+$/, '');
      }
    } catch {
      // `new URL` throws for an invalid URL, which the call of `wrong` below reports.
    }
    wrong('proxyUrl', proxyUrl);
    return '';
  }

  if (typeof clientKey !== 'string' || !/^[^:]+$/.test(clientKey)) wrong('clientKey', clientKey);
  const settings: AnalyticsSettings = {
    ...complete<typeof OPTIONAL>('', OPTIONAL, rest),
    consent: resolveConsent(),
    proxyUrl: resolveProxyUrl(),
    clientKey,
    pageViews: complete<Required<PageViewOptions>>(
      'pageViews.',
      PAGE_VIEWS,
      isObject(pageViews) ? pageViews : { mode: pageViews },
    ),
    delivery: complete<Required<DeliveryOptions>>('delivery.', DELIVERY, delivery),
    outbox: complete<Required<OutboxOptions>>('outbox.', OUTBOX, outbox),
  };
  const { beforeSend, customerToken, plugins } = settings;
  if (beforeSend !== undefined && typeof beforeSend !== 'function') wrong('beforeSend', beforeSend);
  type Unchecked = { readonly provider?: Unchecked; readonly getCustomerToken?: unknown } | null | undefined;
  const unchecked = customerToken as Unchecked;
  const provider = unchecked?.provider ?? unchecked;
  if (unchecked !== undefined && typeof (provider?.getCustomerToken ?? provider) !== 'function')
    wrong('customerToken', unchecked);
  // Limits of a token are recognised by the end of their names: the list of all names is in a file that is loaded later.
  for (const [key, value] of Object.entries(unchecked?.provider ? unchecked : {}))
    if (/s$|Ratio$/.test(key) && value !== undefined && !(Number(value) > 0))
      wrong(`customerToken.${key}`, value);
  if (!Array.isArray(plugins) || !plugins.every((plugin) => typeof plugin?.load === 'function'))
    wrong('plugins', plugins);
  return settings;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
