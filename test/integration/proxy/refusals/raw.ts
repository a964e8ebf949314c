import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { CLIENT_KEY, event } from '../setup.ts';

/** Of a request that is the last on its connection. */
export const LAST: readonly string[] = ['Host: events.example.com', 'Connection: close'];

/** The head of a batch, as a browser sends it, but for its length. */
export const HEAD: readonly string[] = [
  ...LAST,
  `Authorization: ${basicAuthorization(CLIENT_KEY)}`,
  'Content-Type: application/json',
];

export const BATCH: string = JSON.stringify({ batch: [event()] });

/** One request, as bytes. `headers`: whole lines. */
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
 * Writes what no HTTP client would send, and answers all that comes back until the server hangs up: the last request has to
 * ask for that.
 */
export async function exchange(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = open(url).setNoDelay();
  // It may hang up in the middle.
  socket.on('error', () => socket.destroy());
  for (const part of parts) await new Promise((written) => socket.write(part, written));
  return text(socket);
}

/** The statuses of all answers in a text, in order. */
export function statusesIn(answers: string): readonly number[] {
  return Array.from(answers.matchAll(/HTTP\/1\.1 (\d+) /g), ([, status]) => Number(status));
}

/** What stands in `error` of the only answer in a text. */
export function errorIn(answer: string): string | undefined {
  return /"error":"(\w+)"/.exec(answer)?.[1];
}
