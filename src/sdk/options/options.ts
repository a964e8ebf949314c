import type { CustomerToken } from '../auth/customer-token-options.ts';
import type { ConsentSource } from '../consent/source.ts';
import type { CookieOptions } from '../identity/cookies.ts';
import type { IdentityOptions } from '../identity/stored-user.ts';
import type { Plugin } from '../plugins/plugin.ts';
import type { ConsentState } from '../events.ts';
import type { StorageKind } from '../outbox/outbox.ts';
import { CLIENT_KEY_HEADER, type WireEvent } from '../../protocol/wire.ts';

/** How batches are made and sent. */
export interface DeliveryOptions {
  /** Events in one request. @default 100 */
  readonly maxBatchEvents?: number;
  /** Bytes of JSON in one request; Customer.io takes 500 KB. @default 475000 */
  readonly maxBatchBytes?: number;
  /** The longest that a stored event waits before its batch is sent, in milliseconds. @default 1000 */
  readonly flushIntervalMs?: number;
  /** How long a request may take, in milliseconds. @default 15000 */
  readonly requestTimeoutMs?: number;
  /** `auto`: gzip, once the proxy has said that it reads it. @default 'auto' */
  readonly compression?: 'auto' | 'off';
  /**
   * What requests with events carry. With `customer-token`, events of an identified person go with that person's token, and
   * wait where there is none; what nobody is known for goes with the client key. @default 'client-key'
   */
  readonly authorization?: 'client-key' | 'customer-token';
  /**
   * Which header carries the client key. `X-CIO-Client-Key` where something in front of the proxy takes `Authorization` for
   * itself, as the password of a staging site does, or writes it. A customer token stays in `Authorization`. @default 'Authorization'
   */
  readonly clientKeyHeader?: 'Authorization' | 'X-CIO-Client-Key';
  /**
   * Whether requests to the proxy carry the cookies of its origin. `same-origin` where a gateway in front of the whole site
   * lets nothing pass without its cookie, and `include` where that stands in front of a proxy on another origin. The proxy
   * itself reads no cookie. With `omit`, only the last request of a page carries those of its own origin, so that the browser
   * takes the cookie by which the next page learns that it has arrived. @default 'omit'
   */
  readonly credentials?: 'omit' | 'same-origin' | 'include';
}

/** Where events wait, and how many. Beyond the limits the oldest go first. */
export interface OutboxOptions {
  /** Falls back to memory by itself when the browser refuses. @default 'indexeddb' */
  readonly storage?: StorageKind;
  /** @default 10000 */
  readonly maxEvents?: number;
  /** Bytes of JSON. @default 10485760 (10 MiB) */
  readonly maxBytes?: number;
  /** Milliseconds. @default 604800000 (7 days) */
  readonly maxAgeMs?: number;
}

/** Which pages are told by themselves. */
export interface PageViewOptions {
  /** @default 'manual' */
  readonly mode?: 'manual' | 'load' | 'history';
  /** Whether another hash is another page, as for routers that keep the address there. @default false */
  readonly hash?: boolean;
  /** Whether another query is another page; `false` looks at the path alone, as for filters and search-as-you-type. @default true */
  readonly search?: boolean;
  /** Whether an address that takes the place of another in the history (`replaceState`) is another page. @default true */
  readonly replace?: boolean;
}

export interface AnalyticsOptions {
  /** Your proxy: an absolute address, or a path on this origin (preferred: no preflight). A path prefix is kept. */
  readonly proxyUrl: string | URL;
  /** Names this site to your proxy. Every visitor can read it. No `:`. */
  readonly clientKey: string;
  /**
   * Whether the visitor has agreed, or who knows it: sources of `cio-first-party/consent` or your own, of which one denial
   * denies and a grant needs all. While it is `pending`, calls wait in memory and nothing else happens. @default 'granted'
   */
  readonly consent?: ConsentState | ConsentSource | readonly ConsentSource[];
  /**
   * `load`: one `page()` for the page that was loaded. `history`: one also for each new address in it. @default 'manual'
   */
  readonly pageViews?: NonNullable<PageViewOptions['mode']> | PageViewOptions;
  readonly delivery?: DeliveryOptions;
  readonly outbox?: OutboxOptions;
  /** Sees each event at its call, synchronously; may change it. `null`, a throw or a promise drops it (`before-send`). */
  readonly beforeSend?: (event: WireEvent) => WireEvent | null;
  /** Plugins of the wrapped SDK; events wait until they have loaded. */
  readonly plugins?: readonly Plugin[];
  /** Where the visitor's ids and traits are kept, as in the wrapped SDK. */
  readonly user?: IdentityOptions;
  /** The same for groups. */
  readonly group?: IdentityOptions;
  /** The cookie that keeps the visitor's ids. */
  readonly cookie?: CookieOptions;
  /** Which destinations get events, as in the wrapped SDK: `{ All: true, Name: false }`. */
  readonly integrations?: Readonly<Record<string, unknown>>;
  /** Gets the token of whoever is identified, for private calls: a function, or `{ provider, … }` with its limits. */
  readonly customerToken?: CustomerToken;
  /** Prints what happens to the console, without payloads; `beforeSend` sees those. @default false */
  readonly debug?: boolean;
}

/** The options with nothing missing. */
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
  readonly debug: boolean;
}

/** The default of each option. Where there is a choice of texts: all of them, the default first. */
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
  beforeSend: undefined,
  plugins: [],
  user: {},
  group: {},
  cookie: {},
  integrations: {},
  debug: false,
};

/** An option that is not what it must be: its name, what came, and the default or the choices that it has. */
export type Mistake = readonly [name: string, came: unknown, standard?: unknown];

/** Completes the options, and tells each that is wrong. With one of those, the settings are of no use. */
export function resolveAnalyticsOptions(
  options: AnalyticsOptions,
  pageUrl: string,
  wrong: (...mistake: Mistake) => void,
): AnalyticsSettings {
  if (!isObject(options)) wrong('options', options, {});
  const { proxyUrl, clientKey, consent = 'granted', pageViews, delivery, outbox, ...rest } = Object(options);

  /** Defaults for what is missing or undefined; everything else must be known and of the default's kind. */
  function complete<T extends object>(prefix: string, defaults: Defaults<T>, given: unknown = {}): T {
    const result: Record<string, unknown> = {};
    // An empty list has no first, and is itself a default.
    for (const [key, value] of Object.entries<unknown>(defaults)) [result[key] = value] = [value].flat();
    if (!isObject(given)) wrong(prefix.slice(0, -1), given, {});
    else
      for (const [key, value] of Object.entries(given)) {
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
    return result as T; // every key is one of the defaults', of the same kind
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
      // "events.example.com" would be a folder beside the page.
      if (/^(https?:\/)?\//i.test(proxyUrl)) {
        const url = new URL(proxyUrl, pageUrl);
        if (url.protocol.startsWith('http')) return url.origin + url.pathname.replace(/\/+$/, '');
      }
    } catch {
      // Told below.
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
  type Given = { readonly provider?: Given; readonly getCustomerToken?: unknown } | null | undefined;
  const given = customerToken as Given;
  const provider = given?.provider ?? given;
  if (given !== undefined && typeof (provider?.getCustomerToken ?? provider) !== 'function')
    wrong('customerToken', given);
  // All of their names stand where they are used, in a file that is loaded later.
  for (const [key, value] of Object.entries(given?.provider ? given : {}))
    if (/s$|Ratio$/.test(key) && value !== undefined && !(Number(value) > 0))
      wrong(`customerToken.${key}`, value);
  if (!Array.isArray(plugins) || !plugins.every((plugin) => typeof plugin?.load === 'function'))
    wrong('plugins', plugins);
  return settings;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
