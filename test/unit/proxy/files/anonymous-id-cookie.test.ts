// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyOptions } from '../../../../src/proxy.ts';
import { createProxy } from '../../../../src/proxy.ts';
import { CLIENT_KEY, post, startProxy, WRITE_KEY } from '../../../integration/proxy/setup.ts';

const FIRST_LOAD = 'https://shop.example.com/cio.js';

function load(
  cookie: string | null,
  options: Partial<ProxyOptions> = { anonymousIdCookie: { domain: 'example.com' } },
  url = FIRST_LOAD,
  headers: Record<string, string> = {},
): Promise<Response> {
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    files: () => 'script',
    ...options,
  });
  return proxy.fetch(
    new Request(url, { headers: { ...(cookie !== null && { Cookie: cookie }), ...headers } }),
  );
}

const cookieOf = async (response: Promise<Response>): Promise<string | null> =>
  (await response).headers.get('Set-Cookie');

describe('the cookie with the anonymous id', () => {
  test('is prolonged, with its value', async () => {
    expect(await cookieOf(load('a=b; ajs_anonymous_id=4d-7%22; c=d'))).toBe(
      'ajs_anonymous_id=4d-7%22; Path=/; Max-Age=31536000; SameSite=Lax; Domain=example.com; Secure',
    );
  });

  test('is never created, and no other cookie is changed', async () => {
    for (const cookie of [
      null,
      '',
      'other=1',
      'x_ajs_anonymous_id=1',
      'ajs_anonymous_id=',
      'ajs_anonymous_id=a"b',
      `ajs_anonymous_id=${'x'.repeat(201)}`,
      'other=ajs_anonymous_id=1',
    ])
      expect(await cookieOf(load(cookie)), String(cookie)).toBeNull();
  });

  test('that was sent several times is prolonged only if all values are equal', async () => {
    expect(await cookieOf(load('ajs_anonymous_id=old; a=b; ajs_anonymous_id=new'))).toBeNull();
    expect(await cookieOf(load('ajs_anonymous_id=one; ajs_anonymous_id=one'))).toContain(
      'ajs_anonymous_id=one;',
    );
  });

  test('is not changed without the option, by other files, or by batch responses', async () => {
    expect(await cookieOf(load('ajs_anonymous_id=1', {}))).toBeNull();
    const anonymousIdCookie = { domain: 'example.com' };
    expect(
      await cookieOf(
        load('ajs_anonymous_id=1', { anonymousIdCookie }, 'https://shop.example.com/cio-plugins.js'),
      ),
    ).toBeNull();
    const { proxy } = await startProxy({ anonymousIdCookie });
    const headers = { Cookie: 'ajs_anonymous_id=1' };
    expect(await cookieOf(proxy.fetch(post(undefined, { headers })))).toBeNull();
  });

  test('is also prolonged by a 304', async () => {
    const etag = (await load(null)).headers.get('ETag') ?? '';
    const response = await load('ajs_anonymous_id=1', undefined, undefined, { 'If-None-Match': etag });
    expect(response.status).toBe(304);
    expect(response.headers.get('Set-Cookie')).toContain('ajs_anonymous_id=1;');
  });

  test('is in no response that a shared cache may store', async () => {
    for (const cookie of ['ajs_anonymous_id=1', null])
      expect((await load(cookie)).headers.get('Cache-Control')).toBe('private, max-age=3600');
    expect((await load('ajs_anonymous_id=1', {})).headers.get('Cache-Control')).toContain('public');
  });

  test.each([
    ['http://localhost/cio.js', {}, false],
    ['http://shop.example.com/cio.js', { 'X-Forwarded-Proto': 'https' }, true],
    ['https://shop.example.com/cio.js', {}, true],
  ])('is Secure if the page uses https: %s %j', async (url, headers, secure) => {
    const options = { anonymousIdCookie: { domain: '', maxAgeDays: 30 } };
    const cookie = await cookieOf(load('ajs_anonymous_id=1', options, url, headers));
    expect(cookie).toBe(
      `ajs_anonymous_id=1; Path=/; Max-Age=2592000; SameSite=Lax${secure ? '; Secure' : ''}`,
    );
  });
});
