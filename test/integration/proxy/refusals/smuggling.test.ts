// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { listen } from '../listen.ts';
import { startProxy } from '../setup.ts';
import { BATCH, exchange, HEAD, LAST, requestText, statusesIn } from './raw.ts';

const LENGTH = `Content-Length: ${Buffer.byteLength(BATCH)}`;
const CHUNKED = 'Transfer-Encoding: chunked';
const inChunks = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
/** The request to smuggle: a whole request, inside bytes that another parser would read as a body. */
const HIDDEN = requestText([...HEAD, LENGTH]);

describe('a request with two lengths', () => {
  test.each<[string, readonly string[], string]>([
    ['Content-Length and Transfer-Encoding', [LENGTH, CHUNKED], inChunks(BATCH)],
    ['Transfer-Encoding and Content-Length', [CHUNKED, LENGTH], inChunks(BATCH)],
    ['Content-Length beside an empty body in chunks', ['Content-Length: 5', CHUNKED], `0\r\n\r\n${HIDDEN}`],
    ['two Content-Lengths', [LENGTH, 'Content-Length: 0'], BATCH],
    ['two in one Content-Length', [`${LENGTH}, 0`], BATCH],
    ['a Content-Length with a sign', [`Content-Length: +${BATCH.length}`], BATCH],
    ['a negative Content-Length', ['Content-Length: -1'], BATCH],
    ['a Content-Length in hexadecimal', ['Content-Length: 0x10'], BATCH],
    ['chunked twice removed', ['Transfer-Encoding: chunked, identity'], inChunks(BATCH)],
    ['another Transfer-Encoding', ['Transfer-Encoding: xchunked'], inChunks(BATCH)],
    ['chunked behind a tab', ['Transfer-Encoding:\tchunked', LENGTH], inChunks(BATCH)],
    ['chunked in a folded line', ['Transfer-Encoding:\r\n chunked', LENGTH], inChunks(BATCH)],
    ['a space before the colon', ['Transfer-Encoding : chunked', LENGTH], inChunks(BATCH)],
    ['a bare line feed in the head', [`X: 1\n${CHUNKED}`, LENGTH], inChunks(BATCH)],
    ['a bare carriage return in the head', [`X: 1\r${CHUNKED}`, LENGTH], inChunks(BATCH)],
    ['a chunk whose size is none', [CHUNKED], `z\r\n${BATCH}\r\n0\r\n\r\n`],
    ['a chunk longer than it says', [CHUNKED], `2\r\n${BATCH}\r\n0\r\n\r\n`],
  ])('is refused before its body is read, and the connection is closed: %s', async (_, headers, body) => {
    const { proxy, upstream } = await startProxy();
    const answers = await exchange(
      await listen(proxy.node),
      requestText([...HEAD, ...headers], body + HIDDEN),
    );
    expect(statusesIn(answers)).toEqual([400]);
    expect(upstream.received).toHaveLength(0);
  });
});

describe('data behind a request on the same connection', () => {
  test('is a separate request that needs its own credential', async () => {
    const { proxy, upstream } = await startProxy();
    const first = requestText([...HEAD.filter((line) => line !== 'Connection: close'), LENGTH]);
    const second = requestText([...LAST, 'Content-Type: application/json', LENGTH]);
    const answers = await exchange(await listen(proxy.node), first + second);
    expect(statusesIn(answers)).toEqual([200, 401]);
    expect(upstream.received).toHaveLength(1);
  });

  test('is not read as a request if the first one was refused before its body was read', async () => {
    const { proxy, upstream } = await startProxy();
    const wrapped = requestText(
      ['Host: events.example.com', `Content-Length: ${Buffer.byteLength(HIDDEN)}`],
      HIDDEN,
    );
    const next = requestText(LAST, '', 'GET /nothing HTTP/1.1');
    const answers = await exchange(await listen(proxy.node), wrapped + next);
    expect(statusesIn(answers)).toEqual([401, 404]);
    expect(upstream.received).toHaveLength(0);
  });

  test('cannot switch to another protocol', async () => {
    const { proxy, upstream } = await startProxy();
    const upgrade = [
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABk',
    ];
    const answers = await exchange(
      await listen(proxy.node),
      requestText([...HEAD.filter((line) => line !== 'Connection: close'), LENGTH, ...upgrade]),
    );
    expect(statusesIn(answers)).toEqual([200]);
    expect(upstream.received).toHaveLength(1);
  });
});
