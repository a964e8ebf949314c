import type { RequestListener } from 'node:http';

/** Customer.io, as fast as it could be: takes every batch, and says how many events came, where it is asked. */
export function upstream(): RequestListener {
  let events = 0;
  let requests = 0;
  return (request, response) => {
    if (request.method === 'GET') {
      response.end(JSON.stringify({ events, requests }));
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // Each event has one; counted rather than parsed, because this machine also runs who is measured.
      requests += 1;
      events += Buffer.concat(chunks).toString('latin1').split('"messageId"').length - 1;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"success":true}');
    });
  };
}
