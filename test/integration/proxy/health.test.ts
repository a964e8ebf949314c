// @vitest-environment node
import { expect, test } from 'vitest';
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
