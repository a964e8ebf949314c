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

/** The options of `createProxy`. For an unknown option or a wrong value, `createProxy` throws an `SdkError` (`invalid-options`). */
export interface ProxyOptions {
  /**
   * The write key of the Customer.io workspace, or a function that returns it. The proxy calls the function for every request to
   * Customer.io. The key is a secret: browsers never get it.
   *
   * @example process.env.CIO_WRITE_KEY ?? ''
   */
  writeKey: string | (() => string | Promise<string>);

  /**
   * The client keys that pages may use, or a function that checks a key. A text is a key for pages of every allowed origin,
   * `{ key, origins }` a key for pages of some origins; its `name` is in the log and in the metrics. Keys of a list are compared in constant time. If the function throws, or
   * takes longer than `timeoutMs`, the proxy responds 503 and browsers keep their events.
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
   * The URL of a server that accepts batches at `/v1/batch`, instead of Customer.io's.
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
   * How customer tokens are verified. Without this option, the proxy refuses requests with a token, and responds 404 to private
   * calls.
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
   * The trusted header that carries the visitor's IP address. Every event then gets that IP address as its `context.ip`, and the
   * proxy removes an IP address that the browser has written there. Without this option `context.ip` is not changed.
   *
   * @default none
   * @example { header: 'x-forwarded-for', hops: 1 }
   */
  clientIp?: ClientIp | undefined;

  /**
   * The maximum size of a request body in bytes, compressed as well as decompressed. The proxy refuses a larger body with 413.
   *
   * @default 500_000
   * @example 200_000
   */
  maxBodyBytes?: number | undefined;

  /**
   * The maximum size of the bodies of all requests together, in bytes after decompression, from the arrival of a body until the
   * response. While more than half of this size is in use, the requests from one IP address may use an eighth of it at most. Above
   * a limit, the proxy responds 503 with `Retry-After`, and browsers send the batch again.
   *
   * @default an eighth of the memory that the process may use, 16 to 128 MiB; 32 MiB where that is not known
   * @example 64 * 1024 * 1024
   */
  maxInFlightBytes?: number | undefined;

  /**
   * The maximum time to receive a body, in milliseconds. After this time, the proxy responds 408, and browsers send the batch
   * again. The time for headers is a setting of your HTTP server.
   *
   * @default 15_000, as long as the SDK waits for a response
   * @example 5_000
   */
  bodyTimeoutMs?: number | undefined;

  /**
   * The maximum number of events of a batch. The proxy refuses a larger batch with 413.
   *
   * @default 500
   * @example 100
   */
  maxEvents?: number | undefined;

  /**
   * The maximum size of the JSON of an event, in bytes. The proxy refuses a batch with a larger event with 413.
   *
   * @default 32_000
   * @example 16_000
   */
  maxEventBytes?: number | undefined;

  /**
   * How many requests an IP address, or a client key, may make in a time window.
   *
   * @default false: all visitors share one client key, many share one IP address, and a wrong limit delays real events
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
   * Delivers a repeated event only once. The proxy does not send an event again that Customer.io has accepted in the last ten
   * minutes; such an event counts as delivered. While another request is sending the same event, this request waits for the result,
   * and sends the event itself if the other request fails. Two events are the same if they have the same client key, the same
   * `messageId`, and equal bytes. An event without a `messageId` is always sent.
   *
   * Deduplication costs about 5 % of the proxy's processor time, and at most 16 MiB of memory. A replica of the proxy recognises
   * only the events that it has sent itself, and after a restart it recognises none of them: several replicas need a shared
   * `store`.
   *
   * `false`: every event is sent, also a repeated one.
   *
   * @default true
   * @example { windowMs: 300_000 }
   */
  deduplicate?: boolean | DeduplicateOptions | undefined;

  /**
   * Accepts the requests of Customer.io's own SDKs for the web, Android, iOS, React Native and Flutter, whose hosts point to this
   * proxy and whose key is a client key. The proxy then also serves `/v1/b`, single calls such as `/v1/track` and `/v1/t`, and
   * `GET /v1/projects/<client key>/settings`. The client key may be in the body (`writeKey`), and the body may be `text/plain`.
   *
   * The same rules apply as for this SDK. An event that breaks a rule is refused alone, because these SDKs would repeat or drop the
   * whole batch. The events `Device Created or Updated` and `Device Deleted` need a customer token of the person in `userId`.
   *
   * @default false
   * @example true
   */
  compatibility?: boolean | undefined;

  /**
   * Prolongs the SDK's cookie `ajs_anonymous_id` from the server whenever a page of the same site loads `cio.js` from the proxy.
   * Safari deletes cookies that scripts have set after seven days. For a visitor without that cookie, the proxy sets none.
   *
   * @default none
   * @example { domain: 'example.com' }
   */
  anonymousIdCookie?: AnonymousIdCookieOptions | undefined;

  /**
   * Returns fields that the server adds to the `context` of each event, such as the country of the visitor. The proxy calls the
   * function once per batch. The returned fields replace fields of the same names. If the function throws, the proxy responds 503
   * and the browser sends the batch again.
   *
   * @default none
   * @example ({ request }) => ({ country: request.headers.get('CF-IPCountry') })
   */
  enrich?: Enrich | undefined;

  /**
   * Returns whether an event is delivered. The browser removes the other events as if they were delivered. The proxy calls this
   * function before `transform`. The second argument has the request, with its headers.
   *
   * @default none
   * @example (event, { request }) => !/bot|crawler/i.test(request.headers.get('User-Agent') ?? '')
   */
  filter?: Filter | undefined;

  /**
   * Returns the event that is delivered instead of the received event. The proxy does not check the returned event again, because
   * your code is trusted.
   *
   * An event for which this function, or `filter`, throws is not sent. If the function works for other events of the batch, the
   * response names that event (`rejected`, `hook_failed`), and the browser removes it. Otherwise the proxy responds 503 and the
   * browser keeps all events.
   *
   * @default none
   * @example (event) => ({ ...event, properties: { ...event.properties, shop: 'de' } })
   */
  transform?: Transform | undefined;

  /**
   * Receives the accepted batches instead of Customer.io. The returned promise must not resolve before the batch is stored safely.
   * If the function throws, or takes more than `timeoutMs`, the proxy responds 503 and the browser sends the batch again.
   *
   * @default batches are sent to Customer.io
   * @example async ({ batch }) => { await queue.send(JSON.stringify(batch)); }
   */
  deliver?: Deliver | undefined;

  /**
   * Called once for every request, after the response. An error of this function does not fail the request.
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
   * @default reads the files next to this module, if the runtime has a file system
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
   * The maximum time for a delivery or a private call, in milliseconds, with hooks, retries and redirects.
   *
   * @default 10_000
   * @example 5_000
   */
  timeoutMs?: number | undefined;
}
