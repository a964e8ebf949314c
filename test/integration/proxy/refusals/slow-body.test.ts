// @vitest-environment node
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { listen, send } from '../listen.ts';
import { claims, SECRET, signed } from '../key-server.ts';
import { CLIENT_KEY, startProxy, verdict } from '../setup.ts';
import { BATCH, errorIn, HEAD, LAST, open, requestText, statusesIn } from './raw.ts';

const SHORT = { bodyTimeoutMs: 50 };

describe('a body that does not arrive', () => {
  test.each<[string, readonly string[], string]>([
    ['at all', ['Content-Length: 1000'], ''],
    ['to its end', ['Content-Length: 1000'], BATCH],
    ['to its last chunk', ['Transfer-Encoding: chunked'], `${BATCH.length.toString(16)}\r\n${BATCH}\r\n`],
  ])('%s gets 408, and its connection is closed', async (_, headers, part) => {
    const { proxy, upstream } = await startProxy(SHORT);
    const url = await listen(proxy.node);
    const socket = open(url);
    socket.write(requestText([...HEAD, ...headers], part));
    const answer = await text(socket);
    expect([statusesIn(answer), errorIn(answer)]).toEqual([[408], 'body_timeout']);
    expect(answer).toMatch(/^retry-after: \d+\r$/im);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(upstream.received).toHaveLength(0);
    expect(await verdict(await send(url))).toBe('200');
  });

  test('gets 408 although a byte arrives now and then', async () => {
    const { proxy, upstream } = await startProxy(SHORT);
    const socket = open(await listen(proxy.node));
    socket.on('error', () => {});
    socket.write(requestText([...HEAD, 'Content-Length: 100000'], ''));
    const drip = setInterval(() => socket.write(' '), 5);
    onTestFinished(() => clearInterval(drip));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(errorIn(String(bytes))).toBe('body_timeout');
    expect(upstream.received).toHaveLength(0);
  });

  test.each([
    ['plain', {}],
    ['packed', { 'Content-Encoding': 'gzip' }],
  ])('gets 408 in Fetch API runtimes too, and its stream is cancelled: %s', async (_, more) => {
    const { proxy } = await startProxy(SHORT);
    let isLetGo = false;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(gzipSync(BATCH).subarray(0, 40)),
      cancel: () => void (isLetGo = true),
    });
    const headers = {
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json',
      ...more,
    };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    const response = await proxy.fetch(new Request('https://events.example.com/v1/batch', init));
    expect(await verdict(response)).toBe('408 body_timeout');
    expect(isLetGo).toBe(true);
  });

  test('of a private call gets 408', async () => {
    const { proxy } = await startProxy({
      ...SHORT,
      customerToken: { secret: SECRET },
      inApp: { siteId: 'site' },
    });
    const type = 'Content-Type: application/json';
    const token = await signed(claims());
    const headers = [...LAST, type, `Authorization: Bearer ${token}`, `X-CIO-Client-Key: ${CLIENT_KEY}`];
    const socket = open(await listen(proxy.node));
    socket.write(requestText([...headers, 'Content-Length: 9'], '{', 'POST /v1/inbox/fetch HTTP/1.1'));
    const answer = await text(socket);
    expect([statusesIn(answer), errorIn(answer)]).toEqual([[408], 'body_timeout']);
  });
});
