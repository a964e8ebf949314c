// @vitest-environment node
/** `check --in-app` with servers in front of the proxy that change its responses, and with options that are missing. */
import { describe, expect, test } from 'vitest';
import type { ProxyOptions } from '../../../src/proxy.ts';
import { ALWAYS, findingsIn, rowOf, setUpInAppCheck, SITE_ID } from './check-in-app-setup.ts';
import { run } from './program.ts';
import { type Fault, PAGES, serve } from './servers.ts';

const { customerio, upstream, proxy, inspect } = setUpInAppCheck();

const PAGE = '/e/v1/frame/index.html';
const html = (status: number): Response =>
  new Response('<h1>Shop</h1>', { status, headers: { 'Content-Type': 'text/html; charset=utf-8' } });

/** Changes the response to the paths that match. */
const changing =
  (path: RegExp, change: (response: Response) => Response | void): Fault =>
  async (request, next) => {
    const response = await next(request);
    const { pathname, search } = new URL(request.url);
    return path.test(pathname + search) ? (change(response) ?? response) : response;
  };
const setting = (path: RegExp, name: string, value: string | null): Fault =>
  changing(path, ({ headers }) => (value === null ? headers.delete(name) : headers.set(name, value)));

describe('a wrong server in front', () => {
  const FAULTS: readonly (readonly [
    what: string,
    fault: Fault,
    findings: Readonly<Record<string, unknown>>,
  ])[] = [
    [
      'has its start page for everything',
      () => Promise.resolve(html(200)),
      { 'POST /v1/messages/fetch': 'fail: returned 200 with an HTML page without credentials' },
    ],
    [
      'has a 404 page for everything',
      () => Promise.resolve(html(404)),
      { 'POST /v1/messages/fetch': 'fail: returned 404 with an HTML page without credentials' },
    ],
    [
      'has its start page for what is read',
      (request, next) => (request.method === 'GET' ? Promise.resolve(html(200)) : next(request)),
      {
        'GET /v1/messages/stream': 'fail: returned 200 with an HTML page without credentials',
        page: 'fail: returned 200 with an HTML page that is not from the proxy',
      },
    ],
    [
      'has a 404 page for the frame',
      changing(/v1\/frame/, () => html(404)),
      { page: 'fail: returned 404 with an HTML page' },
    ],
    [
      'redirects the page',
      changing(/v1\/frame/, () => new Response(null, { status: 301, headers: { Location: '/shop' } })),
      { page: 'fail: returned 301, a redirect' },
    ],
    [
      'is down for the page',
      changing(/v1\/frame/, () => new Response('no', { status: 502 })),
      { page: 'fail: returned 502' },
    ],
    [
      'sends the page as text',
      setting(/index\.html/, 'Content-Type', 'text/plain'),
      { page: 'fail: returned 200 with text/plain instead of an HTML page' },
    ],
    [
      'asks for a password',
      (_, next) =>
        next(_).then((response) =>
          response.status === 401 ? new Response('Password?', { status: 401 }) : response,
        ),
      {
        'POST /v1/messages/fetch': 'fail: returned 401 without credentials, and not by the proxy',
        'POST /v1/messages/seen': 'fail: returned 401 without credentials, and not by the proxy',
        'POST /v1/messages/metric': 'fail: returned 401 without credentials, and not by the proxy',
        'GET /v1/messages/stream': 'fail: returned 401 without credentials, and not by the proxy',
        'answers readable': 'fail: not by the page',
        ...ALWAYS,
      },
    ],
    [
      'answers without credentials',
      changing(/messages\/fetch/, () =>
        Response.json({ messages: [] }, { headers: { 'Access-Control-Allow-Origin': '*' } }),
      ),
      { 'POST /v1/messages/fetch': 'fail: returned 200 without credentials', ...ALWAYS },
    ],
    [
      'answers preflights by itself',
      (request, next) =>
        request.method === 'OPTIONS' ? Promise.resolve(new Response(null, { status: 405 })) : next(request),
      { preflight: `fail: returned 405, and does not allow ${PAGES}`, ...ALWAYS },
    ],
  ];

  test.each(FAULTS)('%s', async (_, fault, findings) => {
    const rows = await inspect(await proxy({}, fault));
    expect(findingsIn(rows)).toEqual(findings);
    for (const { status, advice } of rows)
      if (status === 'fail' || status === 'warn') expect(advice).toMatch(/\.$/);
  });
});

describe('headers', () => {
  const HEADERS: readonly (readonly [
    name: string,
    value: string | null,
    findings: Readonly<Record<string, string>>,
  ])[] = [
    [
      'X-Frame-Options',
      'DENY',
      { 'X-Frame-Options': 'warn: sent: DENY; current browsers ignore it, because of frame-ancestors' },
    ],
    [
      'Content-Security-Policy',
      null,
      {
        'CSP sandbox': 'fail: no sandbox in Content-Security-Policy',
        'frame-ancestors': 'warn: missing: every site may frame the page',
      },
    ],
    [
      'Content-Security-Policy',
      `sandbox allow-scripts allow-same-origin; frame-ancestors ${PAGES}`,
      { 'CSP sandbox': 'fail: allow-same-origin' },
    ],
    [
      'Content-Security-Policy',
      'sandbox allow-scripts; frame-ancestors https://other.example.com',
      { 'frame-ancestors': `fail: https://other.example.com: does not allow ${PAGES}` },
    ],
    [
      'Content-Security-Policy',
      `sandbox; frame-ancestors ${PAGES}`,
      { 'CSP sandbox': 'fail: no allow-scripts, so that no message is drawn' },
    ],
    ['X-Content-Type-Options', null, { nosniff: 'warn: no X-Content-Type-Options: nosniff' }],
    ['Set-Cookie', 'visitor=a-secret-value', { 'no cookies': 'warn: Set-Cookie: visitor=…' }],
    ['Referrer-Policy', null, { 'Referrer-Policy': 'warn: missing' }],
    ['Referrer-Policy', 'unsafe-url', { 'Referrer-Policy': 'warn: is unsafe-url' }],
    ['Age', '200000', { cache: 'warn: is 200000 s old: a cache in front of the proxy keeps it' }],
    ['Cache-Control', 'public, max-age=31536000, immutable', { cache: 'warn: may be cached for 31536000 s' }],
  ];

  test.each(HEADERS)('%s: %s', async (name, value, findings) => {
    const rows = await inspect(await proxy({}, setting(/index\.html$/, name, value)));
    expect(findingsIn(rows)).toEqual({ ...ALWAYS, ...findings });
    expect(JSON.stringify(rows)).not.toContain('a-secret-value');
  });

  test('X-Frame-Options without frame-ancestors stops every frame', async () => {
    const fault = changing(/index\.html$/, ({ headers }) => {
      headers.set('X-Frame-Options', 'DENY');
      headers.set('Content-Security-Policy', 'sandbox allow-scripts');
    });
    const rows = await inspect(await proxy({}, fault));
    expect(findingsIn(rows)).toMatchObject({ 'X-Frame-Options': 'fail: sent: DENY' });
  });

  test.each([
    [
      "default-src 'self'; report-uri /report?key=a-secret-value",
      "fail: a header adds: default-src 'self'; report-uri",
    ],
    ['upgrade-insecure-requests', 'warn: a header adds: upgrade-insecure-requests'],
  ])('a second policy: %s', async (policy, finding) => {
    const fault = changing(/index\.html$/, ({ headers }) =>
      headers.append('Content-Security-Policy', policy),
    );
    const rows = await inspect(await proxy({}, fault));
    expect(findingsIn(rows)).toEqual({ ...ALWAYS, 'other policies': finding });
    expect(JSON.stringify(rows)).not.toContain('a-secret-value');
  });

  test('a policy in the page of the renderer is named', async () => {
    const fault = changing(/index\.html$/, ({ headers }) => {
      const page = `<base href="/e/v1/frame/c/"><meta http-equiv="Content-Security-Policy" content="script-src https://code.gist.build">`;
      return new Response(page, { headers });
    });
    const rows = await inspect(await proxy({}, fault));
    expect(findingsIn(rows)).toEqual({
      'other policies': 'warn: the page adds: script-src https://code.gist.build',
    });
  });

  test('a cache that ignores the query: isolated pages get the wrong headers', async () => {
    const fault: Fault = (request, next) =>
      next(
        new Request(request.url.replace('?coi=1', ''), { method: request.method, headers: request.headers }),
      );
    const rows = await inspect(
      await proxy({}, (request, next) => (request.method === 'GET' ? fault(request, next) : next(request))),
    );
    expect(findingsIn(rows)).toEqual({
      ...ALWAYS,
      'isolated pages': 'warn: no Cross-Origin-Embedder-Policy and Cross-Origin-Resource-Policy with ?coi=1',
    });
  });

  test('a page to which a script leads is checked as the first one', async () => {
    await customerio().rendererVariant('V3');
    const fault = setting(/9\.9\.9\/index\.html$/, 'Content-Security-Policy', null);
    const rows = await inspect(await proxy({}, fault));
    expect(findingsIn(rows)).toMatchObject({
      'CSP sandbox':
        'fail: no sandbox in Content-Security-Policy, at /e/v1/frame/c/renderer/9.9.9/index.html',
    });
  });
});

describe('files', () => {
  const SCRIPT = /main\.min\.js$/;
  const PATH = '/e/v1/frame/r/3.0/main.min.js';
  const FILES: readonly (readonly [what: string, fault: Fault, detail: string])[] = [
    [
      'without CORS',
      setting(SCRIPT, 'Access-Control-Allow-Origin', null),
      'has no Access-Control-Allow-Origin',
    ],
    [
      'with the CORS header of a server in front',
      changing(SCRIPT, ({ headers }) => headers.append('Access-Control-Allow-Origin', PAGES)),
      `has Access-Control-Allow-Origin: *, ${PAGES}`,
    ],
    [
      'for the same origin only',
      setting(SCRIPT, 'Cross-Origin-Resource-Policy', 'same-origin'),
      'has Cross-Origin-Resource-Policy: same-origin',
    ],
    [
      'of another type',
      setting(SCRIPT, 'Content-Type', 'text/plain'),
      'has the type text/plain, and is used as script',
    ],
    [
      'replaced by a page',
      changing(SCRIPT, () => html(200)),
      'has the type text/html, and is used as script',
    ],
    [
      'that redirect',
      changing(SCRIPT, () => new Response(null, { status: 302, headers: { Location: '/' } })),
      'returned 302',
    ],
    ['that are missing', changing(SCRIPT, () => html(404)), 'returned 404'],
    ['that fail', changing(SCRIPT, () => new Response('', { status: 503 })), 'returned 503'],
  ];

  test.each(FILES)('%s', async (_, fault, detail) => {
    const rows = await inspect(await proxy({}, fault));
    expect(rowOf(rows, 'file')).toMatchObject({ status: 'fail', detail: `${PATH} ${detail}` });
    expect(rowOf(rows, 'files')).toMatchObject({ status: 'warn', detail: '1 of 2 arrive' });
  });

  test('that are compressed and large: the row has the size on the wire', async () => {
    const fault = changing(
      SCRIPT,
      ({ headers }) => new Response(`/*${'x'.repeat(1_200_000)}*/`, { headers }),
    );
    const rows = await inspect(await proxy({}, fault));
    expect(rowOf(rows, 'size')).toMatchObject({ status: 'warn', detail: '1201 kB in 3 files' });
  });

  test('a page without <base> does not find its files', async () => {
    const fault: Fault = async (request, next) => {
      const response = await next(request);
      if (new URL(request.url).pathname !== PAGE) return response;
      const { headers } = response;
      return new Response((await response.text()).replace(/<base[^>]*>/, ''), { headers });
    };
    const rows = await inspect(await proxy({}, fault));
    expect(findingsIn(rows)).toMatchObject({ '<base>': 'fail: missing', files: 'warn: 0 of 2 arrive' });
  });

  test('images of other hosts are allowed; a host of a script is named', async () => {
    const fault = changing(/index\.html$/, ({ headers }) => {
      const page = `<base href="/e/v1/frame/c/"><img src="https://images.example/a.png"><script src="https://cdn.example/a.js"></script>`;
      return new Response(page, { headers });
    });
    const rows = await inspect(await proxy({}, fault));
    expect(findingsIn(rows)).toEqual({ 'other hosts': 'warn: cdn.example (script)' });
  });
});

describe('options that are missing', () => {
  const MISSING: readonly (readonly [Partial<ProxyOptions>, Readonly<Record<string, string>>, string])[] = [
    [
      { inApp: undefined },
      { 'POST /v1/messages/fetch': 'fail: returned 404: the option "inApp" is missing' },
      'CIO_IN_APP_SITE_ID',
    ],
    [
      { customerToken: undefined },
      {
        'POST /v1/messages/fetch': 'fail: returned 404: the option "customerToken" is missing',
        'POST /v1/messages/seen': 'fail: returned 404: the option "customerToken" is missing',
        ...ALWAYS,
      },
      'CIO_TOKEN_SECRET',
    ],
    [
      { origins: ['https://other.example.com'] },
      {
        'POST /v1/messages/fetch': 'fail: returned 403',
        'POST /v1/messages/seen': 'fail: returned 403',
        'POST /v1/messages/metric': 'fail: returned 403',
        'GET /v1/messages/stream': 'fail: returned 403',
        preflight: expect.stringMatching(/^fail: /) as string,
        'answers readable': 'fail: not by the page',
        'frame-ancestors': expect.stringContaining(`does not allow ${PAGES}`) as string,
        ...ALWAYS,
      },
      'CIO_ORIGINS',
    ],
  ];

  test.each(MISSING)('%j', async (options, findings, variable) => {
    const rows = await inspect(await proxy(options));
    expect(findingsIn(rows)).toEqual(findings);
    expect(rowOf(rows, 'POST /v1/messages/fetch')?.advice).toContain(variable);
  });

  test('anonymous messages need no customer token', async () => {
    const inApp = { siteId: SITE_ID, anonymous: { secret: 'a secret of anonymous messages, 32 bytes' } };
    const rows = await inspect(
      await proxy({
        inApp: { ...inApp, rendererUrl: `${upstream()}/renderer-host` },
        customerToken: undefined,
      }),
    );
    expect(findingsIn(rows)).toEqual(ALWAYS);
    expect(rowOf(rows, 'GET /v1/messages/stream')).toMatchObject({ status: 'skip' });
  });

  test('a wrong base path', async () => {
    const rows = await inspect((await proxy()).replace(/e$/, 'events'));
    expect(findingsIn(rows)).toEqual({
      'POST /v1/messages/fetch': expect.stringContaining('fail: returned 404'),
      'POST /v1/messages/seen': expect.stringContaining('fail: returned 404'),
      'POST /v1/messages/metric': expect.stringContaining('fail: returned 404'),
      preflight: expect.stringContaining('fail: returned 404'),
      page: expect.stringContaining('fail: returned 404'),
    });
  });

  test('nothing listens', async () => {
    const rows = await inspect('http://127.0.0.1:1');
    expect(findingsIn(rows)).toEqual({ reachable: 'fail: no answer: ECONNREFUSED' });
  });

  test('says nothing', async () => {
    const rows = await inspect(await serve(() => {}), { timeoutMs: 300 });
    expect(rowOf(rows, 'reachable')?.detail).toContain('no answer within');
  });
});

describe('cio-first-party check --in-app', () => {
  /** No browser is in this folder. */
  const PATH = { PATH: '/nowhere' };

  test('prints the rows, says that no browser was found, and exits with 0', async () => {
    const { code, out, err } = await run(['check', '--in-app', await proxy()], PATH);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^pass {2}messages {2}POST \/v1\/messages\/fetch +returned 401 without credentials$/m,
    );
    expect(out).toMatch(
      /^skip {2}browser +routeLoaded +no browser found: .* --browser \/usr\/bin\/chromium$/m,
    );
    expect(out).toMatch(/^\d+ passed, 0 failed, 2 to look at, 3 skipped$/m);
    expect(out).not.toContain(SITE_ID);
  });

  test('exits with 1 after a failure, and prints JSON', async () => {
    const url = await proxy({ inApp: undefined });
    const { code, out } = await run(['check', url, '--in-app', '--json', '--origin', PAGES], PATH);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ url, ok: false, counts: { fail: 1 } });
  });

  test.each([
    [['--in-app'], 'exactly one URL'],
    [['--in-app', 'http://127.0.0.1:1', '--send'], '--send has no effect with --in-app'],
    [
      ['--in-app', 'http://127.0.0.1:1', '--browser', '/nowhere/chromium'],
      '--browser is "/nowhere/chromium"',
    ],
    [
      ['http://127.0.0.1:1', '--client-key', 'web', '--browser', '/usr/bin/chromium'],
      '--browser needs --in-app',
    ],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await run(['check', ...args], PATH);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
