import { Agent, request as ask, type RequestListener } from 'node:http';
import { BATCH_PATH } from '../../../src/protocol/wire.ts';
import { WRITE_KEY } from '../load.ts';

/** A proxy without any check: it reads the body, parses it, sends it on, and answers when the answer has come. */
export function forward(upstreamUrl: string): RequestListener {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(upstreamUrl);
  const authorization = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;

  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      JSON.parse(body.toString());
      const headers = {
        Authorization: authorization,
        'Content-Type': 'application/json',
        'Content-Length': body.length,
      };
      const sent = ask({ agent, hostname, port, path: BATCH_PATH, method: 'POST', headers }, (answer) => {
        answer.resume().on('end', () => {
          response.writeHead(answer.statusCode ?? 502, { 'Content-Type': 'application/json' });
          response.end('{"success":true}');
        });
      });
      sent.on('error', () => response.writeHead(502).end());
      sent.end(body);
    });
  };
}
