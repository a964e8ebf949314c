// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { event, post, startProxy, verdict } from './setup.ts';

const at = (path: string, method = 'GET'): Request =>
  new Request(`https://events.example.com${path}`, { method });

describe('a path', () => {
  test.each(['/e/v1/batch', '/e/v1/batch/', '//e//v1///batch', '/e/v1/batch?x=1'])(
    'below the base path accepts batches: %s',
    async (path) => {
      const { proxy, upstream } = await startProxy({ basePath: '/e' });
      expect(await verdict(await proxy.fetch(post([event()], { path })))).toBe('200');
      expect(upstream.received[0]?.path).toBe('/v1/batch');
    },
  );

  test.each([
    '/v1/batch',
    '/ev1/batch',
    '/e',
    '/',
    '/e/v1/b',
    '/e/v1/identify',
    '/e/v1/batch/more',
    '/e/v1/batch%2F',
    '/e/v1/projects/key/settings',
    '/e/V1/BATCH',
    '/e/e/v1/batch',
    '/e/%76%31/batch',
  ])('that is unknown gets 404: %s', async (path) => {
    const { proxy, upstream } = await startProxy({ basePath: '/e' });
    expect(await verdict(await proxy.fetch(post([event()], { path })))).toBe('404 not_found');
    expect(upstream.received).toHaveLength(0);
  });

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])(
    'accepts batches by POST only, not by %s',
    async (method) => {
      const { proxy, upstream } = await startProxy();
      const response = await proxy.fetch(at('/v1/batch', method));
      expect(response.headers.get('Allow')).toBe('POST, OPTIONS');
      expect(await verdict(response)).toBe('405 method_not_allowed');
      expect(upstream.received).toHaveLength(0);
    },
  );

  test('may be configured with a slash at the end of the base path', async () => {
    const { proxy } = await startProxy({ basePath: '/a/b/' });
    expect(await verdict(await proxy.fetch(post([event()], { path: '/a/b/v1/batch' })))).toBe('200');
  });
});

test('the health check is public, and causes no request to Customer.io', async () => {
  const { proxy, upstream } = await startProxy({ basePath: '/e' });
  const response = await proxy.fetch(at('/e/v1/health'));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'ok', ready: true, upstream: 'up' });
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  expect((await proxy.fetch(at('/e/v1/health', 'HEAD'))).status).toBe(200);
  expect((await proxy.fetch(at('/e/v1/health', 'POST'))).status).toBe(405);
  expect(upstream.received).toHaveLength(0);
});

test('an error response has a code, a message and the server time', async () => {
  const { proxy } = await startProxy();
  const before = Date.now();
  const response = await proxy.fetch(at('/nothing'));
  const body = (await response.json()) as Record<string, unknown>;
  expect(response.headers.get('Content-Type')).toBe('application/json');
  expect(Object.keys(body)).toEqual(['error', 'message', 'serverTime']);
  expect(body['serverTime']).toBeGreaterThanOrEqual(before);
  expect(body['serverTime']).toBeLessThanOrEqual(Date.now());
});
