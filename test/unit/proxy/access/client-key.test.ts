// @vitest-environment node
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';

describe('the client key', () => {
  test.each(['web', 'shop', 'clé-ключ-鍵'])('is accepted if it is one of several: %s', async (key) => {
    const { proxy, upstream } = await startProxy({ clientKeys: ['web', 'shop', 'clé-ключ-鍵'] });
    const response = await proxy.fetch(
      post([event()], { headers: { Authorization: basicAuthorization(key) } }),
    );
    expect(await verdict(response)).toBe('200');
    expect(upstream.received).toHaveLength(1);
  });

  test.each([
    ['an unknown key', basicAuthorization('client-api-key-we')],
    ['a key that only begins right', basicAuthorization('client-api-key-web-2')],
    ['no key', basicAuthorization('')],
    ['no header', ''],
    ['another scheme', 'Digest username="client-api-key-web"'],
    ['what is not base64', 'Basic §§§'],
    ['bytes that are not UTF-8', `Basic ${btoa('\xff\xfe:')}`],
  ])('of %s is refused, and nothing is forwarded', async (_, authorization) => {
    const { proxy, upstream } = await startProxy();
    const response = await proxy.fetch(
      post([event()], { headers: { Authorization: encodeHeader(authorization) } }),
    );
    expect(response.headers.get('WWW-Authenticate')).toBeNull();
    expect(await verdict(response)).toBe('401 invalid_client_key');
    expect(upstream.received).toHaveLength(0);
  });

  test('reads the scheme in any case', async () => {
    const { proxy } = await startProxy();
    const authorization = basicAuthorization('client-api-key-web').replace('Basic', 'bAsIc');
    expect(
      await verdict(await proxy.fetch(post([event()], { headers: { Authorization: authorization } }))),
    ).toBe('200');
  });

  test.each([
    ['alone', {}],
    ['beside the password of a staging site', { Authorization: `Basic ${btoa('staging:password')}` }],
    ['beside the signature of a platform', { Authorization: 'AWS4-HMAC-SHA256 Credential=a, Signature=b' }],
  ])('may be sent in a header of its own: %s', async (_, headers) => {
    const { proxy, upstream } = await startProxy({ clientKeys: ['clé-ключ-鍵'] });
    const ask = (key: string): Promise<Response> =>
      proxy.fetch(
        post([event()], {
          headers: { Authorization: '', ...headers, 'X-CIO-Client-Key': encodeHeader(key) },
        }),
      );
    expect(await verdict(await ask('clé-ключ-鍵'))).toBe('200');
    expect(await verdict(await ask('another'))).toBe('401 invalid_client_key');
    expect(upstream.received).toHaveLength(1);
    expect(upstream.received[0]?.headers).not.toHaveProperty('x-cio-client-key');
  });

  test('in its own header has priority over Authorization', async () => {
    const { proxy } = await startProxy({ clientKeys: ['web', 'shop'] });
    const headers = { Authorization: basicAuthorization('web'), 'X-CIO-Client-Key': 'unknown' };
    expect(await verdict(await proxy.fetch(post([event()], { headers })))).toBe('401 invalid_client_key');
  });

  test('can be checked by an async function that receives the request', async () => {
    const clientKeys = async (key: string, request: Request): Promise<boolean> =>
      key === request.headers.get('X-Expected-Key');
    const { proxy } = await startProxy({ clientKeys });
    const ask = (key: string): Promise<Response> =>
      proxy.fetch(
        post([event()], { headers: { Authorization: basicAuthorization(key), 'X-Expected-Key': 'a' } }),
      );
    expect(await verdict(await ask('a'))).toBe('200');
    expect(await verdict(await ask('b'))).toBe('401 invalid_client_key');
  });

  test('is refused when the function returns a value that is only truthy', async () => {
    const clientKeys = (() => 'yes') as unknown as () => boolean;
    const { proxy } = await startProxy({ clientKeys });
    expect(await verdict(await proxy.fetch(post()))).toBe('401 invalid_client_key');
  });

  test('loses no events when it cannot be checked', async () => {
    const clientKeys = (): Promise<boolean> => Promise.reject(new Error('the key store is down'));
    const { proxy, upstream } = await startProxy({ clientKeys });
    const response = await proxy.fetch(post());
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await verdict(response)).toBe('503 key_check_failed');
    expect(upstream.received).toHaveLength(0);
  });

  test('is checked before the body is read', async () => {
    const { proxy } = await startProxy();
    const request = post([event()], { headers: { Authorization: basicAuthorization('unknown') } });
    await proxy.fetch(request);
    expect(request.bodyUsed).toBe(false);
  });

  test('is valid when an empty batch gets 200, without a request to Customer.io', async () => {
    const { proxy, upstream } = await startProxy();
    expect(await verdict(await proxy.fetch(post([])))).toBe('200');
    const unknown = post([], { headers: { Authorization: basicAuthorization('unknown') } });
    expect(await verdict(await proxy.fetch(unknown))).toBe('401 invalid_client_key');
    expect(upstream.received).toHaveLength(0);
  });
});

test('a refused customer token has an error of its own, so that no client takes its key for wrong', async () => {
  const { proxy, upstream } = await startProxy();
  const headers = { Authorization: 'Bearer a.b.c', 'X-CIO-Client-Key': 'client-api-key-web' };
  const response = await proxy.fetch(post([event()], { headers }));
  expect(response.headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"');
  const body = await response.json();
  expect(response.status).toBe(401);
  expect(body).toMatchObject({ error: 'invalid_token', message: expect.stringContaining('not configured') });
  expect(upstream.received).toHaveLength(0);
});

/** A header carries bytes: a character beyond one byte would make the request invalid. */
function encodeHeader(value: string): string {
  return String.fromCharCode(...new TextEncoder().encode(value));
}

describe('a function that checks client keys', () => {
  test('may take as long as a delivery, and no longer', async () => {
    const { proxy } = await startProxy({ clientKeys: () => new Promise(() => {}), timeoutMs: 50 });
    expect(await verdict(await proxy.fetch(post()))).toBe('503 key_check_failed');
  });

  test('may return a promise of another realm', async () => {
    const foreign = (value: boolean): Promise<boolean> =>
      runInNewContext(`Promise.resolve(${value})`) as Promise<boolean>;
    const { proxy } = await startProxy({ clientKeys: (key) => foreign(key === 'web') });
    const verdictOf = async (key: string): Promise<string> =>
      verdict(await proxy.fetch(post([event()], { headers: { Authorization: basicAuthorization(key) } })));
    expect([await verdictOf('web'), await verdictOf('other')]).toEqual(['200', '401 invalid_client_key']);
  });
});
