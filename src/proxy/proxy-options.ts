import type { ClientIp } from './access/client-ip.ts';
import type { KeyCheck, SiteKey } from './access/client-key.ts';
import type { AnonymousIdCookieOptions } from './files/anonymous-id-cookie.ts';
import type { DeduplicateOptions } from './deduplicate/deduplicate.ts';
import type { Deliver } from './upstream/dispatch.ts';
import type { FileSource } from './files/serve-files.ts';
import type { FetchLike } from './upstream/send-batch.ts';
import type { OnLog } from './telemetry/request-log.ts';
import type { Enrich, Filter, Transform } from './ingest/hooks.ts';
import type { RateLimitOptions } from './access/rate-limit.ts';
import type { AppApiOptions, TokenVerificationOptions, InAppOptions } from './tokens/token-options.ts';
import type { UpstreamOptions } from './upstream/upstream-options.ts';

/** What the operator may say. Anything else throws at once. */
export interface ProxyOptions {
  /** Customer.io's write key, or a function that fetches it (asked for every batch). It never leaves the server. */
  writeKey: string | (() => string | Promise<string>);

  /**
   * The keys that pages may use, compared in constant time; or a function that judges one. A text holds for every page that
   * may send, `{ key, origins }` for those of some origins. If the function throws, the answer is 503 and browsers keep
   * their events.
   */
  clientKeys: readonly (string | SiteKey)[] | KeyCheck;

  /**
   * Where the Customer.io account lives: `https://cdp.customer.io` or `https://cdp-eu.customer.io`.
   *
   * @default 'us'
   */
  region?: 'us' | 'eu' | undefined;

  /** Any address that speaks `/v1/batch`, instead of the region's. */
  upstreamUrl?: string | URL | undefined;

  /**
   * Origins whose pages may send, exactly as browsers write them, e.g. `https://shop.example.com`. The proxy's own
   * origin always may.
   *
   * @default []
   */
  origins?: readonly string[] | undefined;

  /**
   * The path under which the proxy is mounted, e.g. `/e`.
   *
   * @default ''
   */
  basePath?: string | undefined;

  /** How customer tokens are verified. Without it there are no tokens, and no private calls. */
  customerToken?: TokenVerificationOptions | undefined;

  /** Lets a person with a token read their own attributes and subscriptions. */
  appApi?: AppApiOptions | undefined;

  /** Lets a person with a token read and change their own inbox. */
  inApp?: InAppOptions | undefined;

  /**
   * Which trusted header carries the visitor's address. With it every event gets that `context.ip`, and what the browser
   * claims is removed. Without it events pass as they are.
   */
  clientIp?: ClientIp | undefined;

  /**
   * Bytes of a body, packed and unpacked.
   *
   * @default 500_000
   */
  maxBodyBytes?: number | undefined;

  /**
   * Bytes of all bodies together, unpacked, from their arrival until they are answered. Where half of them is taken, one address may have
   * an eighth of them. Beyond, the answer is 503 with `Retry-After`, and browsers send the batch again.
   *
   * @default an eighth of the memory that the process may use, 16 to 128 MiB; 32 MiB where that is not known
   */
  maxInFlightBytes?: number | undefined;

  /**
   * How long a body may take to arrive, in milliseconds. Beyond, the answer is 408 and browsers send it again. Headers are
   * the server's to wait for.
   *
   * @default 15_000, as long as the SDK waits for an answer
   */
  bodyTimeoutMs?: number | undefined;

  /**
   * Events of a batch.
   *
   * @default 500
   */
  maxEvents?: number | undefined;

  /**
   * Bytes of one event's JSON.
   *
   * @default 32_000
   */
  maxEventBytes?: number | undefined;

  /**
   * How often an address, or a client key, may ask.
   *
   * @default false: all visitors share one client key, many share one address, and a limit that is wrong delays real events
   */
  rateLimit?: RateLimitOptions | false | undefined;

  /** How carefully Customer.io is asked. */
  upstream?: UpstreamOptions | undefined;

  /**
   * Moves the `timestamp` of events from browsers whose clock is wrong by more than 15 seconds, as `sentAt` shows. Theirs
   * stays as `originalTimestamp`.
   *
   * @default false: whether Customer.io does the same is not documented, and nothing is changed that need not be
   */
  correctClock?: boolean | undefined;

  /**
   * Sends an event once. Where Customer.io has accepted the same event in the last ten minutes, it is not sent on again, and
   * counts as delivered; where another request is sending it now, this one waits for that, and sends it itself if that fails.
   * The same event: one with the same client key, the same `messageId`, and the same bytes in all of it. An event without a
   * `messageId` is sent whenever it comes.
   *
   * Costs about 5 % of the proxy's processor time, and at most 16 MiB of memory. A copy knows only what it has sent itself, and
   * forgets it when it ends: several copies side by side need a `store`.
   *
   * `false`: what comes again is sent again.
   *
   * @default true
   */
  deduplicate?: boolean | DeduplicateOptions | undefined;

  /**
   * Prolongs the SDK's cookie `ajs_anonymous_id` from the server whenever a page of the same site loads `cio.js` from the
   * proxy: Safari lets cookies of scripts live for seven days. A visitor without that cookie is given none.
   */
  anonymousIdCookie?: AnonymousIdCookieOptions | undefined;

  /**
   * What the server knows of the visitor. Asked once for a batch; what it returns goes into the `context` of each event, in
   * place of what the browser has there. A throw is answered 503 and the browser sends the batch again.
   */
  enrich?: Enrich | undefined;

  /** Which events to deliver. The rest counts as delivered for the browser. Asked before `transform`. */
  filter?: Filter | undefined;

  /**
   * Changes an event before it is delivered. What it returns is not checked again: it is your server's word. An event for
   * which it, or `filter`, throws is not sent: where it works for others of the batch, the browser is told to drop that one
   * (`rejected`, `hook_failed`); otherwise the answer is 503 and the browser keeps them all.
   */
  transform?: Transform | undefined;

  /**
   * Where an accepted batch goes instead of Customer.io. Resolve when it is safe there; a throw, or more than
   * `timeoutMs`, is answered 503 and the browser sends it again.
   */
  deliver?: Deliver | undefined;

  /** Told of every request, once, when it is answered. */
  onLog?: OnLog | undefined;

  /**
   * The path of metrics for Prometheus, below `basePath`, such as `/metrics`. Whoever reaches it can read them.
   *
   * @default none
   */
  metrics?: string | undefined;

  /**
   * The content of `cio.js` and `cio-*.js`, or `null`.
   *
   * @default reads the files beside this module, where there is a file system
   */
  files?: FileSource | undefined;

  /**
   * Speaks to Customer.io, and fetches `customerToken.jwksUrl`.
   *
   * @default the runtime's; on Node batches go over `node:http`, unless the global `fetch` or its dispatcher were replaced
   */
  fetch?: FetchLike | undefined;

  /**
   * How long a delivery or a private call may take, in milliseconds: hooks, retries and redirects included.
   *
   * @default 10_000
   */
  timeoutMs?: number | undefined;
}
