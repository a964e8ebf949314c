// @vitest-environment node
/** The command `check` with servers that have one fault each. */
import type { RequestListener } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../src/protocol/wire.ts';
import { CLIENT_KEY } from '../../support/docs/guide-proxies/index.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { eventsOf, type Fault, faultyProxy, PAGES, serve, WRITE_KEY } from './servers.ts';
import { type Expected, unpassed, check, GOOD, LEFT, OWN_HEADER, TAKES_NOTHING } from './check-setup.ts';

let upstream: ServerProcess;

let customerio: StandIn;

beforeAll(async () => {
  upstream = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  customerio = createStandIn(upstream.origin);
});

afterEach(() => customerio.forget());

afterAll(() => upstream.stop());

/** The result when the server cannot be reached. */
const UNREACHED: Expected = {
  preflight: 'skip',
  credentials: 'skip',
  batch: 'skip',
  single: 'skip',
  compression: 'skip',
  leaving: 'skip',
  events: 'skip',
  errors: 'skip',
  timing: 'skip',
};

describe('a server with one fault', () => {
  const json = { 'Content-Type': 'application/json' };
  const FAULTS: readonly (readonly [what: string, fault: Fault, expected: Expected])[] = [
    [
      'takes every key',
      (request, proxy) => {
        request.headers.set('Authorization', `Basic ${btoa(`${CLIENT_KEY}:`)}`);
        return proxy(request);
      },
      {
        ...GOOD,
        'wrong key refused': 'fail',
        'missing key refused': 'fail',
        'similar key refused': 'warn',
        'no password prompt': 'skip',
      },
    ],
    [
      'takes no key',
      () => Promise.resolve(Response.json({ error: 'Unauthorized' }, { status: 401 })),
      {
        ...TAKES_NOTHING,
        'client key accepted': 'fail',
        [OWN_HEADER]: 'skip',
        batch: 'skip',
        'broken JSON refused': 'skip',
      },
    ],
    [
      'refuses a key with 403, after which the SDK drops events',
      async (request, proxy) => {
        const answer = await proxy(request);
        return answer.status === 401 ? new Response(answer.body, { status: 403, headers: json }) : answer;
      },
      { ...GOOD, 'wrong key refused': 'fail', 'missing key refused': 'fail', 'no password prompt': 'skip' },
    ],
    [
      'asks the visitor for a password',
      async (request, proxy) => {
        const answer = await proxy(request);
        if (answer.status === 401) answer.headers.set('WWW-Authenticate', 'Basic realm="proxy"');
        return answer;
      },
      { ...GOOD, 'no password prompt': 'fail' },
    ],
    [
      'redirects',
      () =>
        Promise.resolve(
          new Response(null, { status: 301, headers: { Location: 'https://www.example.com/e/' } }),
        ),
      { TLS: 'skip', ...UNREACHED, 'no redirect': 'fail' },
    ],
    [
      'has an HTML page for what it does not know',
      () =>
        Promise.resolve(
          new Response('<h1>Not found</h1>', { status: 404, headers: { 'Content-Type': 'text/html' } }),
        ),
      { TLS: 'skip', ...UNREACHED, 'POST /v1/batch': 'fail' },
    ],
    [
      'has its start page for everything',
      () =>
        Promise.resolve(
          new Response('<h1>Shop</h1>', { headers: { 'Content-Type': 'text/html; charset=utf-8' } }),
        ),
      { TLS: 'skip', ...UNREACHED, 'POST /v1/batch': 'fail' },
    ],
    ...[415, 400, 403].map((status): readonly [string, Fault, Expected] => [
      `says that it reads gzip, and answers ${status} to it`,
      (request, proxy) =>
        request.headers.has('Content-Encoding')
          ? Promise.resolve(Response.json({ error: 'unsupported' }, { status }))
          : proxy(request),
      { ...GOOD, gzip: 'warn' },
    ]),
    [
      'says that it reads gzip, and fails at it',
      (request, proxy) =>
        request.headers.has('Content-Encoding')
          ? Promise.resolve(Response.json({ error: 'internal' }, { status: 500 }))
          : proxy(request),
      { ...GOOD, gzip: 'fail' },
    ],
    [
      'refuses an empty batch',
      async (request, proxy) => {
        const events = await eventsOf(request);
        const answer = await proxy(request);
        return answer.ok && events.length === 0 ? Response.json({ error: 'empty' }, { status: 400 }) : answer;
      },
      { ...GOOD, 'client key accepted': 'fail', [OWN_HEADER]: 'skip', gzip: 'warn' },
    ],
    [
      'takes the cookies from the answers of the proxy',
      async (request, proxy) => {
        const answer = await proxy(request);
        answer.headers.delete('Set-Cookie');
        return answer;
      },
      { ...GOOD, [LEFT]: 'warn' },
    ],
    [
      'loses the whole batch of a faulty event',
      async (request, proxy) => {
        const events = await eventsOf(request);
        const isMixed =
          events.length > 1 && events.some(({ type }) => !EVENT_TYPES.some((known) => known === type));
        return isMixed ? Response.json({ success: true }) : proxy(request);
      },
      { ...GOOD, 'one faulty event': 'fail' },
    ],
    [
      'answers 200 whatever becomes of a batch',
      async (request, proxy) => {
        const answer = await proxy(request);
        return answer.status === 401 ? answer : Response.json({ success: true });
      },
      {
        TLS: 'skip',
        preflight: 'skip',
        'Retry-After': 'skip',
        [LEFT]: 'warn',
        'too large refused': 'fail',
        'unknown type refused': 'fail',
        'one faulty event': 'fail',
        'broken JSON refused': 'fail',
      },
    ],
    [
      'takes no more than 100 KB',
      async (request, proxy) =>
        (await request.clone().arrayBuffer()).byteLength > 100_000
          ? Response.json({ error: 'too large' }, { status: 413 })
          : proxy(request),
      { ...GOOD, '470 KB in a batch': 'warn' },
    ],
    [
      'fails at an event of a visitor who is nobody yet',
      async (request, proxy) =>
        (await eventsOf(request)).some(({ userId }) => userId === undefined)
          ? Response.json({ error: 'Internal server error' }, { status: 500 })
          : proxy(request),
      { ...GOOD, 'anonymous event': 'fail' },
    ],
    [
      'is busy, and does not say for how long',
      async (request, proxy) =>
        (await eventsOf(request)).length > 0
          ? Response.json({ error: 'busy' }, { status: 503 })
          : proxy(request),
      { ...TAKES_NOTHING, 'anonymous event': 'fail', 'Retry-After': 'warn' },
    ],
    [
      'has errors in HTML',
      async (request, proxy) => {
        const answer = await proxy(request);
        return answer.ok ? answer : new Response('<h1>Error</h1>', { status: answer.status });
      },
      { ...GOOD, 'error bodies': 'warn' },
    ],
  ];

  test.each(FAULTS)('%s', async (_, fault, expected) => {
    const url = await serve(faultyProxy(upstream.origin, {}, fault));
    expect(unpassed(await check(url))).toEqual(expected);
  });

  test('redirects to another path of its own: the SDK follows, and the check reports the path', async () => {
    const url = await serve((request, response) =>
      response.writeHead(308, { location: `${request.url ?? ''}/` }).end(),
    );
    const rows = await check(`${url}/e`);
    expect(unpassed(rows)).toEqual({ TLS: 'skip', ...UNREACHED, 'no redirect': 'warn' });
    expect(rows.find(({ name }) => name === 'no redirect')?.detail).toBe(
      `returned 308, to ${url}/e/v1/batch/`,
    );
  });

  test.each([
    ['https://www.example.com/e/', 'fail', 'returned 308, to https://www.example.com/e/'],
    [`/${CLIENT_KEY}`, 'warn', 'returned 308'],
    ['http://[', 'fail', 'returned 308'],
  ])('redirects to %s', async (location, status, detail) => {
    const rows = await check(await serve((_, response) => response.writeHead(308, { location }).end()));
    expect(rows.find(({ name }) => name === 'no redirect')).toMatchObject({ status, detail });
  });

  const SILENCES: readonly (readonly [what: string, listener: RequestListener, detail: string])[] = [
    ['says nothing', () => {}, 'no answer within'],
    ['hangs up', (request) => request.socket.destroy(), 'hung up without an answer'],
    [
      'dies in the middle of its answer',
      (_, response) => {
        response.writeHead(200, { 'Content-Length': '100' }).write('{');
        setTimeout(() => response.destroy(), 10);
      },
      'hung up without an answer',
    ],
  ];

  test.each(SILENCES)('%s', async (_, listener, detail) => {
    const rows = await check(await serve(listener), { timeoutMs: 300 });
    expect(unpassed(rows)).toEqual({ ...UNREACHED, reachable: 'fail' });
    expect(rows[0]?.detail).toContain(detail);
  });

  test('is not reachable', async () => {
    const gone = await startServer('demo/pipelines/main.ts', { PORT: '0' });
    await gone.stop();
    const rows = await check(gone.origin);
    expect(unpassed(rows)).toEqual({ ...UNREACHED, reachable: 'fail' });
    expect(rows[0]).toMatchObject({ detail: 'no answer: ECONNREFUSED' });
  });

  const CORS: readonly (readonly [header: string, value: string | null, expected: Expected])[] = [
    ['Access-Control-Allow-Headers', '*', { preflight: 'fail', 'exposed headers': 'pass' }],
    [
      'Access-Control-Allow-Headers',
      'authorization,content-type',
      { preflight: 'pass', 'tracing headers': 'warn', 'exposed headers': 'fail' },
    ],
    ['Access-Control-Allow-Origin', '*', { preflight: 'pass', cookies: 'skip', 'answers readable': 'pass' }],
    ['Access-Control-Allow-Origin', 'https://example.com', { preflight: 'fail', 'answers readable': 'fail' }],
    ['Access-Control-Expose-Headers', null, { 'exposed headers': 'warn' }],
    ['Access-Control-Allow-Credentials', null, { preflight: 'pass', cookies: 'skip' }],
    ['Access-Control-Max-Age', null, { 'preflight kept': 'warn' }],
  ];

  test.each(CORS)('responds with %s: %s', async (header, value, expected) => {
    const fault: Fault = async (request, proxy) => {
      const answer = await proxy(request);
      if (value === null) answer.headers.delete(header);
      else answer.headers.set(header, value);
      return answer;
    };
    const rows = await check(await serve(faultyProxy(upstream.origin, {}, fault)), {
      origin: PAGES,
      dry: true,
    });
    const found = Object.fromEntries(rows.map(({ name, status }) => [name, status]));
    expect(found).toMatchObject(expected);
  });
});
