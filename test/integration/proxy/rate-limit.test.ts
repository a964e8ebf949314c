// @vitest-environment node
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ProxyLogEntry, RateCount, RateLimitOptions, RateLimitStore } from '../../../src/proxy.ts';
import { networkOf } from '../../../src/proxy/lib/ip-network.ts';
import { createRateLimitMemory } from '../../../src/proxy/access/rate-limit.ts';
import { createStoreHealth } from '../../../src/proxy/lib/store-health.ts';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { listen, send } from './listen.ts';
import { post, startProxy, verdict } from './setup.ts';

const from = (address: string): Request => post(undefined, { headers: { 'X-Real-IP': address } });
const CLIENT_IP = { clientIp: 'x-real-ip' } as const;

async function verdicts(responses: readonly Promise<Response>[]): Promise<readonly string[]> {
  return Promise.all(responses.map(async (response) => verdict(await response)));
}

describe('a rate limit', () => {
  test('is off by default', async () => {
    const { proxy, upstream } = await startProxy(CLIENT_IP);
    const answers = await verdicts(Array.from({ length: 300 }, () => proxy.fetch(from('203.0.113.7'))));
    expect(new Set(answers)).toEqual(new Set(['200']));
    expect(upstream.received).toHaveLength(300);
  });

  test('for an IP address refuses further requests with Retry-After, and does not call Customer.io', async () => {
    const { proxy, upstream } = await startProxy({ ...CLIENT_IP, rateLimit: { perAddress: 2 } });
    for (let i = 0; i < 2; i += 1) expect(await verdict(await proxy.fetch(from('203.0.113.7')))).toBe('200');
    const response = await proxy.fetch(from('203.0.113.7'));
    const seconds = Number(response.headers.get('Retry-After'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await verdict(response)).toBe('429 rate_limited');
    expect(upstream.received).toHaveLength(2);
    expect(await verdict(await proxy.fetch(from('203.0.113.8')))).toBe('200');
  });

  test('for an IP address counts requests with a wrong key too, and reads no body above the limit', async () => {
    const { proxy } = await startProxy({ ...CLIENT_IP, rateLimit: { perAddress: 2 } });
    const headers = { Authorization: basicAuthorization('guess'), 'X-Real-IP': '203.0.113.7' };
    const guess = (): Promise<Response> => proxy.fetch(post([], { headers, body: 'not JSON' }));
    expect(await verdicts([guess(), guess(), guess()])).toEqual([
      '401 invalid_client_key',
      '401 invalid_client_key',
      '429 rate_limited',
    ]);
  });

  test('for an IP address counts a /64 network of IPv6 as one', async () => {
    const { proxy } = await startProxy({ ...CLIENT_IP, rateLimit: { perAddress: 1 } });
    const addresses = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::2', '[2001:db8:1:3::1]:443'];
    const answers: string[] = [];
    for (const address of addresses) answers.push(await verdict(await proxy.fetch(from(address))));
    expect(answers).toEqual(['200', '429 rate_limited', '200']);
  });

  test('without clientIp counts by the IP address of the connection, whatever headers say', async () => {
    const { proxy } = await startProxy({ rateLimit: { perAddress: 2 } });
    const url = await listen(proxy.node);
    const answers: string[] = [];
    for (const claimed of ['6.6.6.1', '6.6.6.2', '6.6.6.3'])
      answers.push(await verdict(await send(url, undefined, { 'X-Forwarded-For': claimed })));
    expect(answers).toEqual(['200', '200', '429 rate_limited']);
  });

  test('without a known IP address limits nobody, and logs that once', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => told.mockRestore());
    const log: ProxyLogEntry[] = [];
    const { proxy } = await startProxy({
      rateLimit: { perAddress: 2 },
      onLog: (entry) => log.push(entry),
    });
    // A proxy that is called through `fetch` does not know the IP address of the client.
    for (let i = 0; i < 4; i += 1) expect(await verdict(await proxy.fetch(post()))).toBe('200');
    expect(log.map(({ detail }) => detail)).toEqual([
      expect.stringContaining(
        'requests are not limited, because this runtime does not report IP addresses: set "clientIp"',
      ),
      ...[undefined, undefined, undefined],
    ]);
    expect(told).toHaveBeenCalledTimes(1);
    expect(told.mock.calls[0]?.[0]).toContain('createProxy: rateLimit.perAddress: requests are not limited');
  });

  test('counts requests without the header of "clientIp" as one visitor, and logs that once', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => told.mockRestore());
    const { proxy } = await startProxy({ ...CLIENT_IP, rateLimit: { perAddress: 2 } });
    const without = [post(), post(undefined, { headers: { 'X-Real-IP': 'nonsense' } }), post(), post()];
    const answers: string[] = [];
    for (const request of without) answers.push(await verdict(await proxy.fetch(request)));
    expect(answers).toEqual(['200', '200', '429 rate_limited', '429 rate_limited']);
    expect(await verdict(await proxy.fetch(from('203.0.113.7')))).toBe('200');
    expect(told).toHaveBeenCalledTimes(1);
  });

  test('for an IP address counts requests that are refused by method, origin, key or body', async () => {
    const { proxy } = await startProxy({ ...CLIENT_IP, rateLimit: { perAddress: 4 } });
    const headers = { 'X-Real-IP': '203.0.113.7' };
    const url = 'https://events.example.com/v1/batch';
    const requests = [
      new Request(url, { headers }),
      post(undefined, { headers: { ...headers, Origin: 'https://elsewhere.example' } }),
      post(undefined, { headers: { ...headers, Authorization: '' } }),
      post(undefined, { headers, body: 'nonsense' }),
      post(undefined, { headers }),
    ];
    const answers: string[] = [];
    for (const request of requests) answers.push(await verdict(await proxy.fetch(request)));
    expect(answers).toEqual([
      '405 method_not_allowed',
      '403 origin_not_allowed',
      '401 invalid_client_key',
      '400 invalid_json',
      '429 rate_limited',
    ]);
    const elsewhere = await proxy.fetch(new Request('https://events.example.com/nothing', { headers }));
    expect(await verdict(elsewhere)).toBe('404 not_found');
  });

  test('does not count preflights, health checks and files', async () => {
    const { proxy } = await startProxy({ rateLimit: { perAddress: 1 }, files: () => 'script' });
    const url = await listen(proxy.node);
    await send(url);
    for (const [path, method] of [
      ['/v1/batch', 'OPTIONS'],
      ['/v1/health', 'GET'],
      ['/cio.js', 'GET'],
    ] as const)
      expect((await fetch(url + path, { method })).ok).toBe(true);
    expect(await verdict(await send(url))).toBe('429 rate_limited');
  });

  test('for a key counts each known key separately', async () => {
    const { proxy } = await startProxy({ clientKeys: ['one', 'two'], rateLimit: { perKey: 1 } });
    const answers: string[] = [];
    for (const key of ['one', 'two', 'one', 'unknown', 'unknown']) {
      const headers = { Authorization: basicAuthorization(key) };
      answers.push(await verdict(await proxy.fetch(post(undefined, { headers }))));
    }
    expect(answers).toEqual([
      '200',
      '200',
      '429 rate_limited',
      '401 invalid_client_key',
      '401 invalid_client_key',
    ]);
  });

  test('ends after its window', async () => {
    const { proxy } = await startProxy({ rateLimit: { perKey: 1, windowMs: 30 } });
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
    await expect.poll(async () => (await proxy.fetch(post())).status, { interval: 5 }).toBe(200);
  });

  test('can be read by a page of another origin', async () => {
    const { proxy } = await startProxy({
      rateLimit: { perKey: 1 },
      origins: ['https://shop.example.com'],
    });
    const headers = { Origin: 'https://shop.example.com' };
    await proxy.fetch(post(undefined, { headers }));
    const response = await proxy.fetch(post(undefined, { headers }));
    expect(response.status).toBe(429);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('https://shop.example.com');
    expect(response.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After');
  });
});

describe('the store of a rate limit', () => {
  const limit = (store: RateLimitStore): { rateLimit: RateLimitOptions } => ({
    rateLimit: { perKey: 1, perAddress: 5, windowMs: 1_000, store },
  });

  test('may be shared by copies, and receives key and IP address', async () => {
    const asked: unknown[] = [];
    const counts = new Map<string, number>();
    const store: RateLimitStore = {
      async count(requester, windowMs) {
        asked.push([requester, windowMs]);
        const count = (counts.get(requester) ?? 0) + 1;
        counts.set(requester, count);
        return { count, resetMs: 900 };
      },
    };
    const copies = [
      await startProxy({ ...CLIENT_IP, ...limit(store) }),
      await startProxy({ ...CLIENT_IP, ...limit(store) }),
    ];
    const answers: string[] = [];
    for (const { proxy } of copies) answers.push(await verdict(await proxy.fetch(from('2001:db8::1'))));
    expect(answers).toEqual(['200', '429 rate_limited']);
    expect(asked.slice(0, 2)).toEqual([
      ['address:2001:db8:0:0::/64', 1_000],
      ['key:client-api-key-web', 1_000],
    ]);
  });

  test.each<[string, RateLimitStore['count']]>([
    [
      'throws',
      () => {
        throw new Error('no connection');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no connection'))],
    ['never answers', () => new Promise(() => {})],
    ['answers what makes no sense', () => Promise.resolve({} as RateCount)],
  ])('that %s stops no request', async (_, count) => {
    const { proxy } = await startProxy({ ...CLIENT_IP, ...limit({ count }) });
    expect(await verdicts([proxy.fetch(from('::1')), proxy.fetch(from('::1'))])).toEqual(['200', '200']);
  });

  test.each<[string, RateLimitStore['count'], number]>([
    ['throws', () => Promise.reject(new Error('no connection')), 0],
    ['never answers', () => new Promise(() => {}), 1_000],
  ])('that %s is called once, and not again for a while', async (_, count, waitMs) => {
    const counting = vi.fn(count);
    const { proxy } = await startProxy({ ...CLIENT_IP, ...limit({ count: counting }) });
    const startedAt = performance.now();
    expect(await verdict(await proxy.fetch(from('::1')))).toBe('200');
    // The wait happens once, not once for the IP address and once for the key.
    expect(performance.now() - startedAt).toBeLessThan(waitMs + 700);
    const answers = await verdicts(Array.from({ length: 20 }, () => proxy.fetch(from('::1'))));
    expect(new Set(answers)).toEqual(new Set(['200']));
    expect(performance.now() - startedAt).toBeLessThan(waitMs + 900);
    expect(counting).toHaveBeenCalledTimes(1);
  });

  test('is tried by one request after a pause, and used by all when that succeeds', () => {
    let now = 0;
    const health = createStoreHealth({ mostFailures: 2, restMs: 100, now: () => now });
    expect(health.mayAsk()).toBe(true);
    health.failed();
    expect(health.mayAsk()).toBe(true);
    health.failed();
    now = 99;
    expect(health.mayAsk()).toBe(false);
    now = 100;
    expect([health.mayAsk(), health.mayAsk(), health.mayAsk()]).toEqual([true, false, false]);
    health.failed();
    now = 199;
    expect(health.mayAsk()).toBe(false);
    now = 200;
    expect(health.mayAsk()).toBe(true);
    health.succeeded();
    expect([health.mayAsk(), health.mayAsk()]).toEqual([true, true]);
    // A success resets the count of failures.
    health.failed();
    expect(health.mayAsk()).toBe(true);
    // A trial request that never reports its result does not block other trials for ever.
    health.failed();
    now = 300;
    expect(health.mayAsk()).toBe(true);
    now = 400;
    expect(health.mayAsk()).toBe(true);
  });

  test('in memory starts a window with its first request', () => {
    let now = 0;
    const store = createRateLimitMemory(() => now);
    expect(store.count('a', 100)).toEqual({ count: 1, resetMs: 100 });
    now = 40;
    expect(store.count('a', 100)).toEqual({ count: 2, resetMs: 60 });
    expect(store.count('b', 100)).toEqual({ count: 1, resetMs: 100 });
    now = 100;
    expect(store.count('a', 100)).toEqual({ count: 1, resetMs: 100 });
    expect(store.count('b', 100)).toEqual({ count: 2, resetMs: 40 });
  });

  test('in memory is bounded: the oldest window is removed first', async () => {
    let now = 0;
    const store = createRateLimitMemory(() => now, 3);
    for (const requester of ['a', 'b', 'c', 'd']) {
      await store.count(requester, 100);
      now += 1;
    }
    expect(store.count('b', 100)).toMatchObject({ count: 2 });
    expect(store.count('d', 100)).toMatchObject({ count: 2 });
    expect(store.count('a', 100)).toMatchObject({ count: 1 });
  });
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['::FFFF:1:203', '0.1.2.3'],
  ['2001:DB8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:db8::5', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:0001::5', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
