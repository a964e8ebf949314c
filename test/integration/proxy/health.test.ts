// @vitest-environment node
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ProxyLogEntry } from '../../../src/proxy.ts';
import { post, startProxy } from './setup.ts';

const get = (path: string): Request => new Request(`https://events.example.com${path}`);

test('the health check reports whether the proxy is alive and ready', async () => {
  const { proxy, upstream } = await startProxy({ upstream: { retries: 0, breakAfter: 1, pauseMs: 10 } });
  const told = async (): Promise<readonly unknown[]> => {
    const [health, ready] = [
      await proxy.fetch(get('/v1/health')),
      await proxy.fetch(get('/v1/health/ready')),
    ];
    const body = (await health.json()) as object;
    expect(await ready.json()).toEqual(body);
    return [health.status, ready.status, body];
  };
  expect(await told()).toEqual([200, 200, { status: 'ok', ready: true, upstream: 'up' }]);

  upstream.respond({ status: 503 });
  await proxy.fetch(post());
  expect(await told()).toEqual([200, 503, { status: 'ok', ready: false, upstream: 'down' }]);

  upstream.respond({});
  await expect.poll(async () => (await proxy.fetch(post())).status, { interval: 5 }).toBe(200);
  expect(await told()).toEqual([200, 200, { status: 'ok', ready: true, upstream: 'up' }]);

  upstream.respond({ status: 401 });
  await proxy.fetch(post());
  expect(await told()).toEqual([200, 503, { status: 'ok', ready: false, upstream: 'misconfigured' }]);

  upstream.respond({});
  await proxy.fetch(post());
  await proxy.close();
  expect(await told()).toEqual([200, 503, { status: 'ok', ready: false, upstream: 'up' }]);
});

test('a wrong write key is known before the first batch, and a corrected one with the next check', async () => {
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  onTestFinished(() => void vi.restoreAllMocks());
  const entries: ProxyLogEntry[] = [];
  const { proxy, upstream } = await startProxy({ onLog: (entry) => void entries.push(entry) });
  const ready = async (): Promise<readonly unknown[]> => {
    const response = await proxy.fetch(get('/v1/health/ready'));
    return [response.status, ((await response.json()) as { upstream: string }).upstream];
  };
  const WRONG = [503, 'misconfigured'];

  upstream.respond({ status: 401 });
  expect((await proxy.fetch(get('/v1/health'))).status).toBe(200);
  expect(await Promise.all([ready(), ready()])).toEqual([WRONG, WRONG]);
  expect(await ready()).toEqual(WRONG);
  expect(upstream.received.map(({ body }) => (body as { batch: unknown }).batch)).toEqual([[]]);
  expect(entries.at(-1)).toMatchObject({
    path: '/v1/health/ready',
    error: 'upstream_misconfigured',
    detail: expect.stringContaining('Customer.io refused the write key (401)'),
  });

  upstream.respond({});
  nowMs += 10_000;
  expect(await ready()).toEqual([200, 'up']);
  nowMs += 10_000;
  expect(await ready()).toEqual([200, 'up']);
  expect(upstream.received).toHaveLength(2);
});

test('an upstream that cannot be reached is known before the first batch', async () => {
  const { proxy } = await startProxy({ upstreamUrl: 'http://127.0.0.1:1' });
  const response = await proxy.fetch(get('/v1/health/ready'));
  expect([response.status, await response.json()]).toEqual([
    503,
    { status: 'ok', ready: false, upstream: 'down' },
  ]);
});

test('a proxy whose batches go elsewhere checks nothing', async () => {
  const { proxy, upstream } = await startProxy({ deliver: () => undefined });
  upstream.respond({ status: 401 });
  expect((await proxy.fetch(get('/v1/health/ready'))).status).toBe(200);
  expect(upstream.received).toEqual([]);
});
