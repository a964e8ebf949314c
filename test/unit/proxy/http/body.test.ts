// @vitest-environment node
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CLIENT_KEY, event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';

const GZIP = { 'Content-Encoding': 'gzip' };

describe('a content type', () => {
  test.each(['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"'])(
    'of JSON is accepted: %s',
    async (type) => {
      const { proxy } = await startProxy();
      expect(await verdict(await proxy.fetch(post([event()], { headers: { 'Content-Type': type } })))).toBe(
        '200',
      );
    },
  );

  test.each([
    'text/plain',
    'application/jsonp',
    'application/json; charset=utf-16',
    'application/x-www-form-urlencoded',
    '',
  ])('of another type is refused: "%s"', async (type) => {
    const { proxy, upstream } = await startProxy();
    const response = await proxy.fetch(post([event()], { headers: { 'Content-Type': type } }));
    expect(await verdict(response)).toBe('415 unsupported_media_type');
    expect(upstream.received).toHaveLength(0);
  });
});

describe('a gzip body', () => {
  test('is decompressed, and forwarded uncompressed', async () => {
    const { proxy, upstream } = await startProxy();
    const sent = { batch: [event({ properties: { text: 'grüße 🦊' } })], sentAt: '2026-01-02T03:04:06.000Z' };
    const response = await proxy.fetch(post([], { headers: GZIP, body: gzipSync(JSON.stringify(sent)) }));
    expect(await verdict(response)).toBe('200');
    expect(upstream.received[0]?.headers['content-encoding']).toBeUndefined();
    expect(upstream.received[0]?.body).toEqual(sent);
  });

  test.each([
    ['is no gzip', Buffer.from('{"batch":[]}')],
    ['is cut off', gzipSync(JSON.stringify({ batch: [event()] })).subarray(0, -9)],
    ['is empty', Buffer.alloc(0)],
  ])('that %s is refused', async (_, body) => {
    const { proxy, upstream } = await startProxy();
    const response = await proxy.fetch(post([], { headers: GZIP, body }));
    expect(await verdict(response)).toBe('400 invalid_encoding');
    expect(upstream.received).toHaveLength(0);
  });

  test('that decompresses to too much is abandoned early', async () => {
    const { proxy } = await startProxy();
    const bomb = gzipSync(Buffer.alloc(100_000_000));
    const before = process.memoryUsage().arrayBuffers;
    const response = await proxy.fetch(post([], { headers: GZIP, body: bomb }));
    expect(await verdict(response)).toBe('413 body_too_large');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000);
  });

  test('that decompresses to nothing for ever is abandoned, too', async () => {
    const { proxy } = await startProxy();
    const empty = gzipSync('');
    const nothing = new Uint8Array(Buffer.concat(Array.from({ length: 500 }, () => empty)));
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(nothing) });
    const headers = {
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json',
      ...GZIP,
    };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    const response = await proxy.fetch(new Request('https://events.example.com/v1/batch', init));
    expect(await verdict(response)).toBe('413 body_too_large');
  });

  test('with another encoding is refused with the supported one', async () => {
    const { proxy } = await startProxy();
    const response = await proxy.fetch(post([event()], { headers: { 'Content-Encoding': 'br' } }));
    expect(response.headers.get('Accept-Encoding')).toBe('gzip');
    expect(await verdict(response)).toBe('415 unsupported_encoding');
  });
});

describe('a body', () => {
  const padded = (bytes: number): string => {
    const body = JSON.stringify({ batch: [event()] });
    return body + ' '.repeat(bytes - body.length);
  };

  test('may have exactly 500 000 bytes', async () => {
    const { proxy } = await startProxy();
    expect(await verdict(await proxy.fetch(post([], { body: padded(500_000) })))).toBe('200');
    expect(await verdict(await proxy.fetch(post([], { body: padded(500_001) })))).toBe('413 body_too_large');
  });

  test('has its size counted after decompression', async () => {
    const { proxy } = await startProxy({ maxBodyBytes: 1_000 });
    expect(await verdict(await proxy.fetch(post([], { headers: GZIP, body: gzipSync(padded(1_000)) })))).toBe(
      '200',
    );
    expect(await verdict(await proxy.fetch(post([], { headers: GZIP, body: gzipSync(padded(1_001)) })))).toBe(
      '413 body_too_large',
    );
  });

  test('is not read beyond the limit', async () => {
    const { proxy } = await startProxy({ maxBodyBytes: 1_000 });
    let given = 0;
    const body = new ReadableStream({
      pull(controller) {
        given += 100;
        controller.enqueue(new Uint8Array(100));
      },
    });
    const headers = { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' };
    const request = new Request('https://events.example.com/v1/batch', {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    expect(await verdict(await proxy.fetch(request))).toBe('413 body_too_large');
    expect(given).toBeLessThan(2_000);
  });

  test('that declares too large a size is not read at all', async () => {
    const { proxy } = await startProxy();
    const request = post([event()], { headers: { 'Content-Length': '500001' } });
    expect(await verdict(await proxy.fetch(request))).toBe('413 body_too_large');
    expect(request.bodyUsed).toBe(false);
  });

  test('must be UTF-8', async () => {
    const { proxy, upstream } = await startProxy();
    const body = Buffer.concat([
      Buffer.from('{"batch":[],"x":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('400 invalid_utf8');
    expect(upstream.received).toHaveLength(0);
  });

  test('keeps characters complete that arrive in pieces', async () => {
    const { proxy, upstream } = await startProxy();
    const bytes = Buffer.from(JSON.stringify({ batch: [event({ event: '🦊 grüßt' })] }));
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const headers = { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' };
    const request = new Request('https://events.example.com/v1/batch', {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    expect(await verdict(await proxy.fetch(request))).toBe('200');
    expect(upstream.received[0]?.body.batch[0]?.['event']).toBe('🦊 grüßt');
  });

  test.each([
    ['', '400 invalid_json'],
    ['{"batch":[', '400 invalid_json'],
    ['null', '400 invalid_batch'],
    ['[]', '400 invalid_batch'],
    ['{"events":[]}', '400 invalid_batch'],
    ['{"batch":{"length":1}}', '400 invalid_batch'],
  ])('must be JSON with a batch: %s', async (body, expected) => {
    const { proxy } = await startProxy();
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe(expected);
  });
});
