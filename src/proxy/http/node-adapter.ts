import { createSharedTimer } from '../lib/shared-timer.ts';
import type { Answer } from './response.ts';
import type { IncomingRequest } from './request.ts';
import type { ParsedBody } from './parsed-body.ts';
import { IncomingNodeRequest } from './node-request.ts';
import { createTargets, type OwnsPath, type Target } from './request-target.ts';

/** What is needed of an `http.IncomingMessage`, or of Express's request. */
export interface NodeRequest extends ParsedBody {
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
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: string | Uint8Array): unknown;
}

export type NodeHandler = (request: NodeRequest, response: NodeResponse, next?: () => void) => void;

type Handle = (incoming: IncomingRequest) => Promise<Answer>;

/**
 * So many requests may come on one connection of HTTP/1.1 before the first of them is answered. Browsers and what stands in front of
 * servers send one; whoever sends thousands and reads no answer would fill the memory with requests.
 */
const MOST_PIPELINED = 64;
/** For so long what still comes of a body is read and thrown away after the answer: a connection cut at once would take the answer with it. */
const LINGER_MS = 2_000;

const after = /*#__PURE__*/ createSharedTimer();

/** Speaks `node:http` for the proxy. `owns`: whether a path is one of the proxy's. */
export function createNodeHandler(handle: Handle, owns: OwnsPath): NodeHandler {
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

  async function respond(request: NodeRequest, response: NodeResponse, target: Target): Promise<void> {
    try {
      send(await handle(new IncomingNodeRequest(request, target)), request, response);
    } catch {
      // Somebody else has answered, or the connection is gone: there is no way left to say anything.
    } finally {
      leave(request);
    }
  }

  return (request, response, next) => {
    const target = targetOf(request);
    if (next && !target.isOwn) {
      next();
      return;
    }
    if (enter(request)) void respond(request, response, target);
  };
}

/** Headers of answers that are given often. */
const remembered = new WeakMap<Answer, Answer['headers']>();

/** The headers of an answer with its length, which Node counts by itself only where headers come one by one: that takes twice as long. */
function headersOf(answer: Answer): Answer['headers'] {
  const { headers, body, isShared } = answer;
  if (body === null) return headers;
  const before = isShared && remembered.get(answer);
  if (before) return before;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const all = { 'Content-Length': String(length), ...headers };
  if (isShared) remembered.set(answer, all);
  return all;
}

function send(answer: Answer, request: NodeRequest, response: NodeResponse): void {
  const { status, body } = answer;
  response.writeHead(status, headersOf(answer));
  response.end(body ?? '');
  const { socket } = request;
  if (request.complete === false && request.httpVersionMajor === 1 && socket)
    after(LINGER_MS, () => request.complete === false && socket.destroy?.());
}
