import type { Answer } from './answer.ts';
import type { Bytes } from './body.ts';
import { type HeaderReader, type Incoming, joined } from './incoming.ts';
import { isGzip, type Kept, keptBody } from './kept-body.ts';

/** What is needed of an `http.IncomingMessage`, or of Express's request. */
export interface NodeRequest extends Kept {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the url before it cut off where the handler is mounted. */
  readonly originalUrl?: string | undefined;
  /** Adapters of serverless platforms write numbers, too. */
  readonly headers: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  /** Names and values by turns, as they came. */
  readonly rawHeaders?: readonly string[] | undefined;
  readonly readableEnded: boolean;
  /** Whether anybody has begun to read it. */
  readonly readableDidRead?: boolean | undefined;
  readonly destroyed?: boolean;
  readonly socket?: { readonly remoteAddress?: string | undefined } | null | undefined;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
}

/** What is needed of an `http.ServerResponse`. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string | Uint8Array): unknown;
}

export type NodeHandler = (request: NodeRequest, response: NodeResponse, next?: () => void) => void;

type Handle = (incoming: Incoming) => Promise<Answer>;

/** Speaks `node:http` for the proxy. `owns`: whether a path is one of the proxy's. */
export function createNodeHandler(handle: Handle, owns: (pathname: string) => boolean): NodeHandler {
  return (request, response, next) => {
    const url = urlOf(request, owns);
    if (next && !owns(url.pathname)) {
      next();
      return;
    }
    handle(fromNode(request, url))
      .then((answer) => send(answer, response))
      // Somebody else has answered, or the connection is gone: there is no way left to say anything.
      .catch(() => {});
  };
}

/** Mounted in Express, a `basePath` may name the mount path or leave it out: whichever leads somewhere is meant. */
function urlOf({ headers, originalUrl, url = '/' }: NodeRequest, owns: (pathname: string) => boolean): URL {
  // HTTP/2 has it under another name. https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
  const given = String(headers[':authority'] ?? headers['host']);
  const host = /^[\w.:[\]-]+$/.test(given) ? given : 'localhost';
  const first = urlAt(host, originalUrl ?? url);
  if (owns(first.pathname)) return first;
  const mounted = originalUrl === undefined ? first : urlAt(host, url);
  return owns(mounted.pathname) ? mounted : new URL('/', first);
}

function urlAt(host: string, target: string): URL {
  // Joined, not resolved: //v1/batch would name a host. Absolute targets are for forward proxies; their path counts.
  const path = target.startsWith('/') ? target : `/${target.replace(/^\w+:\/\/[^/]*\/?/, '')}`;
  const url = `http://${host}${path}`;
  return new URL(URL.canParse(url) ? url : 'http://localhost/');
}

/** Of several of these Node keeps the first alone. Whatever stands before the proxy may go by another one. */
const KEPT_ONCE: ReadonlySet<string> = new Set(['authorization', 'content-type']);

function fromNode(request: NodeRequest, url: URL): Incoming {
  const { method = 'GET' } = request;
  const wasRead = request.readableDidRead ?? request.readableEnded;
  const kept = wasRead ? keptBody(request) : undefined;

  function get(name: string): string | null {
    const field = name.toLowerCase();
    if (field === 'content-encoding' && wasRead && !isGzip(kept)) return null;
    const value = request.headers[field] ?? null;
    if (value === null) return null;
    const text = typeof value === 'object' ? value.join(', ') : String(value);
    if (!KEPT_ONCE.has(field)) return text;
    // Joined, as every other runtime has them, they are neither a credential nor a type.
    return valuesOf(field, request.rawHeaders).join(', ') || text;
  }

  let made: Request | undefined;
  return {
    method,
    url: url.href,
    pathname: url.pathname,
    headers: { get },
    peer: request.socket?.remoteAddress,
    get request() {
      made ??= new Request(url, { method, headers: headersOf(request, get) });
      return made;
    },
    hasBody: () => !wasRead || kept !== undefined || isAnnounced(get),
    async read(maxBytes) {
      if (!wasRead) return readStream(request, maxBytes);
      if (kept) return kept.length > maxBytes ? 'too-large' : kept;
      return isAnnounced(get) ? 'already-read' : new Uint8Array();
    },
    leave: () => {},
  };
}

/** Whether there was anything to read. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
function isAnnounced(get: HeaderReader['get']): boolean {
  return Number(get('Content-Length')) > 0 || get('Transfer-Encoding') !== null;
}

function valuesOf(name: string, rawHeaders: readonly string[] = []): readonly string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}

function headersOf({ headers }: NodeRequest, get: HeaderReader['get']): Headers {
  const all = new Headers();
  for (const name of Object.keys(headers)) {
    // Names that begin with a colon are HTTP/2's own.
    const value = name.startsWith(':') ? null : get(name);
    if (value !== null) all.set(name, value);
  }
  return all;
}

function readStream(request: NodeRequest, maxBytes: number): Promise<Bytes | 'too-large'> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on('data', (chunk) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      // What still comes is read and thrown away: a connection cut now would take the answer with it.
      chunks.length = 0;
      resolve('too-large');
    });
    let isWhole = false;
    const breakOff = (): void => {
      if (!isWhole) reject(new Error('The body has broken off.'));
    };
    if (request.destroyed) breakOff();
    request.on('end', () => {
      isWhole = true;
      resolve(joined(chunks, length));
    });
    request.on('error', breakOff);
    request.on('close', breakOff);
  });
}

function send({ status, headers, body }: Answer, response: NodeResponse): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body ?? '');
}
