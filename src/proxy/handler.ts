import {
  type Answer,
  answer,
  answerJson,
  answerRefusal,
  comeBackLater,
  refuse,
  type Refusal,
} from './http/response.ts';
import type { AddressLimit } from './access/address-limit.ts';
import { type AnonymousIdCookieOptions, prolongedCookie } from './files/anonymous-id-cookie.ts';
import type { BodyBudget } from './http/body-budget.ts';
import { type ClientIp, readClientIp } from './access/client-ip.ts';
import type { Compatibility } from './compatibility/compatibility.ts';
import { type Cors, describeOrigin } from './http/cors.ts';
import { createCommonHeaders } from './ingest/common-headers.ts';
import type { IncomingRequest } from './http/request.ts';
import type { InFlight } from './http/in-flight.ts';
import type { Ingest } from './ingest/ingest.ts';
import { isCounted, methodsOf, type Route, routeOf, type RoutePaths } from './http/routes.ts';
import { LazyRequestInfo } from './ingest/request-info.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { type LogNote, type OnLog, type ProxyLogEntry, writeLog } from './telemetry/request-log.ts';
import type { FrameHandler } from './messages/frame/frame-handler.ts';
import type { StreamHandler } from './messages/stream/stream-handler.ts';
import type { MessagesHandler } from './messages/messages-handler.ts';
import type { PrivateHandler } from './private/private-handler.ts';
import type { RequestInfo } from './ingest/hooks.ts';
import type { ServeFile } from './files/serve-files.ts';
import type { ReadinessCheck } from './upstream/readiness-check.ts';
import type { UpstreamState } from './upstream/upstream.ts';

/** The parts of the proxy that a request goes through, and the settings that the handler itself reads. */
export interface HandlerNeeds {
  readonly paths: RoutePaths;
  readonly cors: Cors;
  readonly clientIp: ClientIp | undefined;
  /** `undefined`: `rateLimit.perAddress` is off. */
  readonly limitAddress: AddressLimit | undefined;
  readonly inFlight: InFlight;
  readonly bodyBudget: BodyBudget;
  readonly ingest: Ingest;
  readonly loadCompatibility: () => Promise<Compatibility>;
  readonly loadPrivateHandler: () => Promise<PrivateHandler>;
  readonly loadMessagesHandler: () => Promise<MessagesHandler>;
  readonly loadStreamHandler: () => Promise<StreamHandler>;
  readonly loadFrameHandler: () => Promise<FrameHandler>;
  readonly serveFile: ServeFile;
  readonly anonymousIdCookie: AnonymousIdCookieOptions | undefined;
  readonly upstreamState: () => UpstreamState;
  /** `undefined`: batches do not go to Customer.io. */
  readonly checkReadiness: ReadinessCheck | undefined;
  /** `undefined`: the option `metrics` names no path. */
  readonly loadMetrics: (() => Promise<Metrics>) | undefined;
  readonly onLog: OnLog | undefined;
}

/** Answers a request. Never rejects: where a part of the proxy throws, the answer is 500. */
export type HandleRequest = (incoming: IncomingRequest) => Promise<Answer>;

const NOT_FOUND = /*#__PURE__*/ refuse(404, 'not_found', 'The proxy serves nothing at this path.');
const NO_STORE = { 'Cache-Control': 'no-store' };
/** Most characters of a path in the log. The proxy's own paths are shorter; those of strangers may have any length. */
const LONGEST_LOGGED_PATH = 200;

/** Makes the handler of all requests: it finds the route, checks limits, method and origin, and calls what serves the route. */
export function createHandler(needs: HandlerNeeds): HandleRequest {
  const { bodyBudget, clientIp, cors, inFlight, limitAddress, loadMetrics, onLog, paths, upstreamState } =
    needs;
  const withCommonHeaders = createCommonHeaders();

  function health(): { readonly status: 'ok'; readonly ready: boolean; readonly upstream: string } {
    const { health } = upstreamState();
    return { status: 'ok', ready: health === 'up' && !inFlight.isClosing(), upstream: health };
  }

  async function serveScript(name: string, incoming: IncomingRequest): Promise<Answer | Refusal> {
    const served = await needs.serveFile(name, incoming);
    if (!needs.anonymousIdCookie || name !== 'cio.js' || served.kind === 'refused') return served;
    const cookie = prolongedCookie(incoming, needs.anonymousIdCookie);
    // `private`: a shared cache would send the cookie with one visitor's id to other visitors.
    const headers = { ...served.headers, 'Cache-Control': 'private, max-age=3600' };
    return { ...served, headers: cookie === null ? headers : { ...headers, 'Set-Cookie': cookie } };
  }

  /** Serves batches, private calls and calls about messages, whose body counts against the budget until the answer is made. */
  async function takeBody(
    route: Route,
    incoming: IncomingRequest,
    info: RequestInfo,
    note: LogNote,
  ): Promise<Answer | Refusal> {
    const lease = bodyBudget.open(info.address);
    try {
      if (route.kind === 'message') {
        const handleMessages = await needs.loadMessagesHandler();
        return await handleMessages(route.call, incoming, info, note, lease);
      }
      if (route.kind === 'batch') {
        // JSON with Basic, as this SDK sends it, takes the short way.
        const { headers } = incoming;
        const isOther =
          paths.compatibility &&
          (route.call ||
            !/^basic /i.test(headers.get('Authorization') ?? '') ||
            /^text/i.test(headers.get('Content-Type') ?? ''));
        const ingest = isOther ? (await needs.loadCompatibility()).ingestFor(route.call) : needs.ingest;
        return await ingest(incoming, info, note, lease);
      }
      if (route.kind !== 'private') return NOT_FOUND;
      const handlePrivate = await needs.loadPrivateHandler();
      return await handlePrivate(route.call, incoming, info, note, lease);
    } finally {
      lease.close();
    }
  }

  async function respond(
    incoming: IncomingRequest,
    info: RequestInfo,
    route: Route | null,
    note: LogNote,
  ): Promise<Answer | Refusal> {
    // Read before the wait for the limits: a request that has arrived before `close` was called is answered.
    const isClosing = inFlight.isClosing();
    if (route === null) return NOT_FOUND;
    const tooMany =
      limitAddress && isCounted(route, incoming.method) && (await limitAddress(info.address, note));
    if (tooMany) return tooMany;
    const methods = methodsOf(route);
    if (!methods.includes(incoming.method)) {
      const headers = { Allow: methods.join(', ') };
      return refuse(405, 'method_not_allowed', `The methods of this path are ${headers.Allow}.`, { headers });
    }
    if (route.kind === 'script') return serveScript(route.name, incoming);
    // Before the check of origins, as scripts: a frame without an origin sends `Origin: null`.
    if (route.kind === 'frame') return (await needs.loadFrameHandler())(route.path, incoming, note);
    if (!cors.allows(incoming)) {
      const detail = `${describeOrigin(incoming)} is not in "origins" (CIO_ORIGINS): add it, if these pages are yours.`;
      const message = 'The proxy does not take requests from pages of this origin.';
      return refuse(403, 'origin_not_allowed', message, { detail });
    }
    if (incoming.method === 'OPTIONS') return cors.preflight(incoming, methods);
    if (route.kind === 'health') return answerJson(200, health(), NO_STORE);
    if (route.kind === 'ready') {
      if (!isClosing) await needs.checkReadiness?.(note);
      return answerJson(health().ready ? 200 : 503, health(), NO_STORE);
    }
    if (route.kind === 'metrics' && loadMetrics) {
      const headers = { ...NO_STORE, 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' };
      return answer(200, headers, (await loadMetrics()).text(upstreamState()));
    }
    if (isClosing) {
      const refusal = comeBackLater('closing', 'The proxy is stopping: send the request again.');
      return { ...refusal, headers: { ...refusal.headers, Connection: 'close' } };
    }
    if (route.kind === 'settings') return (await needs.loadCompatibility()).settings(route.key, incoming);
    if (route.kind === 'message-stream') return (await needs.loadStreamHandler())(incoming, info, note);
    return takeBody(route, incoming, info, note);
  }

  function report(entry: ProxyLogEntry, route: Route | null): void {
    writeLog(onLog, entry);
    loadMetrics?.()
      .then((metrics) => metrics.count(route?.kind ?? 'other', entry))
      .catch(() => {});
  }

  return async (incoming) => {
    const startedAtMs = Date.now();
    const { method, pathname, headers, peer } = incoming;
    const route = routeOf(pathname, paths);
    const note: LogNote = {};
    const info = new LazyRequestInfo(incoming, (clientIp && readClientIp(headers, clientIp)) ?? peer);
    const done = inFlight.begin();
    let outcome: Answer | Refusal;
    try {
      outcome = await respond(incoming, info, route, note);
    } catch (cause) {
      outcome = refuse(500, 'internal', 'The proxy failed: its log has the cause.', {
        detail: String(cause),
      });
    } finally {
      done();
    }
    if (outcome.kind === 'refused') noteRefusal(outcome, note);
    const answered = outcome.kind === 'refused' ? answerRefusal(outcome) : outcome;
    if (onLog || loadMetrics) {
      const entry: ProxyLogEntry = {
        time: new Date(startedAtMs).toISOString(),
        method,
        path: loggedPath(pathname),
        status: answered.status,
        durationMs: Date.now() - startedAtMs,
        ...note,
      };
      report(entry, route);
    }
    return route?.kind === 'script' || route?.kind === 'frame'
      ? answered
      : withCommonHeaders(answered, cors.headersFor(incoming));
  };
}

/**
 * The path in the log: without the key that is part of a path of settings. Such a path may have a write key where an SDK was set up
 * with a wrong key, also while the option `compatibility` is off.
 */
function loggedPath(pathname: string): string {
  return pathname.replace(/(?<=\/projects\/+)[^/]+/, '…').slice(0, LONGEST_LOGGED_PATH);
}

function noteRefusal({ code, reason, detail }: Refusal, note: LogNote): void {
  note.error = code;
  if (reason !== undefined) note.reason = reason;
  if (detail !== undefined) note.detail = detail;
}
