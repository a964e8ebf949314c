import { createAddressLimit } from './access/address-limit.ts';
import {
  type Answer,
  answer,
  answerJson,
  answerRefusal,
  comeBackLater,
  refuse,
  type Refusal,
} from './http/response.ts';
import { createBodyBudget } from './http/body-budget.ts';
import { readClientIp } from './access/client-ip.ts';
import { prolongedCookie } from './files/anonymous-id-cookie.ts';
import { createCors } from './http/cors.ts';
import { type CredentialCheck, createCredentialCheck } from './access/client-key.ts';
import { createDeduplicate } from './deduplicate/deduplicate.ts';
import { refusalOf } from './upstream/delivery.ts';
import { createCommonHeaders } from './ingest/common-headers.ts';
import { createDispatch } from './upstream/dispatch.ts';
import { fromRequest, toResponse } from './http/fetch-adapter.ts';
import { createFileServer } from './files/serve-files.ts';
import { createSendBatch } from './upstream/send-batch.ts';
import { createLazyVerifier, WITHOUT_TOKENS } from './tokens/lazy-verifier.ts';
import type { IncomingRequest } from './http/request.ts';
import { createIngest } from './ingest/ingest.ts';
import { lazy } from './lib/lazy.ts';
import { LazyRequestInfo } from './ingest/request-info.ts';
import { createInFlight } from './http/in-flight.ts';
import { type LogNote, type ProxyLogEntry, writeLog } from './telemetry/request-log.ts';
import { createNodeHandler, type NodeHandler } from './http/node-adapter.ts';
import type { ProxyOptions } from './proxy-options.ts';
import type { RequestInfo } from './ingest/hooks.ts';
import { isCounted, methodsOf, ownsPath, type Route, routeOf } from './http/routes.ts';
import { resolveProxyOptions } from './options/settings.ts';
import { createUpstream } from './upstream/upstream.ts';

/** A running proxy. Both doors lead to the same handler, and need no `this`. */
export interface CioProxy {
  /** For runtimes of the Fetch API: Workers, Bun, Deno, Next route handlers, Hono. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** For `node:http` and Express. With a `next`, paths that are not the proxy's are passed on. */
  readonly node: NodeHandler;
  /**
   * Takes nothing more (503 with `Retry-After` and `Connection: close`; files and health are still served), and resolves when
   * all that had begun is answered, or after `timeoutMs`, 20 000 ms by default.
   */
  readonly close: (options?: { readonly timeoutMs?: number }) => Promise<void>;
}

/** Container platforms kill after 30 seconds or less. */
const GRACE_MS = 20_000;
const NO_STORE = { 'Cache-Control': 'no-store' };
/** Ours are shorter; strangers may write anything into one. */
const LONGEST_LOGGED_PATH = 200;

/**
 * Makes a proxy that takes batches from browsers and delivers them to Customer.io. It keeps no events: any number of
 * copies can run side by side. It answers 2xx only when Customer.io has accepted; the browser keeps the rest.
 *
 * @throws SdkError `invalid-options`, naming every option that is missing, unknown or wrong
 */
export function createProxy(options: ProxyOptions): CioProxy {
  const settings = resolveProxyOptions(options);
  const { anonymousIdCookie, clientIp, customerToken, onLog, rateLimit } = settings;
  const cors = createCors(settings.origins);
  const serveFile = createFileServer(settings.files);
  const takesTokens = customerToken !== undefined && customerToken.mode !== 'disabled';
  const guard = takesTokens ? createLazyVerifier(customerToken, settings.fetch) : WITHOUT_TOKENS;
  const upstream = createUpstream(createSendBatch(settings), settings.upstream);
  const dispatch = createDispatch({ ...settings, limits: settings.upstream, upstream });
  const { deduplicate, timeoutMs } = settings;
  const passOnce = deduplicate && createDeduplicate({ ...deduplicate, timeoutMs });
  const limits =
    rateLimit && lazy(async () => (await import('./access/rate-limit.ts')).createRateLimit(rateLimit));
  const limitAddress = limits && rateLimit?.perAddress ? createAddressLimit({ limits, clientIp }) : undefined;
  const metrics =
    settings.metrics === undefined
      ? undefined
      : lazy(async () => (await import('./telemetry/metrics.ts')).createMetrics());
  const lifetime = createInFlight();
  const withHeaders = createCommonHeaders();
  const budget = createBodyBudget(settings.maxInFlightBytes);

  const readCredentials = createCredentialCheck(settings.clientKeys, takesTokens, timeoutMs);
  const checkCredentials: CredentialCheck = !limits
    ? readCredentials
    : async (incoming, needs) => {
        const credentials = await readCredentials(incoming, needs);
        if (credentials.kind === 'refused') return credentials;
        return (await (await limits()).ofKey(credentials.key)) ?? credentials;
      };
  const refusal = (): Refusal | undefined => {
    const delivery = settings.deliver ? undefined : upstream.refusal();
    return delivery && delivery.kind !== 'delivered' ? refusalOf(delivery) : undefined;
  };
  const needs = { ...settings, ...guard, checkCredentials, dispatch, passOnce, refusal };
  const ingest = createIngest(needs);
  const privateDoor = lazy(async () => (await import('./private/lazy-entry.ts')).createPrivateHandler(needs));

  function health(): { readonly status: 'ok'; readonly ready: boolean; readonly upstream: string } {
    const { health } = upstream.state();
    return { status: 'ok', ready: health === 'up' && !lifetime.isClosing(), upstream: health };
  }

  async function serveScript(name: string, incoming: IncomingRequest): Promise<Answer | Refusal> {
    const served = await serveFile(name, incoming);
    if (!anonymousIdCookie || name !== 'cio.js' || served.kind === 'refused') return served;
    const cookie = prolongedCookie(incoming, anonymousIdCookie);
    // What a cache between here and the browser keeps would give one visitor's id to others.
    const headers = { ...served.headers, 'Cache-Control': 'private, max-age=3600' };
    return { ...served, headers: cookie === null ? headers : { ...headers, 'Set-Cookie': cookie } };
  }

  async function respond(
    incoming: IncomingRequest,
    info: RequestInfo,
    route: Route | null,
    note: LogNote,
  ): Promise<Answer | Refusal> {
    // What came before it stops is answered, however long it waits for the limits.
    const isClosing = lifetime.isClosing();
    if (route === null) return refuse(404, 'not_found', 'There is nothing at this path.');
    const tooOften =
      limitAddress && isCounted(route, incoming.method) && (await limitAddress(info.address, note));
    if (tooOften) return tooOften;
    const methods = methodsOf(route);
    if (!methods.includes(incoming.method)) {
      const headers = { Allow: methods.join(', ') };
      return refuse(405, 'method_not_allowed', `The methods of this path are ${headers.Allow}.`, { headers });
    }
    if (route.kind === 'script') return serveScript(route.name, incoming);
    if (!cors.allows(incoming)) {
      return refuse(403, 'origin_not_allowed', 'The proxy does not take requests from pages of this origin.');
    }
    if (incoming.method === 'OPTIONS') return cors.preflight(incoming, methods);
    if (route.kind === 'health') return answerJson(200, health(), NO_STORE);
    if (route.kind === 'ready') return answerJson(health().ready ? 200 : 503, health(), NO_STORE);
    if (route.kind === 'metrics' && metrics) {
      const headers = { ...NO_STORE, 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' };
      return answer(200, headers, (await metrics()).text(upstream.state()));
    }
    if (isClosing) {
      const refusal = comeBackLater('closing', 'This copy of the proxy is stopping: send it again.');
      return { ...refusal, headers: { ...refusal.headers, Connection: 'close' } };
    }
    const { address } = info;
    const lease = budget.open(address);
    try {
      if (route.kind === 'private')
        return await (
          await privateDoor()
        )(route.call, incoming, info, note, lease);
      return await ingest(incoming, info, note, lease);
    } finally {
      lease.close();
    }
  }

  async function handle(incoming: IncomingRequest): Promise<Answer> {
    const started = Date.now();
    const { method, pathname, headers, peer } = incoming;
    const route = routeOf(pathname, settings);
    const note: LogNote = {};
    const info = new LazyRequestInfo(incoming, (clientIp && readClientIp(headers, clientIp)) ?? peer);
    const done = lifetime.begin();
    let outcome: Answer | Refusal;
    try {
      outcome = await respond(incoming, info, route, note);
    } catch (cause) {
      outcome = refuse(500, 'internal', 'The proxy failed.', { detail: String(cause) });
    } finally {
      done();
    }
    if (outcome.kind === 'refused') {
      note.error = outcome.code;
      if (outcome.reason !== undefined) note.reason = outcome.reason;
      if (outcome.detail !== undefined) note.detail = outcome.detail;
    }
    const answered = outcome.kind === 'refused' ? answerRefusal(outcome) : outcome;
    if (onLog || metrics) {
      const entry: ProxyLogEntry = {
        time: new Date(started).toISOString(),
        method,
        path: pathname.slice(0, LONGEST_LOGGED_PATH),
        status: answered.status,
        durationMs: Date.now() - started,
        ...note,
      };
      writeLog(onLog, entry);
      if (metrics)
        metrics()
          .then((each) => each.count(route?.kind ?? 'other', entry))
          .catch(() => {});
    }
    return route?.kind === 'script' ? answered : withHeaders(answered, cors.headersFor(incoming));
  }

  return {
    fetch: async (request) => toResponse(await handle(fromRequest(request))),
    node: createNodeHandler(handle, (pathname, isAsWritten) => ownsPath(pathname, isAsWritten, settings)),
    close: ({ timeoutMs = GRACE_MS } = {}) => lifetime.close(timeoutMs),
  };
}
