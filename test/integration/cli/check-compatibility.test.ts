// @vitest-environment node
/** The command `check` with proxies that accept the requests of Customer.io's own SDKs, or accept too much. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT_KEY } from '../../support/docs/guide-proxies/index.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { check, GOOD, unpassed } from './check-setup.ts';
import { run, startProxy } from './program.ts';
import { type Fault, faultyProxy, serve, WRITE_KEY } from './servers.ts';

let upstream: ServerProcess;
let customerio: StandIn;

beforeAll(async () => {
  upstream = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  customerio = createStandIn(upstream.origin);
});
afterEach(() => customerio.forget());
afterAll(() => upstream.stop());

const ROWS = [
  'settings',
  'settings of a wrong key',
  'key in the body',
  'wrong key in the body',
  'text/plain',
  'text/plain of other origins',
  'short paths',
  'device without a token',
];
const rowsOf = async (url: string, options = {}): Promise<Readonly<Record<string, string>>> => {
  const rows = (await check(url, options)).filter(({ group }) => group === 'compatibility');
  return Object.fromEntries(rows.map(({ name, status }) => [name, status]));
};
const all = (status: string): Readonly<Record<string, string>> =>
  Object.fromEntries(ROWS.map((name) => [name, status]));

test('a proxy with CIO_COMPATIBILITY passes, also in single calls', async () => {
  const { url } = await startProxy({
    CIO_UPSTREAM_URL: upstream.origin,
    CIO_CLIENT_KEYS: CLIENT_KEY,
    CIO_WRITE_KEY: WRITE_KEY,
    CIO_BASE_PATH: '/e',
    CIO_COMPATIBILITY: 'true',
  });
  const { 'single calls': _, ...good } = GOOD;
  const rows = await check(url);
  expect(unpassed(rows)).toEqual(good);
  expect(rows.filter(({ group }) => group === 'compatibility').map(({ name }) => name)).toEqual(ROWS);
  const names = new Set((await customerio.events()).map(({ event }) => event));
  expect([...names].filter((name) => name !== undefined)).toEqual(['cio-first-party check']);
});

test('in a dry run nothing is sent', async () => {
  const url = await serve(faultyProxy(upstream.origin, { compatibility: true }));
  expect(await rowsOf(url, { dry: true })).toEqual({
    ...all('pass'),
    'short paths': 'skip',
    'device without a token': 'skip',
  });
  expect(await customerio.requests()).toEqual([]);
});

describe('a proxy without the option', () => {
  test('has no rows', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    expect(await rowsOf(url)).toEqual({});
  });

  test('fails with --compatibility, and the advice names the option', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    const { code, out } = await run(['check', url, '--client-key', CLIENT_KEY, '--compatibility']);
    expect(code).toBe(1);
    expect(out).toMatch(/FAIL {2}compatibility +settings +returned 404\n.*CIO_COMPATIBILITY=on/);
  });

  test('that cannot be reached has one row with --compatibility', async () => {
    expect(await rowsOf('http://127.0.0.1:1', { compatibility: true })).toEqual({ compatibility: 'skip' });
    expect(await rowsOf('http://127.0.0.1:1')).toEqual({});
  });

  test('is checked without in-app messages', async () => {
    const { code, err } = await run(['check', '--in-app', 'http://127.0.0.1:1', '--compatibility']);
    expect([code, err]).toEqual([2, expect.stringContaining('--compatibility has no effect with --in-app.')]);
  });
});

describe('a proxy that accepts too much, or too little', () => {
  const replaced =
    (isMeant: (request: Request, body: string) => boolean, status: number): Fault =>
    async (request, proxy) => {
      const body = await request.clone().text();
      return isMeant(request, body) ? new Response('{"success":true}', { status }) : proxy(request);
    };

  test.each<[string, Fault]>([
    ['settings of a wrong key', replaced(({ url }) => url.endsWith('unknown-key/settings'), 200)],
    ['wrong key in the body', replaced((_, body) => body.includes('unknown-key'), 200)],
    [
      'key in the body',
      replaced(
        ({ url, headers }) => url.endsWith('/v1/b') && headers.get('Content-Type') === 'application/json',
        401,
      ),
    ],
    ['text/plain', replaced(({ headers }) => headers.get('Content-Type') === 'text/plain', 415)],
    [
      'text/plain of other origins',
      replaced(({ headers }) => headers.get('Origin')?.endsWith('.invalid') === true, 200),
    ],
    ['short paths', replaced(({ url }) => /\/v1\/[ip]$/.test(url), 404)],
    ['device without a token', replaced((_, body) => body.includes('Device Created'), 200)],
  ])('has the row "%s" failed', async (name, fault) => {
    const url = await serve(faultyProxy(upstream.origin, { compatibility: true }, fault));
    const failed = Object.entries(await rowsOf(url)).filter(([, status]) => status !== 'pass');
    expect(failed.map(([row]) => row)).toContain(name);
    expect(failed.every(([, status]) => status === 'fail')).toBe(true);
    // Without text/plain, neither the check of its key nor the calls of the web SDK can pass.
    if (name !== 'text/plain' && name !== 'key in the body') expect(failed).toEqual([[name, 'fail']]);
  });

  test('settings with another key fail', async () => {
    const fault: Fault = async (request, proxy) =>
      request.method === 'GET'
        ? Response.json({ integrations: { 'Customer.io Data Pipelines': { apiKey: 'other' } } })
        : proxy(request);
    const url = await serve(faultyProxy(upstream.origin, { compatibility: true }, fault));
    expect(await rowsOf(url)).toMatchObject({ settings: 'fail' });
  });
});
