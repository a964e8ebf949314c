/** Servers for the checks of the command line: our proxy with one fault. */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { onTestFinished } from 'vitest';
import { answer } from '../../../src/proxy/http/response.ts';
import type { IncomingRequest } from '../../../src/proxy/http/request.ts';
import { createProxy, type ProxyOptions } from '../../../src/proxy.ts';
import { createNodeHandler } from '../../../src/proxy/http/node-adapter.ts';
import { CLIENT_KEY } from '../../support/docs/guide-proxies/index.ts';
import { listen } from '../../support/server/listen.ts';

export const WRITE_KEY = 'write-key';
const MOST_BODY_BYTES = 10_000_000;
export const PAGES = 'https://shop.example.com';

/** Replaces or changes the response of the proxy. */
export type Fault = (request: Request, proxy: (request: Request) => Promise<Response>) => Promise<Response>;

export function faultyProxy(
  upstreamUrl: string,
  options: Partial<ProxyOptions> = {},
  fault: Fault = (request, proxy) => proxy(request),
): RequestListener {
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    origins: [PAGES],
    upstreamUrl,
    ...options,
  });
  return createNodeHandler(
    async (incoming) => {
      const response = await fault(await requestOf(incoming), proxy.fetch);
      const body = new Uint8Array(await response.arrayBuffer());
      // A fault may have changed the body: the adapter counts its bytes again.
      response.headers.delete('Content-Length');
      return answer(response.status, Object.fromEntries(response.headers), body);
    },
    () => true,
  );
}

/** Makes a Request as all runtimes but Node do, where the body can be read while the request is processed. */
async function requestOf(incoming: IncomingRequest): Promise<Request> {
  const { method, request } = incoming;
  if (method === 'GET' || method === 'HEAD') return request;
  const body = await incoming.read({
    maxBytes: MOST_BODY_BYTES,
    timeoutMs: 10_000,
    lease: { hold: () => true },
  });
  return typeof body === 'string' ? request : new Request(request, { method, body });
}

/** Listens until the test has ended. Returns the URL. */
export async function serve(
  listener: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
): Promise<string> {
  const { server, port } = await listen(tls ? createTlsServer(tls, listener) : createServer(listener));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
}

/** Returns the events of a batch, from a copy of the request; none when the body is not a batch. */
export async function eventsOf(request: Request): Promise<readonly Readonly<Record<string, unknown>>[]> {
  try {
    const body = (await request.clone().json()) as { batch?: readonly Readonly<Record<string, unknown>>[] };
    return body.batch ?? [];
  } catch {
    return [];
  }
}
