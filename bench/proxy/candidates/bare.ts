import type { RequestListener } from 'node:http';

/** What nobody can do with less: reads the body, parses it, and answers. */
export const bare = (): RequestListener => (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { batch } = JSON.parse(Buffer.concat(chunks).toString()) as { batch: readonly unknown[] };
    response.writeHead(batch.length ? 200 : 400, { 'Content-Type': 'application/json' });
    response.end('{"success":true}');
  });
};
