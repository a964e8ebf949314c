// @vitest-environment node
import type { RequestListener } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { asTable } from '../../../src/cli/check/print-results.ts';
import type { Reply } from '../../../src/cli/check/probe.ts';
import type { CheckResult } from '../../../src/cli/check/check-result.ts';
import { runChecks } from '../../../src/cli/check/run-checks.ts';
import type { CheckOptions } from '../../../src/cli/check/check-context.ts';
import { checkTiming } from '../../../src/cli/check/check-timing.ts';
import { EVENT_TYPES } from '../../../src/protocol/wire.ts';
import { CLIENT_KEY, GUIDE_PROXIES } from '../../support/docs/guide-proxies/index.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { README } from '../../support/docs/readme.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { run, startProxy } from './program.ts';
import { eventsOf, type Fault, faultyProxy, PAGES, serve, WRITE_KEY } from './servers.ts';

let upstream: ServerProcess;
let customerio: StandIn;
beforeAll(async () => {
  upstream = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  customerio = createStandIn(upstream.origin);
});
afterEach(() => customerio.forget());
afterAll(() => upstream.stop());

type Expected = Readonly<Record<string, CheckResult['status']>>;

/** The checks that did not pass, by name. */
const unpassed = (rows: readonly CheckResult[]): Expected =>
  Object.fromEntries(
    rows.filter(({ status }) => status !== 'pass').map(({ name, status }) => [name, status]),
  );

const check = (url: string, options: Partial<CheckOptions> = {}): Promise<readonly CheckResult[]> =>
  runChecks({ url: new URL(url), clientKey: CLIENT_KEY, timeoutMs: 5_000, dry: false, ...options });

/** The result for a correct proxy: on this machine, from its own origin, while Customer.io works. */
const GOOD: Expected = { TLS: 'skip', preflight: 'skip', 'single calls': 'warn', 'Retry-After': 'skip' };
/** A check of the cookie, which pages of another origin can never read. */
const LEFT = 'cookie for the next page';
/** A check of a header that only some sites need. */
const OWN_HEADER = 'key in X-CIO-Client-Key';
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
/** The result when no event is accepted. */
const TAKES_NOTHING: Expected = {
  TLS: 'skip',
  preflight: 'skip',
  'Retry-After': 'skip',
  single: 'skip',
  compression: 'skip',
  leaving: 'skip',
  events: 'skip',
};

describe('our proxy', () => {
  const environment = (): Record<string, string> => ({
    CIO_UPSTREAM_URL: upstream.origin,
    CIO_CLIENT_KEYS: CLIENT_KEY,
    CIO_WRITE_KEY: WRITE_KEY,
    CIO_ORIGINS: PAGES,
    CIO_BASE_PATH: '/e',
  });

  test('passes', async () => {
    const { url } = await startProxy(environment());
    expect(unpassed(await check(url))).toEqual(GOOD);
    const events = await customerio.events();
    expect(events.length).toBeGreaterThan(100);
    for (const event of events) {
      expect(event.messageId).toMatch(/^cio-first-party-check-/);
      expect(EVENT_TYPES).toContain(event.type);
      if (event.type === 'track') expect(event.event).toBe('cio-first-party check');
    }
    const ofPersons = events.filter(({ userId }) => userId !== undefined);
    expect(ofPersons.map(({ type, userId }) => [type, userId])).toEqual([['alias', 'cio-first-party-check']]);
    const visitors = new Set(events.map(({ anonymousId, previousId }) => anonymousId ?? previousId));
    expect(visitors.size).toBe(1);
  });

  test('passes for pages of another origin that is allowed', async () => {
    const { url } = await startProxy(environment());
    const { preflight: _, ...good } = GOOD;
    expect(unpassed(await check(`${url}/`, { origin: PAGES }))).toEqual({ ...good, [LEFT]: 'skip' });
  });

  test('reports an origin that is not allowed, and not a wrong key', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    expect(unpassed(await check(url, { origin: 'https://elsewhere.example.com' }))).toMatchObject({
      preflight: 'fail',
      'answers readable': 'fail',
      'origin accepted': 'fail',
      batch: 'skip',
    });
  });

  test('reports that Customer.io is down', async () => {
    await customerio.faults({ status: 503 });
    const url = await serve(faultyProxy(upstream.origin));
    const { 'Retry-After': _, ...nothing } = TAKES_NOTHING;
    expect(unpassed(await check(url))).toEqual({ ...nothing, 'anonymous event': 'fail' });
  });

  test('receives no event with --dry', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    expect(unpassed(await check(url, { origin: PAGES, dry: true }))).toEqual({
      TLS: 'skip',
      'anonymous event': 'skip',
      'single calls': 'skip',
      [LEFT]: 'skip',
      events: 'skip',
      'broken JSON refused': 'skip',
      'Retry-After': 'skip',
    });
    expect(await customerio.requests()).toEqual([]);
  });
});

describe('the proxies of the public guide', () => {
  const LANGUAGES = GUIDE_PROXIES.map(({ language }) => language);
  const [, table = ''] = README.split('What the three samples');

  /** The checks that each proxy does not pass for pages of another origin, as the README says. */
  function findings(language: string): Expected {
    const found: Record<string, CheckResult['status']> = {
      TLS: 'skip',
      'Retry-After': 'skip',
      [LEFT]: 'skip',
      [OWN_HEADER]: 'skip',
    };
    for (const [, name = '', cells = ''] of table.matchAll(/^\| `(.+?)` +\|(.*)$/gm)) {
      const said = cells.split('|')[LANGUAGES.indexOf(language)]?.trim().toLowerCase();
      if (said === 'fail' || said === 'warn') found[name] = said;
      if (name === 'broken JSON refused') break;
    }
    return found;
  }

  test.each(GUIDE_PROXIES)('$language', async ({ language, start }) => {
    const proxy = await start({ upstreamUrl: upstream.origin, writeKey: WRITE_KEY });
    try {
      expect(unpassed(await check(proxy.origin, { origin: PAGES }))).toEqual(findings(language));
    } finally {
      await proxy.stop();
    }
  });
});

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
      `answered 308, to ${url}/e/v1/batch/`,
    );
  });

  test.each([
    ['https://www.example.com/e/', 'fail', 'answered 308, to https://www.example.com/e/'],
    [`/${CLIENT_KEY}`, 'warn', 'answered 308'],
    ['http://[', 'fail', 'answered 308'],
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

test('reports slow responses', async () => {
  const replies = [5_000, 20, 10].map((ms): Reply => ({
    kind: 'answer',
    status: 200,
    text: '',
    ms,
    header: () => null,
  }));
  expect(await checkTiming({ replies })).toMatchObject([
    { status: 'warn', detail: 'median 20 ms, slowest 5000 ms of 3' },
  ]);
  expect(await checkTiming({ replies: replies.slice(1) })).toMatchObject([{ status: 'pass' }]);
});

describe('cio-first-party check', () => {
  test('prints its help', async () => {
    const { code, out } = await run(['check', '--help']);
    expect(code).toBe(0);
    for (const text of [
      'CIO_CLIENT_KEY',
      '--origin',
      '--timeout',
      '--dry',
      '--json',
      'cio-first-party check',
    ])
      expect(out).toContain(text);
  });

  test('prints a line for each check, without colours unless the output is a terminal, and exits with 0', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    const { code, out, err } = await run(['check', url], { CIO_CLIENT_KEY: CLIENT_KEY });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^pass {2}reach {8}reachable {17}answered after \d+ ms$/m);
    expect(out).toMatch(/^warn {2}single {7}single calls .*\n {19}→ Nothing to do/m);
    expect(out).toMatch(/^22 passed, 0 failed, 1 to look at, 3 skipped$/m);
    expect(out).not.toContain('\u001B');
  });

  test('uses colours on a terminal', () => {
    const table = asTable(
      [{ group: 'reach', name: 'TLS', status: 'fail', detail: 'none', advice: 'Add it.' }],
      true,
    );
    expect(table.split('\n')[0]).toBe('\u001B[31mFAIL\u001B[0m  reach  TLS  none');
  });

  test('prints one JSON object, never the client key, and exits with 1 when a check fails', async () => {
    const fault: Fault = async (request, proxy) => {
      const answer = await proxy(request);
      // A server that repeats the request's content in every part of its response.
      const said = request.headers.get('Authorization') ?? '';
      return answer.ok
        ? new Response(said, { status: 418, headers: { 'X-Key': said, Location: `/${CLIENT_KEY}` } })
        : answer;
    };
    const url = await serve(faultyProxy(upstream.origin, {}, fault));
    const { code, out } = await run(['check', url, '--json', `--client-key=${CLIENT_KEY}`]);
    expect(code).toBe(1);
    const report = JSON.parse(out) as { counts: Record<string, number>; checks: readonly CheckResult[] };
    expect(report).toMatchObject({ url: `${url}/`, ok: false });
    expect(report.checks.filter(({ status }) => status === 'fail')).toHaveLength(report.counts['fail'] ?? 0);
    expect(out).not.toContain(CLIENT_KEY);
    expect(out).not.toContain(btoa(`${CLIENT_KEY}:`));
  });

  test.each([
    [['check'], '"check" takes one URL, and 0 were given.'],
    [['check', 'http://a.example', 'http://b.example'], '"check" takes one URL, and 2 were given.'],
    [['check', '/e', '--client-key=k'], 'The URL must be absolute, with http or https'],
    [['check', 'ftp://a.example', '--client-key=k'], 'The URL must be absolute, with http or https'],
    [['check', 'http://u:p@a.example', '--client-key=k'], 'The URL must have no credentials'],
    [['check', 'http://a.example/v1/batch/', '--client-key=k'], 'without /v1/batch'],
    [['check', 'http://a.example'], '--client-key is missing, and CIO_CLIENT_KEY is not set.'],
    [['check', 'http://a.example', '--client-key=a:b'], 'must not have a colon'],
    [['check', 'http://a.example', '--client-key=k', '--origin=shop.example.com'], '--origin must be'],
    [['check', 'http://a.example', '--client-key=k', '--timeout=soon'], '--timeout must be'],
    [['check', 'http://a.example', '--loud'], "Unknown option '--loud'"],
  ])('reports unknown arguments, and exits with 2: %j', async (args, message) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});
