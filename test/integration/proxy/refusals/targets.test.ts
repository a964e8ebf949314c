// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { listen } from '../listen.ts';
import { startProxy } from '../setup.ts';
import { BATCH, exchange, HEAD, LAST, requestText, statusesIn } from './raw.ts';

const LENGTH = `Content-Length: ${Buffer.byteLength(BATCH)}`;

describe('a raw request target', () => {
  test.each([
    '/e/v1/batch?/../../v1/identify',
    '//e///v1/batch//',
    '/e/%2e/v1/batch',
    '/x/%2e%2e/e/v1/batch',
    '/e/v1/x/../batch',
    '/e\\v1\\batch',
    'http://elsewhere.example/e/v1/batch',
    'http://user:password@169.254.169.254/e/v1/batch',
  ])('is a batch request, and is forwarded to one URL only: %s', async (target) => {
    const { proxy, upstream } = await startProxy({ basePath: '/e' });
    const request = requestText([...HEAD, LENGTH], BATCH, `POST ${target} HTTP/1.1`);
    expect(statusesIn(await exchange(await listen(proxy.node), request))).toEqual([200]);
    expect(upstream.received.map(({ path }) => path)).toEqual(['/v1/batch']);
  });

  test.each([
    '/e/v1%2Fbatch',
    '/e%2Fv1%2Fbatch',
    '/e/v1/batch%2F',
    '/e/v1/batch%00',
    '/e/v1/batch;x=1',
    '/e/v1/batch/..',
    '/e/../v1/batch',
    '/e/%2e%2e/v1/batch',
    '/e/%252e%252e/e/v1/batch',
    '/e/..%2fv1/batch',
    '/?/e/v1/batch',
    '/e/v1?/batch',
    '/v1/batch',
    '/e/v1/bat%63h',
    '/e/v1/batch.',
    '/e/v1/batch%20',
    '//events.example.com/e/v1/batch',
    'http://elsewhere.example/v1/batch',
  ])('gets no batch endpoint: %s', async (target) => {
    const { proxy, upstream } = await startProxy({ basePath: '/e' });
    const request = requestText([...HEAD, LENGTH], BATCH, `POST ${target} HTTP/1.1`);
    expect(statusesIn(await exchange(await listen(proxy.node), request))).toEqual([404]);
    expect(upstream.received).toHaveLength(0);
  });
});

describe('a method', () => {
  const OVERRIDES = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-Original-Method'];

  test.each(OVERRIDES)('is not replaced by %s', async (name) => {
    const { proxy, upstream } = await startProxy();
    const url = await listen(proxy.node);
    const asked = [
      requestText([...HEAD, LENGTH, `${name}: POST`], BATCH, 'PUT /v1/batch HTTP/1.1'),
      requestText([...LAST, `${name}: POST`], '', 'GET /v1/batch HTTP/1.1'),
      requestText([...HEAD, LENGTH, `${name}: POST`], BATCH, 'PUT /v1/batch?_method=POST HTTP/1.1'),
    ];
    for (const request of asked) expect(statusesIn(await exchange(url, request))).toEqual([405]);
    expect(upstream.received).toHaveLength(0);
    const post = requestText([...HEAD, LENGTH, `${name}: DELETE`]);
    expect(statusesIn(await exchange(url, post))).toEqual([200]);
  });

  test.each(['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Prefix', 'X-Forwarded-Path'])(
    'and a path are not replaced by %s',
    async (name) => {
      const { proxy, upstream } = await startProxy();
      const request = requestText([...HEAD, LENGTH, `${name}: /v1/batch`], BATCH, 'POST /nothing HTTP/1.1');
      expect(statusesIn(await exchange(await listen(proxy.node), request))).toEqual([404]);
      expect(upstream.received).toHaveLength(0);
    },
  );
});
