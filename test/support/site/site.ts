/**
 * Websites for tests, each on origins of its own: pages, the built files, and the built proxy, whose requests are written
 * down and can be made to fail. Run as a process: `tsx test/support/site/site.ts`.
 *
 * Control, in JSON: `POST /sites` opens one, `GET /sites/:id` says what came, `PATCH /sites/:id` changes it, `DELETE` closes it.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { DeduplicateStore } from '../../../src/proxy/deduplicate/store-contract.ts';
import type * as Proxy from '../../../src/proxy.ts';
import {
  connectStores,
  type Copies,
  type Mounted,
  mountedFrom,
  storeFailuresIn,
  type Stores,
  takeTurns,
} from './copies.ts';
import { type Gateway, turnsAway } from './gateway.ts';
import { createLogin, type LoginBehaviour, type LoginRequest, TOKEN_SECRET } from './login.ts';
import { MEMBERS, MEMBERS_PAGE } from './member-pages.ts';
import { BLANK_PAGE, MODULE, MODULE_PAGE, type SitePage } from './site-pages.ts';
import { frameHosts } from './in-app-control.ts';
import { createFaults, type Fault, type Faults, type FixedAnswer } from './proxy-faults.ts';

/** One request to the proxy, as it was received, and how it ended. */
export interface ProxyRequest {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  /** The full URL. */
  readonly url: string;
  readonly origin: string | null;
  readonly authorization: string | null;
  readonly cookie: string | null;
  /**
   * The header `X-CIO-Ack`: the name of the request. The response puts the name in a cookie, which a later
   * page reads.
   */
  readonly ack: string | null;
  readonly encoding: string | null;
  /** The size of the body as it was sent (compressed, if it was). */
  readonly bytes: number;
  /** The ids of the events, in order; empty if the body could not be read. */
  readonly ids: readonly string[];
  /** The status of the response, or the name of the fault. */
  readonly fate: number | string;
}

/** One private call, as it was received. */
export interface PrivateRequest extends Omit<
  ProxyRequest,
  'ids' | 'encoding' | 'bytes' | 'url' | 'cookie' | 'ack'
> {
  /** The path below the proxy: `/v1/inbox/fetch`. */
  readonly path: string;
  readonly clientKey: string | null;
  readonly idempotencyKey: string | null;
  readonly text: string;
}

export interface SiteChange {
  readonly pages?: Readonly<Record<string, SitePage>>;
  readonly faults?: readonly Fault[];
  /** Faults of private calls. */
  readonly privateFaults?: readonly Fault[];
  /**
   * Makes the proxy accept customer tokens and private calls from now on; `true`: events without a token are
   * still accepted.
   */
  readonly customers?: true | 'required';
  /** Makes the proxy accept the requests of Customer.io's own SDKs from now on. */
  readonly compatibility?: true;
  /** More options of the proxy about in-app messages. Needs `customers`, here or earlier. */
  readonly inApp?: Partial<Proxy.InAppOptions>;
  readonly login?: Partial<LoginBehaviour>;
  readonly keys?: readonly string[];
  /** A folder whose files are served below `/app/`; an unknown path there gets its index.html. */
  readonly folder?: string;
  /** The path of the proxy on this origin, instead of `/e`. */
  readonly basePath?: string;
  /** The origin of an app's own server, which receives all requests that are not for the proxy. */
  readonly app?: string;
  /** The largest body that the proxy accepts, in bytes. */
  readonly maxBodyBytes?: number;
  /** Several copies of the proxy instead of one, which receive the requests in turn. */
  readonly copies?: Copies;
  /** The origin of a proxy that is not ours, and is mounted below `/e` instead of ours. */
  readonly proxyOf?: string;
  /** Whether the server in front of the proxy removes the path prefix under which the proxy is configured. */
  readonly cutsPrefix?: boolean;
  /** With `false` no server listens on the ports of this site; with `true` the servers listen again. */
  readonly listening?: boolean;
  /** A gateway in front of all requests. */
  readonly gateway?: Gateway;
}

export interface SiteNews {
  /** Requests to the proxy's `/v1/batch`. */
  readonly batches: readonly ProxyRequest[];
  /** Requests to the proxy's other paths below `/v1`, preflights included. */
  readonly privateCalls: readonly PrivateRequest[];
  /** Requests of token providers to the site's own server, not to the proxy. */
  readonly logins: readonly LoginRequest[];
  /** All other requests: `GET /shop`. */
  readonly hits: readonly string[];
  /** The number of batch requests that the proxy has received and not yet responded to. */
  readonly underWay: number;
  /**
   * How often the store of several copies has failed or timed out: a copy then does not know what the other
   * copies have sent.
   */
  readonly storeFailures: number;
}

export interface OpenSite {
  readonly id: string;
  readonly origin: string;
  /** Another origin on which the same proxy listens, without a path prefix. Pages of `origin` may use it. */
  readonly apiOrigin: string;
}

interface Site extends OpenSite {
  change(change: SiteChange): Promise<void>;
  news(): SiteNews;
  close(): Promise<void>;
}

const DIST = new URL('../../../dist/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};
export const CLIENT_KEY = 'client-api-key-web';

async function openSite(id: string, standIn: string): Promise<Site> {
  const { createProxy, createTokenIssuer } = (await import(new URL('proxy.js', DIST).href)) as typeof Proxy;
  const batches: ProxyRequest[] = [];
  const privateCalls: PrivateRequest[] = [];
  const login = createLogin(createTokenIssuer);
  const hits: string[] = [];
  let pages: Readonly<Record<string, SitePage>> = {};
  let faults = createFaults([]);
  let privateFaults = createFaults([]);
  let keys: readonly string[] = [CLIENT_KEY];
  let folder: string | undefined;
  let app: string | undefined;

  let gateway: Gateway | undefined;
  let cutsPrefix = false;
  let underWay = 0;
  let storeFailures = 0;

  async function toProxy(
    request: IncomingMessage,
    response: ServerResponse,
    proxy: Mounted,
    faults: Faults,
  ): Promise<void> {
    const { headers, method = '' } = request;
    const at = Date.now();
    const target = pathBelow(request);
    const note = (body: Buffer, fate: number | string): void => {
      const text = textOf(body, headers['content-encoding']);
      const { origin = null, authorization = null } = headers;
      if (target !== '/v1/batch') {
        const clientKey = headers['x-cio-client-key']?.toString() ?? null;
        const idempotencyKey = headers['idempotency-key']?.toString() ?? null;
        const seen = {
          at,
          method,
          path: target,
          origin,
          authorization,
          clientKey,
          idempotencyKey,
          text,
          fate,
        };
        privateCalls.push(seen);
        return;
      }
      batches.push({
        at,
        method,
        url: `http://${headers.host}${request.url}`,
        origin,
        authorization,
        cookie: headers.cookie ?? null,
        ack: headers['x-cio-ack']?.toString() ?? null,
        encoding: headers['content-encoding'] ?? null,
        bytes: body.byteLength,
        ids: idsIn(text),
        fate,
      });
    };
    if (method === 'POST' && faults.isDown()) {
      note(Buffer.alloc(0), 'cut');
      request.socket.destroy();
      return;
    }
    const body = await bodyOf(request);
    const encoding = headers['content-encoding'];
    const fault =
      method === 'POST'
        ? faults.next({ text: textOf(body, encoding), gzip: encoding === 'gzip', path: request.url ?? '' })
        : undefined;
    if (fault?.delayMs) await delay(fault.delayMs);
    const does = fault?.does ?? 'pass';
    if (does === 'hang') return note(body, does);
    if (does === 'cut' || does === 'cut-late') {
      note(body, does);
      request.socket.destroy();
      return;
    }
    if (typeof does === 'object') {
      note(body, does.status);
      answerFixed(request, response, does);
      return;
    }
    const again = Object.assign(Readable.from(body.byteLength ? [body] : []), {
      method,
      url: cutsPrefix ? target : request.url,
      headers,
    }) as unknown as IncomingMessage; // the cast: the proxy reads nothing else of a request
    let isStreaming = false;
    underWay++;
    proxy.node(again, {
      writeHead(status, all) {
        response.statusCode = status;
        for (const [name, value] of Object.entries(all)) response.setHeader(name, value);
      },
      // A stream: it ends much later, so it is noted with its first part.
      write(chunk) {
        if (!isStreaming) note(body, response.statusCode);
        isStreaming = true;
        return response.write(chunk);
      },
      once: (event, listener) => response.once(event, listener),
      end(bytes) {
        underWay--;
        if (isStreaming) return response.end(bytes);
        note(body, does === 'pass' ? response.statusCode : does);
        if (does === 'pass') return response.end(bytes);
        if (does === 'lose-answer') return request.socket.destroy();
        if (does === 'withhold-answer') return undefined;
        return response.setHeader('Content-Length', 1_000).write('{', () => request.socket.destroy());
      },
    });
  }

  let maxBodyBytes: number | undefined;
  let compatibility: true | undefined;
  let customers: Partial<Proxy.ProxyOptions> = {};
  let copies: Copies = { count: 1 };
  let shared: Stores = { stores: [], close: async () => {} };
  const makeProxy = (options: Partial<Proxy.ProxyOptions>): Mounted =>
    takeTurns(Array.from({ length: copies.count }, (_, at) => makeCopy(options, shared.stores[at])));
  const makeCopy = (options: Partial<Proxy.ProxyOptions>, store?: DeduplicateStore): Mounted =>
    createProxy({
      writeKey: 'write-key',
      upstreamUrl: standIn,
      clientKeys: (key: string) => keys.includes(key),
      maxBodyBytes,
      compatibility,
      onLog: (entry) => void (storeFailures += storeFailuresIn(entry)),
      ...(store ? { deduplicate: { store } } : {}),
      ...customers,
      ...options,
    });
  let basePath = '/e';
  let proxy = makeProxy({ basePath });
  const site = await listen(async (request, response) => {
    if (turnsAway(gateway, request, response)) return undefined;
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    if (pathname.replace(/\/$/, '') === `${basePath}/v1/batch`)
      return toProxy(request, response, proxy, faults);
    if (pathname.startsWith(`${basePath}/v1/`)) return toProxy(request, response, proxy, privateFaults);
    if (pathname === '/login') {
      const answer = await login.answer(JSON.parse(String(await bodyOf(request))) as LoginRequest);
      if (!answer) return undefined;
      const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
      return send(response, { status: answer.status, headers, body: JSON.stringify(answer.body) });
    }
    hits.push(`${request.method} ${request.url}`);
    if (pathname.startsWith(`${basePath}/`)) return proxy.node(request, response);
    if (app) return pass(request, response, app);
    const page = pages[pathname];
    if (page?.delayMs) await delay(page.delayMs);
    if (page) return send(response, page);
    if (pathname === '/app.js')
      return send(response, { body: MODULE, headers: { 'Content-Type': TYPES['.js'] ?? '' } });
    if (pathname === '/members.js')
      return send(response, { body: MEMBERS, headers: { 'Content-Type': TYPES['.js'] ?? '' } });
    if (pathname === '/members') return send(response, MEMBERS_PAGE);
    if (pathname.startsWith('/dist/')) return sendFile(response, new URL(pathname.slice(6), DIST));
    if (folder && pathname.startsWith('/app/')) {
      const file = path.extname(pathname) ? pathname.slice(5) : 'index.html';
      return sendFile(response, path.join(folder, file));
    }
    if (path.extname(pathname)) return send(response, { status: 404, body: '' });
    return send(response, pathname === '/blank' ? BLANK_PAGE : MODULE_PAGE);
  });
  site.on('upgrade', (request, socket: Socket, head) => passSocket(request, socket, head, app));
  const origin = originOf(site);
  let apiProxy = makeProxy({ origins: [origin] });
  const api = await listen(async (request, response) => {
    if (turnsAway(gateway, request, response)) return undefined;
    if (request.url?.startsWith('/v1/batch')) return toProxy(request, response, apiProxy, faults);
    if (request.url?.startsWith('/v1/')) return toProxy(request, response, apiProxy, privateFaults);
    return apiProxy.node(request, response);
  });

  const servers = [site, api];
  const ports = servers.map(portOf);

  return {
    id,
    origin,
    apiOrigin: originOf(api),
    async change(change) {
      pages = { ...pages, ...change.pages };
      if (change.faults) faults = createFaults(change.faults);
      if (change.privateFaults) privateFaults = createFaults(change.privateFaults);
      if (change.login) login.change(change.login);
      if (change.customers) {
        customers = {
          customerToken: {
            secret: TOKEN_SECRET,
            mode: change.customers === true ? 'report' : change.customers,
          },
          appApi: { key: 'app-key', url: standIn },
          inApp: { siteId: 'site-id', url: standIn, ...frameHosts(standIn) },
        };
      }
      if (change.inApp && customers.inApp)
        customers = { ...customers, inApp: { ...customers.inApp, ...change.inApp } };
      keys = change.keys ?? keys;
      folder = change.folder ?? folder;
      app = change.app ?? app;
      gateway = change.gateway ?? gateway;
      cutsPrefix = change.cutsPrefix ?? cutsPrefix;
      if (change.copies) {
        await shared.close();
        copies = change.copies;
        shared = await connectStores(copies, new URL('redis.js', DIST));
      }
      compatibility = change.compatibility ?? compatibility;
      if (
        change.compatibility ??
        change.maxBodyBytes ??
        change.customers ??
        change.inApp ??
        change.basePath ??
        change.copies
      ) {
        maxBodyBytes = change.maxBodyBytes ?? maxBodyBytes;
        basePath = change.basePath ?? basePath;
        proxy = makeProxy({ basePath });
        apiProxy = makeProxy({ origins: [origin] });
      }
      if (change.proxyOf) proxy = mountedFrom(change.proxyOf);
      if (change.listening === false) await Promise.all(servers.map(closed));
      if (change.listening) await Promise.all(servers.map((each, i) => listenOn(each, ports[i] ?? 0)));
    },
    news: () => ({ batches, hits, privateCalls, logins: login.requests(), underWay, storeFailures }),
    async close() {
      await Promise.all(servers.map(closed));
      await shared.close();
    },
  };
}

function answerFixed(request: IncomingMessage, response: ServerResponse, answer: FixedAnswer): void {
  const { origin } = request.headers;
  response.writeHead(answer.status, {
    ...(origin
      ? { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': 'Retry-After, Date' }
      : {}),
    ...answer.headers,
  });
  response.end(answer.body);
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: SitePage): void {
  response.writeHead(status, { 'Content-Type': TYPES['.html'], ...headers });
  response.end(body);
}

async function sendFile(response: ServerResponse, file: string | URL): Promise<void> {
  const type = TYPES[path.extname(String(file))] ?? 'application/octet-stream';
  try {
    const body = await readFile(file);
    response.writeHead(200, { 'Content-Type': type });
    response.end(body);
  } catch {
    send(response, { status: 404, body: '' });
  }
}

function pass(request: IncomingMessage, response: ServerResponse, origin: string): void {
  const { method, headers, url = '/' } = request;
  const passed = httpRequest(origin + url, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.on('error', () => response.destroy());
  request.pipe(passed);
}

/** Passes on the WebSocket by which a development server reports changed files. */
function passSocket(request: IncomingMessage, socket: Socket, head: Buffer, origin?: string): void {
  if (!origin) return void socket.destroy();
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = rawHeaders.flatMap((name, i) => (i % 2 ? [] : [`${name}: ${rawHeaders[i + 1]}`]));
  const passed = connect(Number(new URL(origin).port), '127.0.0.1', () => {
    passed.write([`${method} ${url} HTTP/${httpVersion}`, ...lines, '', ''].join('\r\n'));
    passed.write(head);
    passed.pipe(socket).pipe(passed);
  });
  passed.on('error', () => socket.destroy());
  socket.on('error', () => passed.destroy());
}

/** Returns the path below the proxy, wherever the proxy is mounted. */
function pathBelow(request: IncomingMessage): string {
  const { pathname } = new URL(request.url ?? '/', 'http://site');
  return pathname.slice(Math.max(0, pathname.indexOf('/v1/'))).replace(/\/$/, '');
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function textOf(body: Buffer, encoding: string | undefined): string {
  return String(encoding === 'gzip' ? gunzipSync(body) : body);
}

function idsIn(text: string): readonly string[] {
  try {
    return (JSON.parse(text) as { batch: { messageId: string }[] }).batch.map(({ messageId }) => messageId);
  } catch {
    return [];
  }
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<Server> {
  const listener: RequestListener = (request, response) => {
    // A browser that has closed its connection is not an error of the server.
    Promise.resolve(answer(request, response)).catch(() => response.destroy());
  };
  const server = createServer(listener);
  await listenOn(server, 0);
  return server;
}

async function listenOn(server: Server, port: number): Promise<void> {
  if (server.listening) return;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const originOf = (server: Server): string => `http://localhost:${portOf(server)}`;

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const sites = new Map<string, Site>();

async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = (body: unknown): void => send(response, { body: JSON.stringify(body ?? {}) });
  const [, , id = ''] = (request.url ?? '').split('/');
  const body = (await bodyOf(request)).toString();
  const site = sites.get(id);
  switch (request.method) {
    case 'POST': {
      const { standIn } = JSON.parse(body) as { standIn: string };
      const opened = await openSite(String(sites.size + 1), standIn);
      sites.set(opened.id, opened);
      return answer(opened);
    }
    case 'PATCH':
      return answer(await site?.change(JSON.parse(body) as SiteChange));
    case 'DELETE':
      return answer(await site?.close());
    default:
      return answer(site?.news());
  }
}

const server = await listen(async (request, response) => {
  try {
    await control(request, response);
  } catch (error) {
    send(response, { status: 500, body: String(error) });
  }
});
console.log(JSON.stringify({ listening: originOf(server).replace('localhost', '127.0.0.1') }));
// The process ends with the test runner, also when the runner was killed.
process.stdin.on('end', () => process.exit(0)).resume();
process.once('SIGTERM', () => process.exit(0));
