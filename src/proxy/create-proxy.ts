import { createAddressLimit } from './access/address-limit.ts';
import { type CredentialCheck, createCredentialCheck, type SiteKey } from './access/client-key.ts';
import type { RateLimit } from './access/rate-limit.ts';
import { createDeduplicate } from './deduplicate/deduplicate.ts';
import { createFileServer } from './files/serve-files.ts';
import { createHandler } from './handler.ts';
import { readBody } from './http/body.ts';
import { createBodyBudget } from './http/body-budget.ts';
import { createCors } from './http/cors.ts';
import { fromRequest, toResponse } from './http/fetch-adapter.ts';
import { createInFlight } from './http/in-flight.ts';
import { createNodeHandler } from './http/node-adapter.ts';
import type { NodeHandler } from './http/node-http.ts';
import type { Refusal } from './http/response.ts';
import { ownsPath } from './http/routes.ts';
import { admit } from './ingest/admission.ts';
import { createAcceptBatch, createIngest, type IngestNeeds, isSmall } from './ingest/ingest.ts';
import { lazy } from './lib/lazy.ts';
import { resolveProxyOptions } from './options/settings.ts';
import { warnOfPlainHttp } from './options/warn-plain-http.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { createLazyVerifier, WITHOUT_TOKENS } from './tokens/lazy-verifier.ts';
import { refusalOf } from './upstream/delivery.ts';
import { createDispatch } from './upstream/dispatch.ts';
import { createReadinessCheck } from './upstream/readiness-check.ts';
import { createSendBatch } from './upstream/send-batch.ts';
import { createUpstream } from './upstream/upstream.ts';

/** A running proxy. `fetch` and `node` serve the same routes, and may be called without their object: `const { fetch } = proxy`. */
export interface CioProxy {
  /**
   * Handles a request in runtimes of the Fetch API: Cloudflare Workers, Bun, Deno, route handlers of Next.js, Hono. Never rejects:
   * if something fails, the response has the error.
   *
   * @example
   * ```ts
   * export default { fetch: proxy.fetch };
   * ```
   */
  readonly fetch: (request: Request) => Promise<Response>;

  /**
   * A request listener for `node:http`, and a middleware for Express. If it is called with `next`, it calls `next` for paths that
   * the proxy does not serve.
   *
   * @example
   * ```ts
   * createServer(proxy.node).listen(8080);
   * ```
   */
  readonly node: NodeHandler;

  /**
   * Stops the proxy. From now on, the proxy responds to batches and private calls with 503, `Retry-After` and `Connection: close`.
   * The proxy still serves files and health. The promise resolves when the proxy has responded to all requests that had begun, or after
   * `timeoutMs` milliseconds (20 000 by default). `close` does not close your HTTP server.
   *
   * @example
   * ```ts
   * process.on('SIGTERM', async () => {
   *   await proxy.close({ timeoutMs: 10_000 });
   *   server.close();
   * });
   * ```
   */
  readonly close: (options?: { readonly timeoutMs?: number }) => Promise<void>;
}

/** The default of `timeoutMs` of `close`: container platforms kill a process after 30 seconds or less. */
const GRACE_MS = 20_000;

/**
 * Makes a proxy that takes batches of events from browsers and delivers them to Customer.io. The proxy responds 2xx only when
 * Customer.io, or `deliver`, has accepted the events; the browser keeps all other events and sends them again. The proxy itself
 * stores no events, so any number of replicas can run side by side.
 *
 * @throws SdkError with the code `invalid-options`, whose message names every option that is missing, unknown or wrong
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createProxy } from 'cio-first-party/proxy';
 *
 * const proxy = createProxy({
 *   writeKey: process.env.CIO_WRITE_KEY ?? '',
 *   clientKeys: ['client-api-key-web'],
 *   basePath: '/e',
 *   origins: ['https://shop.example.com'],
 * });
 * createServer(proxy.node).listen(8080);
 * ```
 */
export function createProxy(options: ProxyOptions): CioProxy {
  const settings = resolveProxyOptions(options);
  warnOfPlainHttp('createProxy', {
    upstreamUrl: options.upstreamUrl,
    'appApi.url': options.appApi?.url,
    'inApp.url': options.inApp?.url,
    'customerToken.jwksUrl': options.customerToken?.jwksUrl,
  });
  const { bodyTimeoutMs, clientIp, customerToken, deliver, rateLimit, timeoutMs } = settings;
  const { basePath, compatibility, metrics } = settings;
  const paths = { basePath, compatibility, metrics };

  const { ask, upstreamUrl, writeKey } = settings;
  const upstream = createUpstream(createSendBatch({ ask, upstreamUrl, writeKey }), settings.upstream);
  const dispatch = createDispatch({
    deliver,
    limits: settings.upstream,
    merge: settings.merge,
    timeoutMs,
    upstream,
  });

  const takesTokens = customerToken !== undefined && customerToken.mode !== 'disabled';
  const { checkToken, findAuthorizer } = takesTokens
    ? createLazyVerifier(customerToken, { fetch: settings.fetch, timeoutMs })
    : WITHOUT_TOKENS;
  const loadRateLimit =
    rateLimit && lazy(async () => (await import('./access/rate-limit.ts')).createRateLimit(rateLimit));
  const readCredentials = createCredentialCheck(settings.clientKeys, takesTokens, timeoutMs);
  const checkCredentials = loadRateLimit ? limitKeys(readCredentials, loadRateLimit) : readCredentials;

  const delivering = {
    bodyTimeoutMs,
    checkCredentials,
    clientIp,
    correctClock: settings.correctClock,
    dispatch,
    enrich: settings.enrich,
    filter: settings.filter,
    passOnce: settings.deduplicate && createDeduplicate({ ...settings.deduplicate, timeoutMs }),
    timeoutMs,
    transform: settings.transform,
  };
  const { clientKeys } = settings;
  const namedKeys = typeof clientKeys === 'function' ? 0 : clientKeys.filter(hasName).length;
  const loadMessages = lazy(async () => import('./messages/messages-entry.ts'));
  const inFlight = createInFlight();
  const messagesNeeds = {
    ...delivering,
    checkToken,
    customerToken,
    fetch: settings.fetch,
    inApp: settings.inApp,
    onClose: inFlight.onClose,
    writeKey,
  };
  const loadMessagesHandler = lazy(async () => (await loadMessages()).createMessagesHandler(messagesNeeds));
  const loadStreamHandler = lazy(async () => (await loadMessages()).createStreamHandler(messagesNeeds));
  const loadFrameHandler = lazy(async () => (await loadMessages()).createFrameHandler(settings));
  const loadBatchMetrics = lazy(async () => (await loadMessages()).createBatchMetrics(messagesNeeds));
  const loadInboxReader = lazy(async () => (await loadMessages()).createInboxReader(messagesNeeds));

  const ingestNeeds: IngestNeeds = {
    ...delivering,
    findAuthorizer,
    maxBodyBytes: settings.maxBodyBytes,
    maxEventBytes: settings.maxEventBytes,
    maxEvents: settings.maxEvents,
    replaceMetrics: async (...batch) => (await loadBatchMetrics())(...batch),
    refusal(): Refusal | undefined {
      const delivery = deliver ? undefined : upstream.refusal();
      return delivery && delivery.kind !== 'delivered' ? refusalOf(delivery) : undefined;
    },
  };
  const acceptBatch = createAcceptBatch(ingestNeeds);
  const loadCompatibility = lazy(async () =>
    (await import('./compatibility/compatibility.ts')).createCompatibility({
      ...ingestNeeds,
      acceptBatch,
      admit,
      checkToken,
      isSmall,
      readBody,
    }),
  );
  const loadPrivateHandler = lazy(async () =>
    (await import('./private/lazy-entry.ts')).createPrivateHandler({
      appApi: settings.appApi,
      bodyTimeoutMs,
      checkCredentials,
      checkToken,
      clientIp,
      customerToken,
      dispatch,
      fetch: settings.fetch,
      inApp: settings.inApp,
      readInbox: async (...inbox) => (await loadInboxReader())(...inbox),
      region: settings.region,
      timeoutMs,
    }),
  );

  const handle = createHandler({
    anonymousIdCookie: settings.anonymousIdCookie,
    bodyBudget: createBodyBudget(settings.maxInFlightBytes),
    clientIp,
    checkReadiness: deliver ? undefined : createReadinessCheck(upstream, timeoutMs),
    cors: createCors(settings.origins),
    inFlight,
    ingest: createIngest(ingestNeeds, acceptBatch),
    limitAddress:
      loadRateLimit && rateLimit?.perAddress ? createAddressLimit({ loadRateLimit, clientIp }) : undefined,
    loadMetrics:
      settings.metrics === undefined
        ? undefined
        : lazy(async () => (await import('./telemetry/metrics.ts')).createMetrics(namedKeys)),
    loadCompatibility,
    loadFrameHandler,
    loadStreamHandler,
    loadMessagesHandler,
    loadPrivateHandler,
    onLog: settings.onLog,
    paths,
    serveFile: createFileServer(settings.files),
    upstreamState: () => upstream.state(),
  });

  return {
    fetch: async (request) => toResponse(await handle(fromRequest(request))),
    node: createNodeHandler(handle, (pathname, isAsWritten) => ownsPath(pathname, isAsWritten, paths)),
    close: ({ timeoutMs: graceMs = GRACE_MS } = {}) => inFlight.close(graceMs),
  };
}

/** Counts a request for its client key (`rateLimit.perKey`) once the key is known to be good: unknown keys would fill the memory. */
function limitKeys(check: CredentialCheck, loadRateLimit: () => Promise<RateLimit>): CredentialCheck {
  return async (incoming, needs) => {
    const credentials = await check(incoming, needs);
    if (credentials.kind === 'refused') return credentials;
    return (await (await loadRateLimit()).ofKey(credentials.key)) ?? credentials;
  };
}

function hasName(entry: string | SiteKey): boolean {
  return typeof entry === 'object' && entry.name !== undefined;
}
