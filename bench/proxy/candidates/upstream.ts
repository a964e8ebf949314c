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

const SLOW_MS = 6_000;
const HUGE_BYTES = 200_000_000;

function reading(answer: (text: string, response: Parameters<RequestListener>[1]) => void): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(Buffer.concat(chunks).toString('latin1'), response));
  };
}

/** Takes every batch, after six seconds. */
export const slow = (): RequestListener =>
  reading((_, response) => setTimeout(() => response.end('{"success":true}'), SLOW_MS));

/** Takes no batch in which an event is called Faulty. */
export const strict = (): RequestListener =>
  reading((text, response) => response.writeHead(text.includes('"Faulty"') ? 400 : 200).end('{}'));

/** Takes every batch, and answers 200 MB. */
export const huge = (): RequestListener =>
  reading((_, response) => {
    const chunk = Buffer.alloc(1_000_000, ' ');
    let left = HUGE_BYTES / chunk.length;
    const write = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= 1;
        if (!response.write(chunk)) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  });
