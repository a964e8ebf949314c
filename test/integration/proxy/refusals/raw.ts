import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { CLIENT_KEY, event } from '../setup.ts';

/** The headers of a request that is the last one on its connection. */
export const LAST: readonly string[] = ['Host: events.example.com', 'Connection: close'];

/** The headers of a batch request of a browser, without `Content-Length`. */
export const HEAD: readonly string[] = [
  ...LAST,
  `Authorization: ${basicAuthorization(CLIENT_KEY)}`,
  'Content-Type: application/json',
];

export const BATCH: string = JSON.stringify({ batch: [event()] });

/** Returns the text of one request. `headers`: whole lines. */
export function requestText(
  headers: readonly string[],
  body: string = BATCH,
  start = 'POST /v1/batch HTTP/1.1',
): string {
  return `${[start, ...headers].join('\r\n')}\r\n\r\n${body}`;
}

export function open(url: string): Socket {
  return connect(Number(new URL(url).port), '127.0.0.1');
}

/**
 * Sends bytes that no HTTP client would send. Returns everything that the server sends until it closes the
 * connection, which the last request must ask for.
 */
export async function exchange(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = open(url).setNoDelay();
  // The server may close the connection while bytes are still being sent.
  socket.on('error', () => socket.destroy());
  for (const part of parts) await new Promise((written) => socket.write(part, written));
  return text(socket);
}

/** The status codes of all responses in a text, in order. */
export function statusesIn(answers: string): readonly number[] {
  return Array.from(answers.matchAll(/HTTP\/1\.1 (\d+) /g), ([, status]) => Number(status));
}

/** The value of `error` in the only response in a text. */
export function errorIn(answer: string): string | undefined {
  return /"error":"(\w+)"/.exec(answer)?.[1];
}
