import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { CioProxy } from '../../src/proxy.ts';
import type { Random } from '../fakes/random.ts';
import type { FuzzAnswer } from './check.ts';
import type { FuzzRequest } from './request.ts';

/** One of the two entry points of the proxy: `fetch` and `node`. */
export interface Door {
  /** Sends the request. `null`: this entry point cannot express such a request. */
  send(request: FuzzRequest, random: Random): Promise<FuzzAnswer | null>;
  close(): void;
}

export type OpenDoor = (proxy: CioProxy) => Promise<Door>;

export const openFetch: OpenDoor = async (proxy) => ({
  async send({ method, target, headers, body: { bytes, end } }, random) {
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const pieces = end === 'whole' && random.chance(0.5) ? null : piecesOf(bytes, random);
    const body = pieces === null ? new Uint8Array(bytes) : streamOf(pieces, end);
    const init = {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      ...(hasBody && { body, duplex: 'half' }),
    } as RequestInit;
    const response = await proxy.fetch(new Request(`https://events.example.com${target}`, init));
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  },
  close() {},
});

/** Sends bytes on a socket to a real HTTP server. */
export const openNode: OpenDoor = async (proxy) => {
  const server = createServer(proxy.node).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    async send({ method, target, headers, body: { bytes, end } }, random) {
      if (headers.some(([name]) => name === 'Content-Length')) return null;
      // A client that closes the connection receives no response.
      if (end === 'cut') return null;
      const lines = headers.map(([name, value]) => `${name}: ${value}`);
      const isChunked = random.chance(0.5);
      const length = isChunked
        ? 'Transfer-Encoding: chunked'
        : `Content-Length: ${bytes.length + (end === 'never' ? 1 : 0)}`;
      const head = [
        `${method} ${target} HTTP/1.1`,
        'Host: events.example.com',
        'Connection: close',
        ...lines,
        length,
      ];
      const socket = connect(port, '127.0.0.1').setNoDelay();
      // The server may close the connection while a refused body is still being sent.
      socket.on('error', () => socket.destroy());
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      for (const piece of piecesOf(bytes, random)) {
        const size = `${piece.length.toString(16)}\r\n`;
        socket.write(isChunked ? Buffer.concat([Buffer.from(size), piece, Buffer.from('\r\n')]) : piece);
        if (random.chance(0.2)) await new Promise(setImmediate);
      }
      if (isChunked && end === 'whole') socket.write('0\r\n\r\n');
      return answerIn(await text(socket).catch(() => ''));
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
};

function piecesOf(bytes: Buffer, random: Random): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(random.chance(0.3) ? 7 : 5_000);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
    // After 30 small pieces the rest is sent at once.
    if (pieces.length > 30) {
      pieces.push(bytes.subarray(at));
      break;
    }
  }
  return pieces.filter((piece) => piece.length > 0);
}

function streamOf(pieces: readonly Buffer[], end: FuzzRequest['body']['end']): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(new Uint8Array(piece));
      else if (end === 'whole') controller.close();
      else if (end === 'cut') controller.error(new TypeError('terminated'));
      else return new Promise(() => {});
      return undefined;
    },
  });
}

function answerIn(raw: string): FuzzAnswer | null {
  const [head = '', body = ''] = raw.split(/\r\n\r\n([\s\S]*)/);
  const [start = '', ...lines] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(start)?.[1]);
  if (!status) return null;
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return { status, headers: Object.fromEntries(headers), body };
}
