import { createSharedTimer } from '../lib/shared-timer.ts';
import type { Answer } from './response.ts';
import type { IncomingRequest } from './request.ts';
import { sendStream } from './send-stream.ts';
import type { NodeHandler, NodeRequest, NodeResponse } from './node-http.ts';
import { IncomingNodeRequest } from './node-request.ts';
import { createTargets, type OwnsPath, type Target } from './request-target.ts';

type Handle = (incoming: IncomingRequest) => Promise<Answer>;

/**
 * Most requests on one connection of HTTP/1.1 that have no response yet. Browsers and reverse proxies send one at a time; a client
 * that sends thousands and reads no response would fill the memory with requests.
 */
const MOST_PIPELINED = 64;
/**
 * How long the rest of a body is read and discarded after the response. The connection is closed only then: if it were closed at
 * once, the response would be lost.
 */
const LINGER_MS = 2_000;

const after = /*#__PURE__*/ createSharedTimer();

/** Makes a handler of `node:http` from the proxy's own one. `owns` says whether a path is one of the proxy's. */
export function createNodeHandler(handle: Handle, owns: OwnsPath): NodeHandler {
  const targetOf = createTargets(owns);
  const unanswered = new WeakMap<object, number>();

  /** Counts a request of its connection. Returns false, and closes the connection, if too many requests have no response yet. */
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
      await send(await handle(new IncomingNodeRequest(request, target)), request, response);
    } catch {
      // Another handler has sent a response already, or the connection is closed: no response can be sent.
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

/** The headers, with their `Content-Length`, of responses that are sent many times. */
const remembered = new WeakMap<Answer, Answer['headers']>();

/**
 * The headers of a response, with its `Content-Length`. Node adds that by itself only where headers are set one by one, which takes
 * twice as long as `writeHead` with all of them.
 */
function headersOf(answer: Answer): Answer['headers'] {
  const { headers, body, isShared } = answer;
  if (body === null) return headers;
  const known = isShared && remembered.get(answer);
  if (known) return known;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const complete = { 'Content-Length': String(length), ...headers };
  if (isShared) remembered.set(answer, complete);
  return complete;
}

async function send(answer: Answer, request: NodeRequest, response: NodeResponse): Promise<void> {
  const { status, body, stream } = answer;
  if (stream) return sendStream(answer, stream, response);
  response.writeHead(status, headersOf(answer));
  response.end(body ?? '');
  const { socket } = request;
  if (request.complete === false && request.httpVersionMajor === 1 && socket)
    after(LINGER_MS, () => request.complete === false && socket.destroy?.());
}
