// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { listen } from '../listen.ts';
import { startProxy } from '../setup.ts';
import { BATCH, exchange, HEAD, requestText, statusesIn } from './raw.ts';

const LENGTH = `Content-Length: ${Buffer.byteLength(BATCH)}`;
const CLIENT_IP = { clientIp: { header: 'x-forwarded-for', hops: 1 } } as const;

describe('X-Forwarded-For', () => {
  test.each([
    ['another header', '203.0.113.7\\r\\nX-Strict-Mode: 0'],
    ['JSON', '203.0.113.7","userId":"somebody'],
    ['markup', '<script>alert(1)</script>'],
    ['a name', 'localhost'],
    ['a query', "1.1.1.1'; DROP TABLE events"],
    ['an address and more', '203.0.113.7 evil'],
    ['a very long one', `${'1'.repeat(5_000)}.1.1.1`],
    ['percent signs', '%0d%0aX-Strict-Mode:%200'],
    ['a folded line', '203.0.113.7,\r\n X-Strict-Mode: 0'],
    ['bytes beyond ASCII', '２０３.0.113.7'],
  ])('that holds %s is ignored', async (_, value) => {
    const { proxy, upstream } = await startProxy(CLIENT_IP);
    const request = requestText([...HEAD, LENGTH, `X-Forwarded-For: ${value}`]);
    const [status] = statusesIn(await exchange(await listen(proxy.node), request));
    // Node's own parser may refuse such a line.
    expect([200, 400]).toContain(status);
    for (const { headers, body } of upstream.received) {
      expect(headers['x-strict-mode']).toBe('1');
      expect(body.batch[0]?.['context']).not.toHaveProperty('ip');
      expect(body.batch[0]).not.toHaveProperty('userId');
    }
  });

  test.each([
    ['a line feed', '203.0.113.7\nX-Strict-Mode: 0'],
    ['a carriage return', '203.0.113.7\rX-Strict-Mode: 0'],
    ['a null', '203.0.113.7\0'],
  ])('that holds %s makes the request invalid', async (_, value) => {
    const { proxy, upstream } = await startProxy(CLIENT_IP);
    const request = requestText([...HEAD, LENGTH, `X-Forwarded-For: ${value}`]);
    expect(statusesIn(await exchange(await listen(proxy.node), request))).toEqual([400]);
    expect(upstream.received).toHaveLength(0);
  });
});
