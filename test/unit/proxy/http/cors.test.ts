// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';

const SHOP = 'https://shop.example.com';

function preflight(origin: string, path = '/v1/batch', asked = 'authorization,content-type'): Request {
  const headers = {
    Origin: origin,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': asked,
  };
  return new Request(`https://events.example.com${path}`, { method: 'OPTIONS', headers });
}

describe('a preflight', () => {
  test('is answered for an allowed origin, and may be cached for two hours', async () => {
    const { proxy } = await startProxy({ origins: [SHOP] });
    const { status, headers } = await proxy.fetch(preflight(SHOP));
    expect(status).toBe(204);
    expect(headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
    expect(headers.get('Access-Control-Allow-Methods')).toBe('POST, OPTIONS');
    expect(headers.get('Access-Control-Allow-Headers')).toBe(
      'Authorization, Content-Type, Content-Encoding, Idempotency-Key, X-CIO-Client-Key',
    );
    expect(headers.get('Access-Control-Max-Age')).toBe('7200');
    expect(headers.get('Access-Control-Allow-Credentials')).toBe('true');
    expect(headers.get('Vary')).toBe('Origin, Access-Control-Request-Headers');
  });

  const OURS = 'Authorization, Content-Type, Content-Encoding, Idempotency-Key, X-CIO-Client-Key';

  test.each([
    [
      'what tracing adds',
      'authorization,baggage,content-type,sentry-trace,traceparent',
      ', baggage, sentry-trace, traceparent',
    ],
    ['spaces between', 'authorization, x-datadog-origin', ', x-datadog-origin'],
    ['what is no name of a header', 'a b,x-"quoted",,ok,é', ', ok'],
    ['everything', '*', ''],
    ['a name that is very long', `x-short,${'x'.repeat(101)}`, ', x-short'],
    [
      'very many',
      Array.from({ length: 200 }, (_, i) => `x-${i}`).join(','),
      Array.from({ length: 50 }, (_, i) => `, x-${i}`).join(''),
    ],
  ])('allows exactly the headers that are requested: %s', async (_, asked, allowed) => {
    const { proxy } = await startProxy({ origins: [SHOP] });
    const { headers } = await proxy.fetch(preflight(SHOP, '/v1/batch', encode(asked)));
    expect(headers.get('Access-Control-Allow-Headers')).toBe(OURS + allowed);
  });

  test('of another origin names no allowed origin', async () => {
    const { proxy } = await startProxy({ origins: [SHOP] });
    const { headers } = await proxy.fetch(preflight('https://evil.example', '/v1/batch', 'sentry-trace'));
    expect(headers.get('Access-Control-Allow-Headers')).toBeNull();
  });

  test('needs no key', async () => {
    const { proxy } = await startProxy({ origins: [SHOP], clientKeys: () => false });
    expect((await proxy.fetch(preflight(SHOP))).status).toBe(204);
  });

  test('of a path that does not exist gets 404', async () => {
    const { proxy } = await startProxy({ origins: [SHOP] });
    expect(await verdict(await proxy.fetch(preflight(SHOP, '/v1/identify')))).toBe('404 not_found');
  });
});

describe('an origin', () => {
  test.each([
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://shop',
    'chrome-extension://abc',
  ])('of an app can be allowed: %s', async (origin) => {
    const { proxy } = await startProxy({ origins: [origin] });
    const { status, headers } = await proxy.fetch(preflight(origin));
    expect([status, headers.get('Access-Control-Allow-Origin')]).toEqual([204, origin]);
  });

  test.each([
    'https://evil.example',
    'https://shop.example.com.evil.example',
    'https://evilshop.example.com',
    'http://shop.example.com',
    'https://shop.example.com:8443',
    'null',
  ])('that is not on the list is refused, before and with the batch: %s', async (origin) => {
    const { proxy, upstream } = await startProxy({ origins: [SHOP] });
    for (const request of [preflight(origin), post([event()], { headers: { Origin: origin } })]) {
      const response = await proxy.fetch(request);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull();
      expect(response.headers.get('Vary')).toContain('Origin');
      expect(await verdict(response)).toBe('403 origin_not_allowed');
    }
    expect(upstream.received).toHaveLength(0);
  });

  test.each([
    ['the host of the request', {}],
    ['the Host header', { Host: 'shop.example.com' }],
    ['the host that the reverse proxy passed on', { 'X-Forwarded-Host': 'shop.example.com' }],
    ['what the browser says', { 'Sec-Fetch-Site': 'same-origin' }],
  ])('of the proxy itself is always allowed, known by %s', async (_, headers) => {
    const { proxy } = await startProxy();
    const origin = Object.keys(headers).length === 0 ? 'https://events.example.com' : SHOP;
    const response = await proxy.fetch(post([event()], { headers: { Origin: origin, ...headers } }));
    expect(await verdict(response)).toBe('200');
  });

  test("of plain http is not the proxy's own on https", async () => {
    const { proxy } = await startProxy();
    const response = await proxy.fetch(post([event()], { headers: { Origin: 'http://events.example.com' } }));
    expect(await verdict(response)).toBe('403 origin_not_allowed');
  });

  test('is missing in requests without a page, and then no CORS header is sent', async () => {
    const { proxy } = await startProxy({ origins: [SHOP] });
    const response = await proxy.fetch(post());
    expect(response.status).toBe(200);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull();
    expect(response.headers.get('Vary')).toBe('Origin');
  });
});

test('every response to an allowed origin can be read by the page, errors too', async () => {
  const { proxy } = await startProxy({ origins: [SHOP] });
  const requests = [
    post([event()], { headers: { Origin: SHOP } }),
    post([event()], { headers: { Origin: SHOP, Authorization: '' } }),
    post([event({ type: 'nonsense' })], { headers: { Origin: SHOP } }),
    new Request('https://events.example.com/v1/batch', { headers: { Origin: SHOP } }),
    new Request('https://events.example.com/v1/nothing', { headers: { Origin: SHOP } }),
    new Request('https://events.example.com/v1/health', { headers: { Origin: SHOP } }),
  ];
  const responses = await Promise.all(requests.map((request) => proxy.fetch(request)));
  expect(responses.map(({ status }) => status)).toEqual([200, 401, 400, 405, 404, 200]);
  // Credentials are allowed for the batch endpoint only: a page may send its cookies there and read the
  // response, but must not read other responses that a gateway protects with cookies.
  expect(responses.map(({ headers }) => headers.get('Access-Control-Allow-Credentials'))).toEqual([
    ...['true', 'true', 'true'],
    ...[null, null, null],
  ]);
  for (const { headers } of responses) {
    expect(headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
    expect(headers.get('Access-Control-Expose-Headers')).toBe(
      'Accept-Encoding, Retry-After, Date, WWW-Authenticate',
    );
    expect(headers.get('Accept-Encoding')).toBe('gzip');
  }
});

/** A header carries bytes. */
function encode(value: string): string {
  return String.fromCharCode(...new TextEncoder().encode(value));
}
