import { answerRefusal, refuse, textOf } from './answer.ts';
import { setBodySource } from './body-source.ts';
import type { Bytes } from './body.ts';

/** What is needed of an `http.IncomingMessage`, or of Express's request. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the url before it cut off where the handler is mounted. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values by turns, as they came. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** What a body parser has made of the body, if one ran before. */
  readonly body?: unknown;
  readonly readableEnded: boolean;
  readonly socket?: { readonly remoteAddress?: string | undefined } | null | undefined;
  iterator(options: { destroyOnReturn: boolean }): AsyncIterable<Uint8Array>;
  resume(): unknown;
}

/** What is needed of an `http.ServerResponse`. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string | Uint8Array): unknown;
}

export type NodeHandler = (request: NodeRequest, response: NodeResponse, next?: () => void) => void;

/** A handler of the Fetch API. `peer`: the address at the other end of the connection. */
export type Handle = (request: Request, peer?: string) => Promise<Response>;

/** Speaks `node:http` for a handler of the Fetch API. `owns`: whether a path is one of the handler's. */
export function createNodeHandler(handle: Handle, owns: (pathname: string) => boolean): NodeHandler {
  return (incoming, outgoing, next) => {
    const url = urlOf(incoming, owns);
    if (next && !owns(url.pathname)) {
      next();
      return;
    }
    serve(incoming, url, handle)
      .then((response) => send(response, outgoing))
      // Somebody else has answered, or the connection is gone: there is no way left to say anything.
      .catch(() => {});
  };
}

async function serve(incoming: NodeRequest, url: URL, handle: Handle): Promise<Response> {
  let request: Request;
  try {
    request = toRequest(incoming, url);
  } catch {
    const headers = { Allow: 'GET, HEAD, POST, OPTIONS' };
    return answerRefusal(
      refuse(405, 'method_not_allowed', 'The Fetch API knows no such method.', { headers }),
    );
  }
  return handle(request, incoming.socket?.remoteAddress);
}

/** Mounted in Express, a `basePath` may name the mount path or leave it out: whichever leads somewhere is meant. */
function urlOf({ headers, originalUrl, url = '/' }: NodeRequest, owns: (pathname: string) => boolean): URL {
  const host = /^[\w.:[\]-]+$/.test(String(headers['host'])) ? String(headers['host']) : 'localhost';
  const urls = [originalUrl ?? url, url].map((target) => {
    // Joined, not resolved: //v1/batch would name a host. Absolute targets are for forward proxies; their path counts.
    const path = target.startsWith('/') ? target : `/${target.replace(/^\w+:\/\/[^/]*\/?/, '')}`;
    return new URL(URL.canParse(`http://${host}${path}`) ? `http://${host}${path}` : 'http://localhost/');
  });
  return urls.find(({ pathname }) => owns(pathname)) ?? new URL('/', urls[0]);
}

/** Of several of these Node keeps the first alone. Whatever stands before the proxy may go by another one. */
const KEPT_ONCE = ['authorization', 'content-type'] as const;

/** Joined, as every other runtime has them, they are neither a credential nor a type. */
function valuesOf(name: string, rawHeaders: readonly string[] = []): readonly string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}

function toRequest(incoming: NodeRequest, url: URL): Request {
  const { method = 'GET' } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    // Names that begin with a colon are HTTP/2's own.
    if (value === undefined || name.startsWith(':')) continue;
    headers.set(name, typeof value === 'string' ? value : value.join(', '));
  }
  for (const name of KEPT_ONCE) {
    const all = valuesOf(name, incoming.rawHeaders);
    if (all.length > 1) headers.set(name, all.join(', '));
  }
  // A body parser that has read it has unpacked it too.
  if (incoming.readableEnded) headers.delete('Content-Encoding');
  const request = new Request(url, { method, headers });
  const isAbsent = incoming.readableEnded && (incoming.body ?? null) === null;
  if (method !== 'GET' && method !== 'HEAD' && !isAbsent)
    setBodySource(request, (maxBytes) => read(incoming, maxBytes));
  return request;
}

async function read(incoming: NodeRequest, maxBytes: number): Promise<Bytes | 'too-large'> {
  if (incoming.readableEnded) {
    const bytes = asBytes(incoming.body);
    return bytes.length > maxBytes ? 'too-large' : bytes;
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > maxBytes) break;
    chunks.push(chunk);
  }
  if (length <= maxBytes) return joined(chunks, length);
  // What still comes is read and thrown away: a connection cut now would take the answer with it.
  incoming.resume();
  return 'too-large';
}

/** What a body parser has made of it. */
function asBytes(body: unknown): Bytes {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

function joined(chunks: readonly Uint8Array[], length: number): Bytes {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function send(response: Response, outgoing: NodeResponse): Promise<void> {
  const body = textOf(response) ?? new Uint8Array(await response.arrayBuffer());
  outgoing.statusCode = response.status;
  response.headers.forEach((value, name) => outgoing.setHeader(name, value));
  outgoing.end(body);
}
