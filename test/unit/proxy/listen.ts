import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { basicAuthorization } from '../../../src/wire.ts';
import { CLIENT_KEY, event } from './setup.ts';

/** Serves on a port of its own, for one test. Answers where. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends a batch as a browser does, over HTTP. */
export function send(
  url: string,
  batch: readonly unknown[] = [event()],
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/v1/batch`, {
    method: 'POST',
    headers: {
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ batch, sentAt: new Date().toISOString() }),
  });
}
