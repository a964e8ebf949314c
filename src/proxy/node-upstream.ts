import type { ClientRequest, IncomingMessage } from 'node:http';
import type { FetchLike } from './forward.ts';

/** Whether this is Node itself; others that have its modules have a faster `fetch` of their own. */
const isNode = (): boolean =>
  typeof process === 'object' &&
  typeof process.getBuiltinModule === 'function' &&
  !('Bun' in globalThis) &&
  !('Deno' in globalThis) &&
  process.release?.name === 'node';

/**
 * The part of `fetch` that the proxy needs, over `node:http` with connections that are kept: on Node half of what a delivery
 * costs was its `fetch`. Follows no redirect, packs and unpacks nothing. Undefined where this is not Node.
 */
export function createNodeFetch(): FetchLike | undefined {
  if (!isNode()) return undefined;
  // Not an import: bundlers for the edge would stop at a `node:` name even where it is never reached.
  const http = process.getBuiltinModule('node:http');
  const https = process.getBuiltinModule('node:https');
  // Customer.io closes what was idle for a minute: https://docs.customer.io/integrations/api/cdp/
  const options = { keepAlive: true, timeout: 30_000 };
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };

  function ask(url: URL, init: RequestInit, isAgain: boolean): Promise<Response> {
    const isPlain = url.protocol === 'http:';
    return new Promise((resolve, reject) => {
      const request: ClientRequest = (isPlain ? http : https).request(url, {
        agent: isPlain ? agents['http:'] : agents['https:'],
        method: init.method,
        headers: { ...(init.headers as Record<string, string>), 'Content-Length': byteLength(init.body) },
        signal: init.signal ?? undefined,
      });
      request.on('response', (answer) => {
        read(answer).then(resolve, reject);
      });
      request.on('error', (cause: NodeJS.ErrnoException) => {
        // The other side had closed a kept connection, and has read nothing of this.
        if (request.reusedSocket && cause.code === 'ECONNRESET' && !isAgain)
          ask(url, init, true).then(resolve, reject);
        else reject(cause);
      });
      request.end(init.body as string | Uint8Array | undefined);
    });
  }

  return (url, init) => ask(new URL(url), init, false);
}

const byteLength = (body: unknown): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.byteLength : 0;

async function read(answer: IncomingMessage): Promise<Response> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const { statusCode: status = 0, headers } = answer;
  const isEmpty = status === 204 || status === 304;
  return new Response(isEmpty ? null : Buffer.concat(chunks), {
    status,
    headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      [value ?? []].flat().map((each) => [name, each]),
    ),
  });
}
