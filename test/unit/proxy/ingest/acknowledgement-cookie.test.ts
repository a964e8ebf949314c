// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyOptions } from '../../../../src/proxy.ts';
import { ACK_HEADER } from '../../../../src/protocol/wire.ts';
import { listen, send } from '../../../integration/proxy/listen.ts';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';

const NAME = '01JZX8Q4T5V6W7X8Y9Z0ABCDEF';
const SAME = 'https://events.example.com';
const COOKIE = `cio_ack_${NAME}=1; Path=/; Max-Age=604800; SameSite=Lax`;

async function cookieFor(
  headers: Record<string, string>,
  options: Partial<ProxyOptions> = {},
): Promise<string | null> {
  const { proxy } = await startProxy(options);
  return (await proxy.fetch(post(undefined, { headers }))).headers.get('Set-Cookie');
}

describe('a request with a name', () => {
  test('gets a cookie with that name when all events have been accepted', async () => {
    expect(await cookieFor({ [ACK_HEADER]: NAME, Origin: SAME })).toBe(`${COOKIE}; Secure`);
  });

  test('gets it over node:http too, Secure only if the page uses https', async () => {
    const { proxy } = await startProxy();
    const url = await listen(proxy.node);
    const named = async (headers: Record<string, string>): Promise<string | null> =>
      (await send(url, [event()], { [ACK_HEADER]: NAME, ...headers })).headers.get('Set-Cookie');
    expect(await named({ Origin: url })).toBe(COOKIE);
    expect(await named({ Origin: url.replace('http:', 'https:') })).toBe(`${COOKIE}; Secure`);
    expect(await named({ Origin: url, 'X-Forwarded-Proto': 'https' })).toBe(`${COOKIE}; Secure`);
    expect(await named({ Origin: 'https://shop.example.com', 'Sec-Fetch-Site': 'same-origin' })).toBe(
      `${COOKIE}; Secure`,
    );
    expect(await named({})).toBeNull();
  });

  test('gets it also for events that were accepted before', async () => {
    const { proxy, upstream } = await startProxy();
    const batch = [event()];
    for (let i = 0; i < 2; i += 1) {
      const response = await proxy.fetch(post(batch, { headers: { [ACK_HEADER]: NAME, Origin: SAME } }));
      expect(response.headers.get('Set-Cookie')).toBe(`${COOKIE}; Secure`);
    }
    expect(upstream.received).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ['without a name', { Origin: SAME }],
    ['from no page', { [ACK_HEADER]: NAME }],
    ['from a page of another origin', { [ACK_HEADER]: NAME, Origin: 'https://shop.example.com' }],
    ['from a page of no origin', { [ACK_HEADER]: NAME, Origin: 'null' }],
    ['with an empty name', { [ACK_HEADER]: ' ', Origin: SAME }],
    ['with a short name', { [ACK_HEADER]: 'a'.repeat(9), Origin: SAME }],
    ['with a long name', { [ACK_HEADER]: 'a'.repeat(41), Origin: SAME }],
    ['with a name that ends a cookie', { [ACK_HEADER]: 'abcdefghij=1;x', Origin: SAME }],
    ['with two names', { [ACK_HEADER]: 'abcdefghij, abcdefghik', Origin: SAME }],
    ['with letters beyond ASCII', { [ACK_HEADER]: 'abcdefghi\u00e4', Origin: SAME }],
  ])('gets no cookie %s', async (_, headers) => {
    expect(await cookieFor(headers, { origins: ['https://shop.example.com', 'null://x'] })).toBeNull();
  });

  test.each([10, 40])('may have a name of %d letters', async (length) => {
    const name = 'a'.repeat(length);
    expect(await cookieFor({ [ACK_HEADER]: name, Origin: SAME })).toContain(`cio_ack_${name}=1;`);
  });

  test('gets none if an event was rejected, or nothing was accepted', async () => {
    const { proxy, upstream } = await startProxy({ upstream: { retries: 0 } });
    const headers = { [ACK_HEADER]: NAME, Origin: SAME };
    const isBad = ({ text }: { text: string }): boolean => text.includes('Bad');
    upstream.respond((request) => (isBad(request) ? { status: 400 } : {}));
    const partly = await proxy.fetch(post([event(), event({ event: 'Bad' })], { headers }));
    expect([partly.status, partly.headers.get('Set-Cookie')]).toEqual([200, null]);
    for (const status of [400, 401, 413, 500, 503]) {
      upstream.respond({ status });
      const response = await proxy.fetch(post([event()], { headers }));
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.headers.get('Set-Cookie')).toBeNull();
    }
    const refused = await proxy.fetch(post([{ type: 'nothing' }], { headers }));
    expect(refused.headers.get('Set-Cookie')).toBeNull();
  });

  test('gets none at another path, or with another method', async () => {
    const headers = { [ACK_HEADER]: NAME, Origin: SAME };
    const { proxy } = await startProxy({ files: () => 'script', metrics: '/metrics' });
    for (const path of ['/v1/health', '/metrics', '/cio.js', '/v1/batch', '/nothing']) {
      for (const method of ['GET', 'OPTIONS']) {
        const response = await proxy.fetch(new Request(`${SAME}${path}`, { method, headers }));
        expect(response.headers.get('Set-Cookie'), `${method} ${path}`).toBeNull();
      }
    }
    expect(await verdict(await proxy.fetch(post([], { path: '/v1/inbox/fetch', headers })))).not.toBe('200');
  });

  test('does not permit another site', async () => {
    const { proxy } = await startProxy();
    const headers = { [ACK_HEADER]: NAME, Origin: 'https://evil.example' };
    expect(await verdict(await proxy.fetch(post([event()], { headers })))).toBe('403 origin_not_allowed');
  });
});
