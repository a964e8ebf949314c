// @vitest-environment node
/** `check --in-app` with every variant of the renderer, in a real browser. */
import { describe, expect, test } from 'vitest';
import type { RendererVariant } from '../../../demo/pipelines/in-app/settings.ts';
import { pageWithFrame } from '../../../src/cli/check/in-app/sample-message.ts';
import { ALWAYS, BROWSER, findingsIn, rowOf, setUpInAppCheck, SITE_ID } from './check-in-app-setup.ts';

const { customerio, upstream, proxy, inspect } = setUpInAppCheck();

/** A busy machine may not draw a message within the five seconds that the check allows. */
const PATIENT = { timeout: 120_000, retry: 2 };
const SLOW = { timeout: 120_000 };

const NOT_DRAWN = 'fail: not within 5000 ms; the frame said: ';

describe('a renderer that draws through the proxy', () => {
  const DRAWN: readonly (readonly [RendererVariant, Readonly<Record<string, unknown>>])[] = [
    ['V1', ALWAYS],
    ['V2', ALWAYS],
    ['V3', ALWAYS],
    ['V5', ALWAYS],
    [
      'V7',
      {
        ...ALWAYS,
        'other hosts': 'warn: fonts.example (style), engine.example (named in main.min.js)',
        'blocked requests': expect.stringMatching(/^warn: (fonts|engine)\.example, (fonts|engine)\.example$/),
      },
    ],
  ];

  test.each(DRAWN)('%s', PATIENT, async (variant, findings) => {
    await customerio().rendererVariant(variant);
    const rows = await inspect(await proxy(), { browser: BROWSER });
    expect(findingsIn(rows)).toEqual(findings);
    expect(rowOf(rows, 'routeLoaded')).toMatchObject({ status: 'pass', group: 'browser' });
  });

  test.each(['V4', 'V4-redirect'] as const)('%s, at two hosts', PATIENT, async (variant) => {
    const code = upstream().replace('127.0.0.1', 'localhost');
    await customerio().inAppSettings({ variant, codeUrl: code });
    const url = await proxy({ inApp: { siteId: SITE_ID, rendererUrl: upstream(), codeUrl: code } });
    const rows = await inspect(url, { browser: BROWSER });
    expect(findingsIn(rows)).toEqual(ALWAYS);
    const host = variant === 'V4' ? 'r' : 'c';
    expect(rowOf(rows, '<base>')?.detail).toBe(`/e/v1/frame/${host}/renderer/9.9.9/`);
    expect(rowOf(rows, 'routeLoaded')?.status).toBe('pass');
    expect(rowOf(rows, 'files')?.detail).toBe('3 of 3 arrive');
  });

  test('that is found behind a redirect or a script: the rows say where', async () => {
    await customerio().rendererVariant('V2');
    const redirected = await inspect(await proxy());
    expect(rowOf(redirected, '<base>')?.detail).toBe('/e/v1/frame/c/renderer/9.9.9/');
    await customerio().rendererVariant('V3');
    const navigating = await inspect(await proxy());
    expect(rowOf(navigating, 'script redirects')).toMatchObject({
      status: 'pass',
      detail: 'to /e/v1/frame/c/renderer/9.9.9/index.html, below the paths of the frame',
    });
    expect(rowOf(navigating, 'files')?.detail).toBe('3 of 3 arrive');
  });

  test('with modules: JSON and WebAssembly that the module names are loaded too', async () => {
    await customerio().rendererVariant('V5');
    const rows = await inspect(await proxy());
    expect(rowOf(rows, 'files')?.detail).toBe('5 of 5 arrive');
    const asked = (await customerio().messageRequests('frame')).map(({ path }) => path);
    for (const file of ['module.js', 'strings.json', 'engine.wasm', 'main.min.js', 'main.css'])
      expect(asked).toContain(`/renderer-host/3.0/${file}`);
  });
});

describe('a renderer that does not draw', () => {
  const UNDRAWN: readonly (readonly [RendererVariant, string])[] = [
    [
      'V6',
      `${NOT_DRAWN}nothing; a script threw Uncaught SecurityError: Failed to read the 'localStorage' property from 'Window'`,
    ],
    ['V8-silent', `${NOT_DRAWN}nothing`],
    ['V8-error', 'fail: the frame said: bootstrapped, error'],
    ['V8-route-error', 'fail: the frame said: bootstrapped, routeError'],
    ['V8-foreign', `${NOT_DRAWN}bootstrapped for another message, routeLoaded for another message`],
  ];

  test.each(UNDRAWN)('%s', SLOW, async (variant, said) => {
    await customerio().rendererVariant(variant);
    const rows = await inspect(await proxy(), { browser: BROWSER });
    const { routeLoaded, ...others } = findingsIn(rows);
    expect(routeLoaded?.slice(0, said.length)).toBe(said);
    expect(others).toEqual(ALWAYS);
    expect(rowOf(rows, 'routeLoaded')?.advice).toContain("inApp.renderer: 'direct'");
  });

  test('V4 whose URLs from the root are of no configured host', SLOW, async () => {
    await customerio().rendererVariant('V4');
    const rows = await inspect(await proxy(), { browser: BROWSER });
    expect(findingsIn(rows)).toEqual({
      '<base>': 'fail: missing',
      'URLs from the root':
        'fail: /renderer/9.9.9/assets/font.woff2 in index.html, /renderer/9.9.9/main.min.js in index.html',
      file: 'fail: /e/v1/frame/main.css returned 404',
      files: 'warn: 0 of 1 arrive',
      routeLoaded: `${NOT_DRAWN}nothing`,
    });
  });

  test.each([
    [
      'V8-missing',
      'fail: returned 404: the server of the renderer has no page, or the proxy has no such path',
      'CIO_IN_APP_RENDERER_URL',
    ],
    ['V8-huge', 'fail: returned 503: the proxy cannot load the page of the renderer', 'more than 2 MB'],
  ] as const)('%s: no browser is started', async (variant, finding, advice) => {
    await customerio().rendererVariant(variant);
    const rows = await inspect(await proxy(), { browser: '/nowhere/chromium' });
    expect(findingsIn(rows)).toEqual({ page: finding });
    expect(rowOf(rows, 'page')?.advice).toContain(advice);
    expect(rowOf(rows, 'browser')).toMatchObject({ status: 'skip', detail: 'because of: page' });
  });

  test('V3 with a host that the proxy does not serve', async () => {
    await customerio().inAppSettings({ variant: 'V3', codeUrl: 'https://code.example' });
    const rows = await inspect(await proxy());
    expect(findingsIn(rows)).toEqual({
      'script redirects': 'fail: to https://code.example/renderer/9.9.9/index.html in index.html',
    });
    expect(rowOf(rows, 'script redirects')?.advice).toContain('CIO_IN_APP_CODE_URL');
  });
});

test('a page of an origin that the proxy does not know: the browser refuses the frame', SLOW, async () => {
  const url = await proxy({ origins: ['https://other.example.com'] });
  const rows = await inspect(url, { browser: BROWSER });
  expect(rowOf(rows, 'frame-ancestors')).toMatchObject({ status: 'fail' });
  expect(rowOf(rows, 'routeLoaded')).toMatchObject({
    status: 'fail',
    detail: expect.stringMatching(/^the browser refused the frame: .*frame-ancestors/),
  });
});

test('a second policy of a server in front stops the message in the browser too', SLOW, async () => {
  const url = await proxy({}, async (request, next) => {
    const response = await next(request);
    response.headers.append('Content-Security-Policy', "default-src 'none'");
    return response;
  });
  const rows = await inspect(url, { browser: BROWSER });
  expect(findingsIn(rows)).toMatchObject({
    'other policies': "fail: a header adds: default-src 'none'",
    routeLoaded: expect.stringContaining('fail: not within 5000 ms'),
  });
});

test('a browser that does not start is a row that says so', async () => {
  const rows = await inspect(await proxy(), { browser: process.execPath });
  expect(rowOf(rows, 'routeLoaded')).toMatchObject({
    status: 'skip',
    detail: expect.stringContaining('does not work: it ended with code'),
  });
});

test('pages of an app have no browser to be opened in', async () => {
  const origin = 'capacitor://localhost';
  const rows = await inspect(await proxy({ origins: [origin] }), { origin, browser: BROWSER });
  expect(findingsIn(rows)).toEqual(ALWAYS);
  expect(rowOf(rows, 'routeLoaded')?.detail).toBe('a browser opens no page of capacitor://localhost here');
});

test('the frame of the check has the sandbox of the page', async () => {
  const url = await proxy();
  const response = await fetch(`${url}/v1/frame/index.html`);
  const [, sandbox = 'none'] =
    /sandbox ([^;]+)/.exec(response.headers.get('Content-Security-Policy') ?? '') ?? [];
  expect(pageWithFrame(new URL(`${url}/v1/frame/index.html`))).toContain(
    `setAttribute('sandbox', '${sandbox}')`,
  );
});

test(
  'Customer.io counts nothing: only files of the renderer are requested, and no person is named',
  PATIENT,
  async () => {
    const rows = await inspect(await proxy(), { browser: BROWSER });
    expect(rowOf(rows, 'routeLoaded')?.status).toBe('pass');
    const requests = await customerio().messageRequests();
    expect(requests.length).toBeGreaterThan(2);
    expect([...new Set(requests.map(({ route }) => route))]).toEqual(['frame']);
    expect(await customerio().requests()).toEqual([]);
  },
);
