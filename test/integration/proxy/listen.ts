import { createServer, type RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { listen as listenAt } from '../../support/server/listen.ts';
import { CLIENT_KEY, event } from './setup.ts';

/** Serves on a free port, for one test. Returns the URL. */
export async function listen(listener: RequestListener): Promise<string> {
  const { server, port } = await listenAt(createServer(listener));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
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
