import type { IncomingMessage, RequestOptions } from 'node:http';
import { createSharedTimer } from '../lib/shared-timer.ts';
import type { UpstreamFetch, UpstreamFetchInit, UpstreamAnswer } from './contract.ts';
import { isNode } from '../lib/is-node.ts';
import { MAX_ANSWER_BYTES } from '../lib/read-limited.ts';

/** Customer.io closes what was idle for a minute: https://docs.customer.io/integrations/api/cdp/ */
const IDLE_MS = 30_000;
/** For a body to arrive whose head has come. */
const ANSWER_MS = 15_000;

const after = /*#__PURE__*/ createSharedTimer();

/**
 * Asks upstream over `node:http`, with connections that are kept: on Node, half of what a delivery costs would be its
 * `fetch`. Follows no redirect, packs and unpacks nothing. Undefined where this is not Node.
 */
export function createNodeFetch(): UpstreamFetch | undefined {
  if (!isNode()) return undefined;
  // Not an import: bundlers for the edge would stop at a `node:` name even where it is never reached.
  const http = process.getBuiltinModule('node:http');
  const https = process.getBuiltinModule('node:https');
  const kept = { keepAlive: true, timeout: IDLE_MS };
  const plain = { request: http.request, agent: new http.Agent(kept) };
  const secure = { request: https.request, agent: new https.Agent(kept) };

  /** `agent`: `false` for a connection of its own. */
  function ask(
    target: Target,
    init: UpstreamFetchInit,
    agent?: RequestOptions['agent'],
  ): Promise<UpstreamAnswer> {
    const { method, headers, body, signal } = init;
    const { isSecure, hostname, port, path } = target;
    const means = isSecure ? secure : plain;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = means.request({
        hostname,
        port,
        path,
        agent: agent ?? means.agent,
        method,
        headers: {
          // There are firewalls that let nobody in who has no name.
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
        // The other side had closed a kept connection, which shows only now, and has read nothing of this.
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

  // Nearly always the same address: to take it apart costs more than to compare it.
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
  // An IPv6 address has brackets in a URL alone.
  return {
    isSecure: protocol === 'https:',
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: pathname + search,
  };
}

/** The status is known before the body has come, and says what has become of the batch, whatever becomes of the body. */
function answerOf(answer: IncomingMessage): UpstreamAnswer {
  const { statusCode: status = 0, headers } = answer;
  const text = read(answer);
  // Nobody may ask for it.
  text.catch(() => {});
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => [headers[name.toLowerCase()] ?? []].flat().join(', ') || null },
    text: () => text,
  };
}

/** Of more than {@link MAX_ANSWER_BYTES} the rest is not read. @throws when it breaks off, or takes too long */
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
