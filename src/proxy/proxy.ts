import { answerJson, answerRefusal, refuse, type Refusal } from './answer.ts';
import { readsGzip } from './body.ts';
import { createCors } from './cors.ts';
import { createCredentialCheck } from './credentials.ts';
import { createDispatch } from './dispatch.ts';
import { createFileServer } from './files.ts';
import { createForward } from './forward.ts';
import { createGuard, WITHOUT_TOKENS } from './guard.ts';
import { createIngest } from './ingest.ts';
import { lazy } from './lazy.ts';
import { type Note, tell } from './log.ts';
import { createNodeHandler, type NodeHandler } from './node.ts';
import type { ProxyOptions } from './options.ts';
import { methodsOf, type Route, routeOf } from './route.ts';
import { resolveOptions } from './settings.ts';

/** A running proxy. Both doors lead to the same handler, and need no `this`. */
export interface CioProxy {
  /** For runtimes of the Fetch API: Workers, Bun, Deno, Next route handlers, Hono. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** For `node:http` and Express. With a `next`, paths that are not the proxy's are passed on. */
  readonly node: NodeHandler;
}

/**
 * Makes a proxy that takes batches from browsers and delivers them to Customer.io. It keeps no state: any number of
 * copies can run side by side. It answers 2xx only when Customer.io has accepted; the browser keeps the rest.
 *
 * @throws SdkError `invalid-options`, naming every option that is missing, unknown or wrong
 */
export function createProxy(options: ProxyOptions): CioProxy {
  const settings = resolveOptions(options);
  const { basePath, onLog } = settings;
  const cors = createCors(settings.origins);
  const serveFile = createFileServer(settings.files);
  const { customerToken } = settings;
  const takesTokens = customerToken !== undefined && customerToken.mode !== 'disabled';
  const guard = takesTokens ? createGuard(customerToken, settings.fetch) : WITHOUT_TOKENS;
  const dispatch = createDispatch({ ...settings, forward: createForward(settings) });
  const checkCredentials = createCredentialCheck(settings.clientKeys, takesTokens);
  const needs = { ...settings, ...guard, checkCredentials, dispatch };
  const ingest = createIngest(needs);
  const privateDoor = lazy(async () => (await import('./private.ts')).createPrivateDoor(needs));

  async function answer(request: Request, route: Route | null, note: Note): Promise<Response | Refusal> {
    if (route === null) return refuse(404, 'not_found', 'There is nothing at this path.');
    const methods = methodsOf(route);
    if (!methods.includes(request.method)) {
      const headers = { Allow: methods.join(', ') };
      return refuse(405, 'method_not_allowed', `The methods of this path are ${headers.Allow}.`, { headers });
    }
    if (route.kind === 'script') return serveFile(route.name, request);
    if (!cors.allows(request)) {
      return refuse(403, 'origin_not_allowed', 'The proxy does not take requests from pages of this origin.');
    }
    if (request.method === 'OPTIONS') return cors.preflight(methods);
    if (route.kind === 'batch') return ingest(request, note);
    if (route.kind === 'private') return (await privateDoor())(route.call, request, note);
    return answerJson(200, { status: 'ok' }, { 'Cache-Control': 'no-store' });
  }

  async function fetch(request: Request): Promise<Response> {
    const started = Date.now();
    const { pathname } = new URL(request.url);
    const route = routeOf(pathname, basePath);
    const note: Note = {};
    const outcome = await answer(request, route, note).catch((cause: unknown) =>
      refuse(500, 'internal', 'The proxy failed.', { detail: String(cause) }),
    );

    let response: Response;
    if ('kind' in outcome) {
      note.error = outcome.code;
      if (outcome.reason !== undefined) note.reason = outcome.reason;
      if (outcome.detail !== undefined) note.detail = outcome.detail;
      response = answerRefusal(outcome);
    } else {
      response = outcome;
    }
    if (route?.kind !== 'script') {
      cors.dress(request, response);
      // RFC 9110 12.5.3: what the next request may be packed with.
      if (readsGzip) response.headers.set('Accept-Encoding', 'gzip');
    }
    const { status } = response;
    tell(onLog, {
      time: new Date(started).toISOString(),
      method: request.method,
      path: pathname,
      status,
      durationMs: Date.now() - started,
      ...note,
    });
    return response;
  }

  return { fetch, node: createNodeHandler(fetch, (pathname) => routeOf(pathname, basePath) !== null) };
}
