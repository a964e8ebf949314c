// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { FetchLike } from '../../../../src/proxy.ts';
import { event, post, startProxy, verdict, WRITE_KEY } from '../../../integration/proxy/setup.ts';
import { startUpstream } from '../../../integration/proxy/upstream.ts';

describe('a batch that is forwarded', () => {
  test('is one request with the real credential, in strict mode', async () => {
    const { proxy, upstream } = await startProxy();
    await proxy.fetch(post([event(), event(), event()]));
    expect(upstream.received).toHaveLength(1);
    const { method, path, headers, body } = upstream.received[0] ?? {};
    expect([method, path, body?.batch.length]).toEqual(['POST', '/v1/batch', 3]);
    expect(headers).toMatchObject({
      authorization: `Basic ${btoa(`${WRITE_KEY}:`)}`,
      'content-type': 'application/json',
      'x-strict-mode': '1',
    });
  });

  test('contains nothing else of the visitor’s request', async () => {
    const { proxy, upstream } = await startProxy();
    const headers = {
      Cookie: 'session=secret',
      'X-CIO-Client-Key': 'client-api-key-web',
      'X-Forwarded-For': '6.6.6.6',
      'Proxy-Authorization': 'Basic x',
      Te: 'trailers',
      Upgrade: 'h2c',
      'X-Custom': 'mine',
      Referer: 'https://shop.example.com/private',
      'User-Agent': 'Browser/1',
    };
    await proxy.fetch(post([event()], { headers }));
    const sent = JSON.stringify(upstream.received[0]?.headers);
    for (const value of [
      'secret',
      'client-api-key',
      '6.6.6.6',
      'Basic x',
      'trailers',
      'h2c',
      'mine',
      'private',
      'Browser',
    ]) {
      expect(sent).not.toContain(value);
    }
  });

  test('is sent to the account’s region', async () => {
    const seen: string[] = [];
    const fetch: FetchLike = async (url) => {
      seen.push(url);
      return new Response('{}');
    };
    for (const region of ['us', 'eu', undefined] as const) {
      const { proxy } = await startProxy({ region, upstreamUrl: undefined, fetch });
      await proxy.fetch(post());
    }
    const [us, eu] = ['https://cdp.customer.io/v1/batch', 'https://cdp-eu.customer.io/v1/batch'];
    expect(seen).toEqual([us, eu, us]);
  });

  test('keeps a path of the upstream’s URL', async () => {
    const upstream = await startUpstream();
    const { proxy } = await startProxy({ upstreamUrl: new URL(`${upstream.url}/pipelines/`) });
    await proxy.fetch(post());
    expect(upstream.received[0]?.path).toBe('/pipelines/v1/batch');
  });

  test('has the key that an async function returns', async () => {
    const { proxy, upstream } = await startProxy({ writeKey: async () => 'fetched' });
    await proxy.fetch(post());
    expect(upstream.received[0]?.headers.authorization).toBe(`Basic ${btoa('fetched:')}`);
  });
});

describe('the response to the browser', () => {
  test.each([
    [200, '200'],
    [202, '200'],
    [204, '200'],
    [400, '400 rejected'],
    [422, '400 rejected'],
    [401, '503 upstream_misconfigured'],
    [403, '503 upstream_misconfigured'],
    [404, '503 upstream_misconfigured'],
    [405, '503 upstream_misconfigured'],
    [408, '503 upstream_unavailable'],
    [413, '413 batch_too_large'],
    [429, '503 upstream_unavailable'],
    [500, '503 upstream_unavailable'],
    [303, '503 upstream_unavailable'],
    [418, '503 upstream_unavailable'],
  ])('for %i of Customer.io is %s', async (status, expected) => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({
      status,
      body: status === 204 ? '' : '{}',
      headers: status === 303 ? { Location: '/elsewhere' } : {},
    });
    const response = await proxy.fetch(post());
    if (expected.startsWith('503')) expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(response.headers.get('WWW-Authenticate')).toBeNull();
    expect(await verdict(response)).toBe(expected);
    expect(upstream.received).toHaveLength(1);
  });

  test.each(['120', 'Fri, 31 Dec 2027 23:59:59 GMT'])(
    'passes on Retry-After of Customer.io: %s',
    async (retryAfter) => {
      for (const status of [429, 503]) {
        const { proxy, upstream } = await startProxy();
        upstream.respond({ status, headers: { 'Retry-After': retryAfter } });
        expect((await proxy.fetch(post())).headers.get('Retry-After')).toBe(retryAfter);
      }
    },
  );

  test('has a default delay when Customer.io’s is invalid', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({ status: 503, headers: { 'Retry-After': 'soon' } });
    const delay = Number((await proxy.fetch(post())).headers.get('Retry-After'));
    expect(delay).toBeGreaterThanOrEqual(5);
    expect(delay).toBeLessThanOrEqual(15);
  });

  test('contains the reason why Customer.io rejected, and nothing more', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({
      status: 400,
      body: '{"meta":{"errors":["userId is required","event is empty"]},"secret":"x"}',
    });
    const body = (await (await proxy.fetch(post())).json()) as { message: string };
    expect(body.message).toBe('Customer.io rejected the batch: userId is required; event is empty.');
  });

  test('is 503 when the connection is cut', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond('hang-up');
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_unavailable');
  });

  test('is 503 when nothing listens', async () => {
    const { proxy } = await startProxy({ upstreamUrl: 'http://127.0.0.1:1' });
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_unavailable');
  });

  test('is 503 when Customer.io takes longer than allowed', async () => {
    const { proxy, upstream } = await startProxy({ timeoutMs: 50 });
    upstream.respond('silence');
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_unavailable');
  });

  test.each([
    ['throws', () => Promise.reject(new Error(`no ${WRITE_KEY}`))],
    ['returns nothing', () => ''],
  ])('is 503, and contains no key, when the function that fetches the key %s', async (_, writeKey) => {
    const { proxy, upstream } = await startProxy({ writeKey });
    const response = await proxy.fetch(post());
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain(WRITE_KEY);
    expect(upstream.received).toHaveLength(0);
  });
});

describe('a redirect', () => {
  /** Replaces name resolution: requests to these hosts are sent to local servers. */
  const resolving =
    (hosts: Record<string, string>): FetchLike =>
    (url, init) => {
      const { origin, pathname } = new URL(url);
      return fetch((hosts[origin] ?? origin) + pathname, init);
    };

  test.each([301, 302, 307, 308])(
    'by %i to another host of Customer.io is followed, with the credential',
    async (status) => {
      const [us, eu] = [await startUpstream(), await startUpstream()];
      us.respond({ status, headers: { Location: 'https://cdp-eu.customer.io/v1/batch' } });
      const fetch = resolving({ 'https://cdp.customer.io': us.url, 'https://cdp-eu.customer.io': eu.url });
      const { proxy } = await startProxy({ upstreamUrl: undefined, fetch });
      expect(await verdict(await proxy.fetch(post([event({ messageId: 'm' })])))).toBe('200');
      expect(eu.received[0]?.method).toBe('POST');
      expect(eu.received[0]?.headers.authorization).toBe(`Basic ${btoa(`${WRITE_KEY}:`)}`);
      expect(eu.received[0]?.body).toEqual(us.received[0]?.body);
    },
  );

  test('within the host of upstreamUrl is followed', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond(({ path }) =>
      path === '/v1/batch' ? { status: 308, headers: { Location: '/v2/batch' } } : {},
    );
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
    expect(upstream.received.map(({ path }) => path)).toEqual(['/v1/batch', '/v2/batch']);
  });

  test.each([
    'https://evil.example/v1/batch',
    'https://customer.io.evil.example/v1/batch',
    'https://evilcustomer.io/v1/batch',
    'http://cdp.customer.io/v1/batch',
    'https://user:password@cdp.customer.io/v1/batch',
    'https://cdp.customer.io:8443/v1/batch',
    '//evil.example/v1/batch',
    'http://[',
  ])('to %s is not followed, so the credential is not sent there', async (location) => {
    const seen: string[] = [];
    const fetch: FetchLike = async (url) => {
      seen.push(url);
      return new Response(null, { status: 307, headers: { Location: location } });
    };
    const { proxy } = await startProxy({ upstreamUrl: undefined, fetch });
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_misconfigured');
    expect(seen).toEqual(['https://cdp.customer.io/v1/batch']);
  });

  test('loop ends', async () => {
    const { proxy, upstream } = await startProxy();
    upstream.respond({ status: 307, headers: { Location: '/v1/batch' } });
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_misconfigured');
    expect(upstream.received.length).toBeLessThan(10);
  });
});
