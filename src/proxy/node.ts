import { createAfter } from './after.ts';
import type { Answer } from './answer.ts';
import type { Bytes } from './body.ts';
import { type HeaderReader, type Incoming, joined, type ReadLimits, type Unread } from './incoming.ts';
import { isGzip, type Kept, keptBody } from './kept-body.ts';
import { createTargets, type Target } from './target.ts';

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
  /** Whether all of it has come. */
  readonly complete?: boolean;
  readonly httpVersionMajor?: number;
  readonly socket?:
    { readonly remoteAddress?: string | undefined; readonly destroy?: () => unknown } | null | undefined;
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

/**
 * So many requests may come on one connection of HTTP/1.1 before the first of them is answered. Browsers and what stands in front of
 * servers send one; whoever sends thousands and reads no answer would fill the memory with requests.
 */
const MOST_PIPELINED = 64;
/** For so long what still comes of a body is read and thrown away after the answer: a connection cut at once would take the answer with it. */
const LINGER_MS = 2_000;

const after = /*#__PURE__*/ createAfter();

/** Speaks `node:http` for the proxy. `owns`: whether a path is one of the proxy's. */
export function createNodeHandler(handle: Handle, owns: (pathname: string) => boolean): NodeHandler {
  const targetOf = createTargets(owns);
  const unanswered = new WeakMap<object, number>();

  /** Whether the connection may have one more request that is not answered. */
  function enter({ httpVersionMajor, socket }: NodeRequest): boolean {
    if (httpVersionMajor !== 1 || !socket) return true;
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    if (count > MOST_PIPELINED) socket.destroy?.();
    return count <= MOST_PIPELINED;
  }

  function leave({ socket }: NodeRequest): void {
    const count = socket ? unanswered.get(socket) : undefined;
    if (socket && count !== undefined) unanswered.set(socket, count - 1);
  }

  return (request, response, next) => {
    const target = targetOf(request);
    if (next && !target.isOwn) {
      next();
      return;
    }
    if (!enter(request)) return;
    handle(fromNode(request, target))
      .then((answer) => send(answer, request, response))
      // Somebody else has answered, or the connection is gone: there is no way left to say anything.
      .catch(() => {})
      .finally(() => leave(request))
      .catch(() => {});
  };
}

/** Of several of these Node keeps the first alone. Whatever stands before the proxy may go by another one. */
const KEPT_ONCE: ReadonlySet<string> = new Set(['authorization', 'content-type']);

function fromNode(request: NodeRequest, target: Target): Incoming {
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
    url: target.url,
    pathname: target.pathname,
    headers: { get },
    peer: request.socket?.remoteAddress,
    get request() {
      made ??= new Request(target.url, { method, headers: headersOf(request, get) });
      return made;
    },
    hasBody: () => !wasRead || kept !== undefined || isAnnounced(get),
    async read(limits) {
      if (!wasRead) return readStream(request, limits);
      if (kept)
        return kept.length > limits.maxBytes ? 'too-large' : limits.hold(kept.length) ? kept : 'no-room';
      return isAnnounced(get) ? 'already-read' : new Uint8Array();
    },
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

function readStream(
  request: NodeRequest,
  { maxBytes, timeoutMs, hold }: ReadLimits,
): Promise<Bytes | Unread> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let isOver = false;

    /** What still comes is thrown away. */
    function stop(unread: Unread): void {
      isOver = true;
      chunks.length = 0;
      cancel();
      resolve(unread);
    }

    function breakOff(): void {
      if (isOver) return;
      isOver = true;
      chunks.length = 0;
      cancel();
      reject(new Error('The body has broken off.'));
    }

    const cancel = after(timeoutMs, () => stop('too-late'));
    request.on('data', (chunk) => {
      if (isOver) return;
      length += chunk.length;
      if (length > maxBytes) stop('too-large');
      else if (hold(length)) chunks.push(chunk);
      else stop('no-room');
    });
    if (request.destroyed) breakOff();
    request.on('end', () => {
      if (isOver) return;
      isOver = true;
      cancel();
      resolve(joined(chunks, length));
    });
    request.on('error', breakOff);
    request.on('close', breakOff);
  });
}

function send({ status, headers, body }: Answer, request: NodeRequest, response: NodeResponse): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body ?? '');
  const { socket } = request;
  if (request.complete === false && request.httpVersionMajor === 1 && socket)
    after(LINGER_MS, () => request.complete === false && socket.destroy?.());
}
