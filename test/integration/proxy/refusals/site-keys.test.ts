// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../../src/cli/settings/environment.ts';
import { createProxy, type ProxyOptions } from '../../../../src/proxy.ts';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { claims, SECRET, signed } from '../key-server.ts';
import { bearer, event, post, startProxy, verdict } from '../setup.ts';

const SHOP = 'https://shop.example.com';
const BLOG = 'https://blog.example.com';
const OPTIONS: Partial<ProxyOptions> = {
  origins: [SHOP, BLOG],
  clientKeys: ['everywhere', { key: 'of-shop', origins: [SHOP] }, { key: 'of-blog', origins: [BLOG] }],
};

const from = (origin: string, key: string): Request =>
  post([event()], { headers: { Authorization: basicAuthorization(key), ...(origin && { Origin: origin }) } });

describe('a key that names its origins', () => {
  test.each([
    [SHOP, 'of-shop', '200'],
    [BLOG, 'of-shop', '403 origin_not_allowed'],
    [SHOP, 'of-blog', '403 origin_not_allowed'],
    [BLOG, 'of-blog', '200'],
    [BLOG, 'everywhere', '200'],
    // The rule applies to the proxy's own origin too.
    ['https://events.example.com', 'of-shop', '403 origin_not_allowed'],
    ['https://events.example.com', 'everywhere', '200'],
    ['https://evil.example', 'of-shop', '403 origin_not_allowed'],
    [SHOP, 'of-nobody', '401 invalid_client_key'],
    // A request without an `Origin` header is not sent by a page.
    ['', 'of-shop', '200'],
  ])('from %s, %s: %s', async (origin, key, expected) => {
    const { proxy, upstream } = await startProxy(OPTIONS);
    const response = await proxy.fetch(from(origin, key));
    expect(await verdict(response)).toBe(expected);
    expect(upstream.received).toHaveLength(expected === '200' ? 1 : 0);
  });

  test('may be listed twice, and is valid for the origins of both entries', async () => {
    const clientKeys = [SHOP, BLOG].map((origin) => ({ key: 'shared', origins: [origin] }));
    const { proxy } = await startProxy({ ...OPTIONS, clientKeys });
    for (const origin of [SHOP, BLOG])
      expect(await verdict(await proxy.fetch(from(origin, 'shared')))).toBe('200');
  });

  test('permits no origin that "origins" does not allow', async () => {
    const { proxy } = await startProxy({ clientKeys: [{ key: 'of-shop', origins: [SHOP] }] });
    expect(await verdict(await proxy.fetch(from(SHOP, 'of-shop')))).toBe('403 origin_not_allowed');
  });

  test('is checked also with a customer token', async () => {
    const { proxy, upstream } = await startProxy({ ...OPTIONS, customerToken: { secret: SECRET } });
    const token = await signed(claims());
    const headers = bearer(token, { 'X-CIO-Client-Key': 'of-shop', Origin: BLOG });
    expect(await verdict(await proxy.fetch(post([event()], { headers })))).toBe('403 origin_not_allowed');
    expect(upstream.received).toHaveLength(0);
  });

  test('causes an error that a page of the other site can read', async () => {
    const { proxy } = await startProxy(OPTIONS);
    const response = await proxy.fetch(from(BLOG, 'of-shop'));
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(BLOG);
  });
});

describe('the option "clientKeys"', () => {
  test.each<[unknown, string]>([
    [{ key: 'secret' }, '{ key: a text of 6 characters }'],
    [{ key: 'secret', name: 'my key' }, '{ key: a text of 6 characters, name: "my key" }'],
    [{ key: 'secret', name: '' }, '{ key: a text of 6 characters, name: "" }'],
    [{ key: 'secret', origins: [] }, '{ key: a text of 6 characters, origins: [] }'],
    [{ key: 'secret', origins: SHOP }, `{ key: a text of 6 characters, origins: "${SHOP}" }`],
    [{ key: 'secret', origins: [`${SHOP}/`] }, `{ key: a text of 6 characters, origins: ["${SHOP}/"] }`],
    [{ key: 'secret', origin: SHOP }, '{ key: a text of 6 characters, origin }'],
    [{ key: 'se:cret', origins: [SHOP] }, `{ key: a text of 7 characters, origins: ["${SHOP}"] }`],
    [[], 'object'],
  ])('that is invalid is reported without a key: %j', (entry, shown) => {
    const make = (): unknown =>
      createProxy({ writeKey: 'write-key', clientKeys: ['good', entry] } as unknown as ProxyOptions);
    expect(make).toThrow(
      'createProxy: "clientKeys" must be a list of one or more client keys without colons, or of { key, origins, name }, ' +
        `or a function that checks a key, got a list of a text of 4 characters, ${shown}`,
    );
  });

  test('must not be equal to the write key', () => {
    const clientKeys = [{ key: 'same', origins: [SHOP] }];
    expect(() => createProxy({ writeKey: 'same', clientKeys })).toThrow('must not contain the write key');
  });

  test('may be set in the environment', () => {
    const CIO_CLIENT_KEYS = `everywhere, of-shop@${SHOP}, me@home@${BLOG}, me@home`;
    expect(readEnvironment({ CIO_WRITE_KEY: 'write-key', CIO_CLIENT_KEYS })).toMatchObject({
      options: {
        clientKeys: [
          'everywhere',
          { key: 'of-shop', origins: [SHOP] },
          { key: 'me@home', origins: [BLOG] },
          'me@home',
        ],
      },
    });
    const wrong = { CIO_WRITE_KEY: 'write-key', CIO_CLIENT_KEYS: `of-shop@${SHOP}/path` };
    expect(readEnvironment(wrong)).toMatchObject({ kind: 'unusable' });
  });
});
