import type { IncomingMessage, RequestOptions } from 'node:http';
import { createSharedTimer } from '../lib/shared-timer.ts';
import type { UpstreamFetch, UpstreamFetchInit, UpstreamAnswer } from './contract.ts';
import { isNode } from '../lib/is-node.ts';
import { MAX_ANSWER_BYTES } from '../lib/read-limited.ts';

/** Half of the minute after which Customer.io closes idle connections: https://docs.customer.io/integrations/api/cdp/ */
const IDLE_MS = 30_000;
/** How long the body of a response may take after its headers. */
const ANSWER_MS = 15_000;

const after = /*#__PURE__*/ createSharedTimer();

/**
 * Creates a function that sends requests over `node:http` with keep-alive connections: on Node, `fetch` would be half
 * of what a delivery costs. Redirects are not followed, and bodies are neither compressed nor decompressed. Returns
 * `undefined` on other runtimes.
 */
export function createNodeFetch(): UpstreamFetch | undefined {
  if (!isNode()) return undefined;
  // Not an `import`: bundlers for edge runtimes fail at a `node:` specifier, even in code that never runs.
  const http = process.getBuiltinModule('node:http');
  const https = process.getBuiltinModule('node:https');
  const keepAlive = { keepAlive: true, timeout: IDLE_MS };
  const plain = { request: http.request, agent: new http.Agent(keepAlive) };
  const secure = { request: https.request, agent: new https.Agent(keepAlive) };

  /** Sends one request. `agent`: `false` for a new connection. */
  function ask(
    target: Target,
    init: UpstreamFetchInit,
    agent?: RequestOptions['agent'],
  ): Promise<UpstreamAnswer> {
    const { method, headers, body, signal } = init;
    const { isSecure, hostname, port, path } = target;
    const client = isSecure ? secure : plain;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = client.request({
        hostname,
        port,
        path,
        agent: agent ?? client.agent,
        method,
        headers: {
          // Some firewalls refuse requests without a User-Agent.
          'User-Agent': 'node',
          ...headers,
          'Content-Length': Buffer.byteLength(body),
        },
      });
      const giveUp = (): void => void request.destroy(signal.reason as Error);
      signal.addEventListener('abort', giveUp, { once: true });
      let isSettling = false;
      request.on('response', (answer) => {
        isSettling = true;
        resolve(answerOf(answer));
      });
      request.on('error', (cause: NodeJS.ErrnoException) => {
        // A server may close an idle connection just before it is used again. The server has not read this request,
        // which is therefore sent once more.
        const isStale = request.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
        if (!isStale || signal.aborted || isSettling || agent === false) return reject(cause);
        isSettling = true;
        ask(target, init, false).then(resolve, reject);
      });
      request.on('close', () => {
        signal.removeEventListener('abort', giveUp);
        if (!isSettling) reject(new TypeError('The connection was closed without an answer.'));
      });
      request.end(body);
    });
  }

  // Nearly all requests have the same URL: comparing it costs less than parsing it.
  let last = { href: '', target: targetOf('http://localhost') };
  return (url, init) => {
    if (url !== last.href) last = { href: url, target: targetOf(url) };
    return ask(last.target, init);
  };
}

interface Target {
  readonly isSecure: boolean;
  readonly hostname: string;
  readonly port: string;
  readonly path: string;
}

function targetOf(href: string): Target {
  const { protocol, hostname, port, pathname, search } = new URL(href);
  // `hostname` of a URL has brackets around an IPv6 address; `node:http` needs it without brackets.
  return {
    isSecure: protocol === 'https:',
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: pathname + search,
  };
}

/** Resolves as soon as the status is known: the status alone decides whether the batch was delivered. */
function answerOf(answer: IncomingMessage): UpstreamAnswer {
  const { statusCode: status = 0, headers } = answer;
  const text = read(answer);
  // The body may never be read: without this, its error would be an unhandled rejection.
  text.catch(() => {});
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => [headers[name.toLowerCase()] ?? []].flat().join(', ') || null },
    text: () => text,
  };
}

/** Reads the body, up to {@link MAX_ANSWER_BYTES}. @throws when the connection breaks, or the body takes too long */
function read(answer: IncomingMessage): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const done = (): void => {
      cancel();
      resolve(Buffer.concat(chunks).toString());
    };
    const cancel = after(ANSWER_MS, () => void answer.destroy(new Error('The answer has not ended.')));
    answer.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= MAX_ANSWER_BYTES) {
        chunks.push(chunk);
        return;
      }
      done();
      answer.destroy();
    });
    answer.on('end', done);
    answer.on('error', (cause) => {
      cancel();
      reject(cause);
    });
  });
}
