/**
 * The Node proxy of Customer.io's public guide, which behaves as its sample: the same status codes, and no
 * handling of origins, gzip or limits.
 * `PORT=0 WRITE_KEY=… UPSTREAM_URL=… tsx test/support/docs/guide-proxies/node.ts`
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, sendJson } from '../../../../demo/http.ts';
import { createCustomerio, isCall } from './customerio.ts';

const { PORT = '0', WRITE_KEY = 'write-key', UPSTREAM_URL = '' } = process.env;
const customerio = createCustomerio(UPSTREAM_URL, WRITE_KEY);

function isKnown(authorization = ''): boolean {
  if (!authorization.startsWith('Basic ')) return false;
  const [, encoded = ''] = authorization.split(' ');
  const [key = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  return key.startsWith('client-api-key-');
}

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  // The body is read as text, whatever its encoding.
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
  return body;
}

function forward(event: Readonly<Record<string, unknown>>): void {
  if (!isCall(event['type'])) throw new Error('Unknown event type');
  customerio(event);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request);
  try {
    if (!isKnown(request.headers.authorization)) {
      sendJson(response, 401, { error: 'Unauthorized' });
      return;
    }
    const payload = JSON.parse(body) as Readonly<Record<string, unknown>>;
    if (request.url === '/v1/batch') {
      // Events before one that fails are already forwarded.
      for (const event of payload['batch'] as readonly Readonly<Record<string, unknown>>[]) forward(event);
    } else {
      forward(payload);
    }
    sendJson(response, 200, { success: true });
  } catch {
    sendJson(response, 500, { error: 'Internal server error' });
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
console.log(JSON.stringify({ listening: await listen(server, Number(PORT)) }));
process.once('SIGTERM', () => process.exit(0));
