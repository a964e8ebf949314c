import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { WireEvent } from '../../src/protocol/wire.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly batch: readonly WireEvent[];
  readonly sentAt: unknown;
}

export interface ServerAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Reply = ServerAnswer | 'hang-up' | 'silence' | 'half an answer';
type Script = Reply | ((request: Received) => Reply | Promise<Reply>);

/** A proxy that responds as the test configures, for one test. */
export interface ProxyServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Every event of requests that got a 2xx response, in the order of arrival. */
  readonly taken: readonly WireEvent[];
  respond(script: Script): void;
}

export async function startProxyServer(): Promise<ProxyServer> {
  const received: Received[] = [];
  const taken: WireEvent[] = [];
  let script: Script = { status: 200 };

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await read(incoming);
    received.push(request);
    const reply = typeof script === 'function' ? await script(request) : script;
    if (reply === 'silence') return;
    if (reply === 'hang-up') {
      incoming.socket.destroy();
      return;
    }
    if (reply === 'half an answer') {
      outgoing.writeHead(200, { 'Content-Length': '1000' });
      outgoing.write('{"o', () => incoming.socket.destroy());
      return;
    }
    const { status = 200, headers = {}, body = '{}' } = reply;
    if (status >= 200 && status < 300) taken.push(...request.batch);
    outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    taken,
    respond: (next) => void (script = next),
  };
}

async function read(incoming: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', url: path = '', headers } = incoming;
  const bytes = Buffer.concat(chunks);
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
  const body = (text ? JSON.parse(text) : {}) as { batch?: readonly WireEvent[]; sentAt?: unknown };
  return { method, path, headers, text, batch: body.batch ?? [], sentAt: body.sentAt };
}
