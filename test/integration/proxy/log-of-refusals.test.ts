// @vitest-environment node
/** The log shows an operator what came, and what was expected, without a credential. */
import { once } from 'node:events';
import { connect } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CioProxy, CustomerTokenOptions, ProxyLogEntry, ProxyOptions } from '../../../src/proxy.ts';
import { claims, SECRET, signed } from './key-server.ts';
import { listen } from './listen.ts';
import { bearer, CLIENT_KEY, event, post, startProxy } from './setup.ts';

async function startLogged(
  options: Partial<ProxyOptions>,
): Promise<{ proxy: CioProxy; log: readonly ProxyLogEntry[] }> {
  const log: ProxyLogEntry[] = [];
  const { proxy } = await startProxy({ ...options, onLog: (entry) => log.push(entry) });
  return { proxy, log };
}

describe('an unknown path is logged as it came, without its query', () => {
  const PATHS: readonly (readonly [path: string, logged: string])[] = [
    ['/v1/batch?secret=1', '/v1/batch'],
    ['/wrong/v1/batch', '/wrong/v1/batch'],
    ['/', '/'],
    ['/e/v1/batch/more#part', '/e/v1/batch/more'],
    ['/e/%76%31/batch', '/e/%76%31/batch'],
  ];

  /** Sends a request whose path no client library changes. */
  async function send(url: string, path: string): Promise<void> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: events.example.com\r\nConnection: close\r\n\r\n`);
    socket.resume();
    await once(socket, 'close');
  }

  test.each<readonly [path: string, logged: string]>([
    ...PATHS,
    ['/e/x/../metrics', '/e/x/../metrics'],
    ['http://user:sesame@events.example.com/wrong?secret=1', '/wrong'],
    [`/${'x'.repeat(300)}`, `/${'x'.repeat(199)}`],
  ])('by proxy.node: %s', async (path, logged) => {
    const { proxy, log } = await startLogged({ basePath: '/e', metrics: '/metrics' });
    await send(await listen(proxy.node), path);
    expect(log).toMatchObject([{ path: logged, status: 404, error: 'not_found' }]);
  });

  test.each(PATHS)('by proxy.fetch: %s', async (path, logged) => {
    const { proxy, log } = await startLogged({ basePath: '/e' });
    await proxy.fetch(new Request(`https://events.example.com${path}`));
    expect(log).toMatchObject([{ path: logged, status: 404, error: 'not_found' }]);
  });

  test('by proxy.node below a mount of Express', async () => {
    const { proxy, log } = await startLogged({ basePath: '/wrong' });
    const app = express();
    app.use('/e', (request, response) => proxy.node(request, response));
    await send(await listen(app), '/e/v1/batch?secret=1');
    expect(log).toMatchObject([{ path: '/e/v1/batch', status: 404, error: 'not_found' }]);
  });
});

describe('a refused origin', () => {
  const options = { origins: ['https://shop.example.com'] };

  test.each([
    ['https://www.example.com', '"https://www.example.com"'],
    ['capacitor://localhost', '"capacitor://localhost"'],
    ['null', '"null"'],
    ['https://user:sesame@www.example.com', '"https://www.example.com"'],
    ['user:sesame@www.example.com', '"www.example.com"'],
    ['https:\\\\user:sesame@www.example.com', '"www.example.com"'],
    ['https://www.example.com/?token=sesame', '"https://www.example.com"'],
    [`https://${'x'.repeat(300)}`, `"https://${'x'.repeat(190)}"`],
  ])('is named in the log: %s', async (Origin, shown) => {
    const { proxy, log } = await startLogged(options);
    const response = await proxy.fetch(post([event()], { headers: { Origin } }));
    expect(log).toMatchObject([{ status: 403, error: 'origin_not_allowed' }]);
    const { detail = '' } = log[0] ?? {};
    expect(detail.startsWith(`${shown} is not in "origins" (CIO_ORIGINS)`)).toBe(true);
    expect(shown.length).toBeLessThanOrEqual(200);
    expect(detail).not.toContain('sesame');
    expect(await response.json()).toEqual({
      error: 'origin_not_allowed',
      message: 'The proxy does not take requests from pages of this origin.',
      serverTime: expect.any(Number),
    });
  });

  test('of a preflight is named too', async () => {
    const { proxy, log } = await startLogged(options);
    const headers = { Origin: 'https://www.example.com', 'Access-Control-Request-Method': 'POST' };
    await proxy.fetch(new Request('https://events.example.com/v1/batch', { method: 'OPTIONS', headers }));
    expect(log[0]?.detail).toContain('"https://www.example.com" is not in "origins"');
  });

  test.each([0, 1])('of a client key is named, without the key (request %i)', async (repeated) => {
    const { proxy, log } = await startLogged({
      origins: ['https://shop.example.com', 'https://www.example.com'],
      clientKeys: [{ key: CLIENT_KEY, origins: ['https://shop.example.com'] }],
    });
    const headers = { Origin: 'https://www.example.com' };
    for (let sent = 0; sent <= repeated; sent += 1) await proxy.fetch(post([event()], { headers }));
    expect(log.at(-1)).toMatchObject({ status: 403, error: 'origin_not_allowed' });
    expect(log.at(-1)?.detail).toBe('"https://www.example.com" is not in "origins" of this client key.');
  });
});

describe('a refused customer token', () => {
  // The clock stands still, so that the seconds are exact.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_900_000_000_000 }));

  afterEach(() => void vi.useRealTimers());

  const EXPECTED = { issuer: 'https://id.example', audience: ['shop', 'app'] };
  const RIGHT = { iss: 'https://id.example', aud: 'shop' };
  const LONG = 'x'.repeat(300);
  const WRONG: readonly (readonly [Record<string, unknown>, string, string])[] = [
    [
      { iss: 'https://id.example/' },
      'issuer',
      '"iss" is "https://id.example/", expected one of ["https://id.example"]: correct customerToken.issuer (CIO_TOKEN_ISSUER) or the issuer.',
    ],
    [
      { iss: undefined },
      'issuer',
      '"iss" is missing, expected one of ["https://id.example"]: correct customerToken.issuer (CIO_TOKEN_ISSUER) or the issuer.',
    ],
    [
      { aud: 'admin' },
      'audience',
      '"aud" is "admin", expected one of ["shop","app"]: correct customerToken.audience (CIO_TOKEN_AUDIENCE) or the issuer.',
    ],
    [
      { aud: ['a', 'b'] },
      'audience',
      '"aud" is ["a","b"], expected one of ["shop","app"]: correct customerToken.audience (CIO_TOKEN_AUDIENCE) or the issuer.',
    ],
    [
      { aud: LONG },
      'audience',
      `"aud" is "${'x'.repeat(199)}, expected one of ["shop","app"]: correct customerToken.audience (CIO_TOKEN_AUDIENCE) or the issuer.`,
    ],
    [
      { sub: '' },
      'no_subject',
      '"sub" is no user id: correct customerToken.subject (CIO_TOKEN_SUBJECT) or the issuer.',
    ],
    [
      { exp: 1_900_000_000 - 3_600 },
      'expired',
      '"exp" is 3600 s ago, leeway 30 s: an old token or a wrong clock.',
    ],
    [{ nbf: 1_900_000_000 + 90 }, 'not_yet', '"nbf" is 90 s ahead, leeway 30 s: a wrong clock.'],
  ];

  const tokenOptions = (mode: 'report' | 'required'): CustomerTokenOptions => ({
    secret: SECRET,
    mode,
    ...EXPECTED,
  });

  async function refusedWith(
    mode: 'report' | 'required',
    more: Record<string, unknown>,
  ): Promise<{ entry: ProxyLogEntry | undefined; response: Response }> {
    const { proxy, log } = await startLogged({ customerToken: tokenOptions(mode) });
    const token = await signed(claims({ ...RIGHT, ...more }));
    const response = await proxy.fetch(post([event({ userId: 'u1' })], { headers: bearer(token) }));
    return { entry: log[0], response };
  }

  test.each(WRONG)('%j: the log says what came and what was expected (%s)', async (more, reason, detail) => {
    const { entry, response } = await refusedWith('required', more);
    expect(entry).toMatchObject({ status: 401, error: 'invalid_token', reason, detail });
    const body = (await response.json()) as Record<string, unknown>;
    expect(Object.keys(body).sort()).toEqual(['error', 'message', 'reason', 'serverTime']);
    for (const internal of ['id.example', 'shop', 'leeway', 'CIO_', '3600', 'admin'])
      expect(JSON.stringify({ ...body, serverTime: 0 })).not.toContain(internal);
  });

  test.each(WRONG)('%j: the log of the mode "report" says it too (%s)', async (more, reason, detail) => {
    const { entry, response } = await refusedWith('report', more);
    expect(response.status).toBe(200);
    expect(entry).toMatchObject({ status: 200, tokenReport: { [`invalid_token:${reason}`]: 1 }, detail });
  });

  test('of a stranger writes nothing into the log', async () => {
    const { proxy, log } = await startLogged({ customerToken: tokenOptions('required') });
    const token = await signed(claims({ iss: 'https://stranger.example' }), `${SECRET}!`);
    await proxy.fetch(post([event({ userId: 'u1' })], { headers: bearer(token) }));
    expect(log).toMatchObject([{ reason: 'signature' }]);
    expect(JSON.stringify(log)).not.toContain('stranger');
  });
});
