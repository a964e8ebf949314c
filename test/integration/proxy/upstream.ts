import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request as Customer.io receives it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { readonly batch: readonly Record<string, unknown>[]; readonly sentAt?: string };
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Upstream {
  readonly url: string;
  readonly received: readonly Received[];
  /**
   * Sets the response to the next requests; `'hang-up'` closes the connection, `'silence'` sends no response.
   */
  respond(answer: Answer | 'hang-up' | 'silence' | ((request: Received) => Answer | Promise<Answer>)): void;
}

/**
 * Starts a server in the place of Customer.io, for one test.
 * @param recordsChecks `false`: the empty batch by which a proxy checks its write key is accepted, and not recorded
 */
export async function startUpstream({ recordsChecks = true } = {}): Promise<Upstream> {
  const received: Received[] = [];
  let answer: Parameters<Upstream['respond']>[0] = { status: 200, body: '{}' };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { method = '', url: path = '', headers } = request;
    const entry: Received = { method, path, headers, text, body: text === '' ? {} : JSON.parse(text) };
    if (!recordsChecks && Array.isArray(entry.body.batch) && !entry.body.batch.length) {
      response.end('{}');
      return;
    }
    received.push(entry);
    if (answer === 'hang-up') request.socket.destroy();
    if (typeof answer === 'string') return;
    const {
      status = 200,
      headers: more = {},
      body = '{}',
    } = typeof answer === 'function' ? await answer(entry) : answer;
    response.writeHead(status, more).end(body);
  };
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received, respond: (next) => void (answer = next) };
}
