import type { ClientIp } from './access/client-ip.ts';
import type { KeyCheck, SiteKey } from './access/client-key.ts';
import type { AnonymousIdCookieOptions } from './files/anonymous-id-cookie.ts';
import type { DeduplicateOptions } from './deduplicate/deduplicate.ts';
import type { Deliver } from './upstream/dispatch.ts';
import type { FileSource } from './files/serve-files.ts';
import type { InAppOptions } from './messages/in-app-options.ts';
import type { FetchLike } from './upstream/send-batch.ts';
import type { OnLog } from './telemetry/request-log.ts';
import type { Enrich, Filter, Transform } from './ingest/hooks.ts';
import type { RateLimitOptions } from './access/rate-limit.ts';
import type { AppApiOptions, TokenVerificationOptions } from './tokens/token-options.ts';
import type { UpstreamOptions } from './upstream/upstream-options.ts';

/** The options of `createProxy`. An unknown option, or a wrong value, throws `invalid-options` at once. */
export interface ProxyOptions {
  /**
   * The write key of the Customer.io workspace, or a function that returns it, which is called for every request to Customer.io. The
   * key is a secret, and never leaves the server.
   *
   * @example process.env.CIO_WRITE_KEY ?? ''
   */
  writeKey: string | (() => string | Promise<string>);

  /**
   * The client keys that pages may use, or a function that checks a key. A text is a key for pages of every allowed origin,
   * `{ key, origins }` a key for pages of some origins. Keys of a list are compared in constant time. If the function throws, or takes
   * longer than `timeoutMs`, the answer is 503 and browsers keep their events.
   *
   * @example ['client-api-key-web', { key: 'client-api-key-shop', origins: ['https://shop.example.com'] }]
   */
  clientKeys: readonly (string | SiteKey)[] | KeyCheck;

  /**
   * The region of the Customer.io account, which decides where batches are sent: `https://cdp.customer.io` (`us`) or
   * `https://cdp-eu.customer.io` (`eu`).
   *
   * @default 'us'
   * @example 'eu'
   */
  region?: 'us' | 'eu' | undefined;

  /**
   * The URL of a server that takes batches at `/v1/batch`, in place of Customer.io's.
   *
   * @default the URL of the `region`
   * @example 'https://cdp-eu.customer.io'
   */
  upstreamUrl?: string | URL | undefined;

  /**
   * The origins whose pages may send events, exactly as browsers write them. The proxy's own origin is always allowed.
   *
   * @default []
   * @example ['https://shop.example.com']
   */
  origins?: readonly string[] | undefined;

  /**
   * The path under which the proxy is mounted.
   *
   * @default ''
   * @example '/e'
   */
  basePath?: string | undefined;

  /**
   * How customer tokens are verified. Without this option, requests with a token are refused, and private calls are answered 404.
   *
   * @default none
   * @example { jwksUrl: 'https://id.example.com/.well-known/jwks.json', audience: 'shop', mode: 'required' }
   */
  customerToken?: TokenVerificationOptions | undefined;

  /**
   * Lets a person with a customer token read their own attributes, and read and change their own subscriptions.
   *
   * @default none
   * @example { key: process.env.CIO_APP_API_KEY ?? '', attributes: ['plan'] }
   */
  appApi?: AppApiOptions | undefined;

  /**
   * Lets a person with a customer token read and change their own inbox, and see in-app messages.
   *
   * @default none
   * @example { siteId: process.env.CIO_SITE_ID ?? '' }
   */
  inApp?: InAppOptions | undefined;

  /**
   * The trusted header that carries the visitor's IP address. Every event then gets that address as its `context.ip`, and an address
   * that the browser wrote there is removed. Without this option `context.ip` is not changed.
   *
   * @default none
   * @example { header: 'x-forwarded-for', hops: 1 }
   */
  clientIp?: ClientIp | undefined;

  /**
   * Most bytes of a body, of the packed one as well as of the unpacked one. A larger body is refused with 413.
   *
   * @default 500_000
   * @example 200_000
   */
  maxBodyBytes?: number | undefined;

  /**
   * Most bytes of the bodies of all requests together, unpacked, from the arrival of a body until its request is answered. While more
   * than half of them are used, requests from one IP address may hold an eighth of them at most. Beyond, the answer is 503 with
   * `Retry-After`, and browsers send the batch again.
   *
   * @default an eighth of the memory that the process may use, 16 to 128 MiB; 32 MiB where that is not known
   * @example 64 * 1024 * 1024
   */
  maxInFlightBytes?: number | undefined;

  /**
   * How long a body may take to arrive, in milliseconds. Beyond, the answer is 408, and browsers send the batch again. How long headers
   * may take is a setting of your server.
   *
   * @default 15_000, as long as the SDK waits for an answer
   * @example 5_000
   */
  bodyTimeoutMs?: number | undefined;

  /**
   * Most events of a batch. A larger batch is refused with 413.
   *
   * @default 500
   * @example 100
   */
  maxEvents?: number | undefined;

  /**
   * Most bytes of the JSON of an event. A batch with a larger event is refused with 413.
   *
   * @default 32_000
   * @example 16_000
   */
  maxEventBytes?: number | undefined;

  /**
   * How many requests an IP address, or a client key, may make in a time window.
   *
   * @default false: all visitors share one client key, many share one address, and a limit that is wrong delays real events
   * @example { perAddress: 600 }
   */
  rateLimit?: RateLimitOptions | false | undefined;

  /**
   * Limits for the requests to Customer.io: how many at a time, how often a batch is sent again, when Customer.io counts as down.
   *
   * @default the defaults of {@link UpstreamOptions}
   * @example { maxConcurrent: 20, retries: 1 }
   */
  upstream?: UpstreamOptions | undefined;

  /**
   * Corrects the `timestamp` of events from browsers whose clock differs from the proxy's by more than 15 seconds, according to
   * `sentAt`. The browser's own time stays in the event as `originalTimestamp`.
   *
   * @default false: whether Customer.io does the same is not documented, and events are not changed without need
   * @example true
   */
  correctClock?: boolean | undefined;

  /**
   * Delivers a repeated event only once. An event that Customer.io has accepted in the last ten minutes is not sent again, and counts
   * as delivered. While another request is sending the same event, this request waits for the result, and sends the event itself if
   * the other request fails. Two events are the same if they have the same client key, the same `messageId`, and the same bytes
   * altogether. An event without a `messageId` is always sent.
   *
   * Deduplication costs about 5 % of the proxy's processor time, and at most 16 MiB of memory. A copy of the proxy knows only the events
   * that it has sent itself, and forgets them when it ends: several copies side by side need a `store`.
   *
   * `false`: every event is sent, also a repeated one.
   *
   * @default true
   * @example { windowMs: 300_000 }
   */
  deduplicate?: boolean | DeduplicateOptions | undefined;

  /**
   * Prolongs the SDK's cookie `ajs_anonymous_id` from the server whenever a page of the same site loads `cio.js` from the proxy. Safari
   * deletes cookies that scripts have set after seven days. A visitor without that cookie gets none.
   *
   * @default none
   * @example { domain: 'example.com' }
   */
  anonymousIdCookie?: AnonymousIdCookieOptions | undefined;

  /**
   * Returns fields that the server knows of the visitor. The function is called once for a batch; its fields replace fields of the same
   * names in the `context` of each event. If it throws, the answer is 503 and the browser sends the batch again.
   *
   * @default none
   * @example ({ request }) => ({ country: request.headers.get('CF-IPCountry') })
   */
  enrich?: Enrich | undefined;

  /**
   * Returns whether an event is delivered. The browser removes the others as if they were delivered. The function is called before
   * `transform`.
   *
   * @default none
   * @example ({ event }) => event !== 'Debug'
   */
  filter?: Filter | undefined;

  /**
   * Returns the event that is delivered in place of the given one. The returned event is not checked again: the proxy trusts your code.
   *
   * An event for which this function, or `filter`, throws is not sent. If the function works for other events of the batch, the browser
   * is told to remove that event (`rejected`, `hook_failed`); otherwise the answer is 503 and the browser keeps all events.
   *
   * @default none
   * @example (event) => ({ ...event, properties: { ...event.properties, shop: 'de' } })
   */
  transform?: Transform | undefined;

  /**
   * Takes accepted batches in place of Customer.io. Resolve when the batch is stored safely. If the function throws, or takes more than
   * `timeoutMs`, the answer is 503 and the browser sends the batch again.
   *
   * @default batches are sent to Customer.io
   * @example async ({ batch }) => { await queue.send(JSON.stringify(batch)); }
   */
  deliver?: Deliver | undefined;

  /**
   * Called once for every request, when it has been answered. An error of this function does not fail the request.
   *
   * @default none
   * @example (entry) => console.log(JSON.stringify(entry))
   */
  onLog?: OnLog | undefined;

  /**
   * The path of metrics for Prometheus, below `basePath`. Everybody who can send requests to it can read them.
   *
   * @default none
   * @example '/metrics'
   */
  metrics?: string | undefined;

  /**
   * Returns the content of `cio.js` and of the files `cio-*.js`, or `null` for a file that does not exist.
   *
   * @default reads the files beside this module, where the runtime has a file system
   * @example (name) => (name === 'cio.js' ? script : null)
   */
  files?: FileSource | undefined;

  /**
   * The `fetch` with which the proxy sends requests to Customer.io, and fetches `customerToken.jwksUrl`.
   *
   * @default the runtime's; on Node batches go over `node:http`, unless the global `fetch` or its dispatcher were replaced
   * @example (url, init) => fetch(url, { ...init, keepalive: true })
   */
  fetch?: FetchLike | undefined;

  /**
   * How long a delivery or a private call may take, in milliseconds: hooks, retries and redirects included.
   *
   * @default 10_000
   * @example 5_000
   */
  timeoutMs?: number | undefined;
}
