// @vitest-environment node
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AnswerTooLargeError, readLimited, readLimitedText } from '../../../../src/proxy/lib/read-limited.ts';
import { listen as listenAt } from '../../../support/server/listen.ts';
import { claims, keyPair, SECRET, signed } from '../../../integration/proxy/key-server.ts';
import { bearer, fullVerdict, post, startProxy } from '../../../integration/proxy/setup.ts';

const MEGABYTE = 1_000_000;
const MOST_SENT = 50 * MEGABYTE;

interface Flood {
  readonly url: string;
  /** The number of bytes that were written to connections, including their buffers. */
  readonly taken: () => number;
  /** The number of responses whose connection is still open. */
  readonly open: () => number;
}

/** Starts a server that sends up to 50 MB in each response, as fast as the client reads. */
async function startFlood(): Promise<Flood> {
  const chunk = Buffer.alloc(64_000, ' ');
  let [taken, open] = [0, 0];
  const { server, port } = await listenAt(
    createServer((_, response) => {
      open += 1;
      response.on('close', () => (open -= 1));
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const more = (): void => {
        while (!response.destroyed && taken < MOST_SENT) {
          taken += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    }),
  );
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, taken: () => taken, open: () => open };
}

describe('an answer', () => {
  test('within the limit is read completely', async () => {
    expect(await readLimited(new Response('12345'), 5)).toEqual(new TextEncoder().encode('12345'));
    expect(await readLimitedText(new Response('grüße'))).toBe('grüße');
    expect(await readLimitedText(new Response(null, { status: 204 }))).toBe('');
  });

  test('beyond the limit is abandoned, and its connection closed', async () => {
    const flood = await startFlood();
    await expect(readLimited(await fetch(flood.url))).rejects.toThrow(AnswerTooLargeError);
    await expect.poll(flood.open).toBe(0);
    expect(flood.taken()).toBeLessThan(MOST_SENT / 2);
  });

  test('is measured after decompression', async () => {
    const { server, port } = await listenAt(
      createServer((_, response) =>
        response
          .writeHead(200, { 'Content-Encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(20 * MEGABYTE), { level: 9 })),
      ),
    );
    onTestFinished(() => void server.close());
    await expect(readLimited(await fetch(`http://127.0.0.1:${port}`))).rejects.toThrow(AnswerTooLargeError);
  });
});

describe('a server with an endless response', () => {
  test('in the place of the key server causes 503 for tokens, and needs no memory', async () => {
    const flood = await startFlood();
    const { proxy } = await startProxy({ customerToken: { jwksUrl: `${flood.url}/jwks`, mode: 'required' } });
    const token = await signed(claims(), await keyPair('k1'));
    const response = await proxy.fetch(post(undefined, { headers: bearer(token) }));
    expect(await fullVerdict(response)).toBe('503 token_check_failed');
    await expect.poll(flood.open).toBe(0);
    expect(flood.taken()).toBeLessThan(MOST_SENT / 2);
  });

  test.each([
    ['/v1/customers/attributes', 'appApi'],
    ['/v1/consent/categories', 'appApi'],
    ['/v1/inbox/fetch', 'inApp'],
  ])('in the place of the server for %s causes 503', async (path, option) => {
    const flood = await startFlood();
    const { proxy } = await startProxy({
      customerToken: { secret: SECRET },
      ...(option === 'appApi'
        ? { appApi: { key: 'app-key', url: flood.url } }
        : { inApp: { siteId: 'site', url: flood.url } }),
    });
    const headers = bearer(await signed(claims()));
    const response = await proxy.fetch(post([], { path, headers, body: '{}' }));
    expect(await fullVerdict(response)).toBe('503 upstream_unavailable');
    await expect.poll(flood.open).toBe(0);
    expect(flood.taken()).toBeLessThan(MOST_SENT / 2);
  });
});
