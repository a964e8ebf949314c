// @vitest-environment node
/** `/v1/frame/…`: the page that draws messages, through the proxy, in a sandbox. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProxy, type CioProxy, type ProxyOptions } from '../../../src/proxy.ts';
import { listen } from './listen.ts';
import { CLIENT_KEY, verdict, WRITE_KEY } from './setup.ts';
import { startUpstream, type Answer, type Received, type Upstream } from './upstream.ts';

const HTML = { 'Content-Type': 'text/html; charset=utf-8' };
const PAGE =
  '<!doctype html><html><head><title>R</title></head><body><script src="main.js"></script></body></html>';

interface Frame {
  readonly proxy: CioProxy;
  readonly renderer: Upstream;
  readonly code: Upstream;
  get(path: string, init?: RequestInit): Promise<Response>;
}

async function start(options: Partial<ProxyOptions> = {}): Promise<Frame> {
  const [renderer, code] = await Promise.all([startUpstream(), startUpstream()]);
  renderer.respond({ headers: HTML, body: PAGE });
  const proxy = createProxy({
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    basePath: '/e',
    origins: ['https://shop.example.com'],
    inApp: { siteId: 'site', rendererUrl: renderer.url, codeUrl: `${code.url}/` },
    ...options,
  });
  const get: Frame['get'] = async (path, init) =>
    proxy.fetch(new Request(`https://events.example.com/e/v1/frame/${path}`, init));
  return { proxy, renderer, code, get };
}

/** Answers by path; other paths are 404. */
const files =
  (answers: Readonly<Record<string, Answer>>) =>
  ({ path }: Received): Answer =>
    answers[path] ?? { status: 404, headers: HTML, body: '<h1>Not found</h1>' };

describe('the page', () => {
  test('is the one of the renderer, and its files are below the proxy', async () => {
    const { get, renderer } = await start();
    const response = await get('index.html');
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toBe(PAGE.replace('<head>', '<head><base href="/e/v1/frame/r/3.0/">'));
    expect(renderer.received.map(({ method, path }) => [method, path])).toEqual([['GET', '/3.0/index.html']]);
    renderer.respond({ headers: { 'Content-Type': 'text/javascript' }, body: 'draw()' });
    expect(await (await get('r/3.0/main.js')).text()).toBe('draw()');
    expect(renderer.received.at(-1)?.path).toBe('/3.0/main.js');
  });

  test('has no origin, and may load and frame nothing but what it must', async () => {
    const { get, renderer } = await start();
    renderer.respond({
      headers: {
        ...HTML,
        'Content-Security-Policy': "frame-ancestors 'none'",
        'X-Frame-Options': 'DENY',
        'Set-Cookie': 'a=b',
        'Access-Control-Allow-Origin': '*',
        Server: 'upstream',
      },
      body: PAGE,
    });
    const { headers } = await get('index.html');
    const own = "'self' https://events.example.com";
    expect(Object.fromEntries(headers)).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'content-length': expect.any(String),
      'cache-control': 'public, max-age=300, stale-if-error=86400',
      'content-security-policy': [
        'sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox',
        "default-src 'none'",
        `script-src ${own} 'unsafe-inline' 'wasm-unsafe-eval'`,
        `style-src ${own} 'unsafe-inline'`,
        `img-src ${own} https: data:`,
        `font-src ${own} data:`,
        'media-src https:',
        `connect-src ${own}`,
        `base-uri ${own}`,
        `frame-ancestors ${own} https://shop.example.com`,
      ].join('; '),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(headers.get('Content-Security-Policy')).not.toContain('allow-same-origin');
  });

  test('is also for pages that are cross-origin isolated', async () => {
    const { get, renderer } = await start();
    const { headers } = await get('index.html?coi=1&x=2');
    expect(renderer.received[0]?.path).toBe('/3.0/index.html?coi=1');
    expect(headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
    expect(headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
    await get('index.html');
    expect(renderer.received[1]?.path).toBe('/3.0/index.html');
  });

  test('is asked for without anything of the visitor', async () => {
    const { get, renderer } = await start();
    await get('index.html?token=secret', {
      headers: {
        Cookie: 'session=secret',
        Authorization: 'Bearer secret',
        'X-CIO-Client-Key': 'secret',
        Referer: 'https://shop.example.com/secret',
        'User-Agent': 'secret',
        'Accept-Language': 'secret',
        'X-Forwarded-For': 'secret',
      },
    });
    expect(renderer.received).toHaveLength(1);
    expect(JSON.stringify(renderer.received)).not.toContain('secret');
  });

  test('is found behind redirects between the two servers, and its base is where it was found', async () => {
    const { get, renderer, code } = await start();
    renderer.respond({ status: 302, headers: { Location: `${code.url}/renderer/9.9.9/` } });
    code.respond(
      files({
        '/renderer/9.9.9/': { status: 301, headers: { Location: 'index.html?v=1' } },
        '/renderer/9.9.9/index.html?v=1': { headers: HTML, body: PAGE },
        '/renderer/9.9.9/main.js': { headers: { 'Content-Type': 'text/javascript' }, body: 'draw()' },
      }),
    );
    const response = await get('index.html');
    expect(await response.text()).toContain('<head><base href="/e/v1/frame/c/renderer/9.9.9/">');
    expect(response.headers.get('Cache-Control')).toContain('max-age=300,');
    const script = await get('c/renderer/9.9.9/main.js');
    expect(await script.text()).toBe('draw()');
    expect(script.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
  });

  test('is not found behind a redirect to a third server, or behind four redirects', async () => {
    const { get, renderer, code } = await start();
    const third = await startUpstream();
    for (const location of [
      `${third.url}/x.html`,
      'data:text/html,x',
      'http://[',
      `${code.url}@${third.url.slice(7)}/`,
    ]) {
      renderer.respond({ status: 302, headers: { Location: location } });
      expect(await verdict(await get('index.html'))).toBe('503 upstream_unavailable');
    }
    expect(third.received).toEqual([]);
    const hops =
      (most: number) =>
      ({ path }: Received): Answer => {
        const hop = Number(/hop=(\d)/.exec(path)?.[1] ?? 0);
        return hop < most
          ? { status: 302, headers: { Location: `?hop=${hop + 1}` } }
          : { headers: HTML, body: PAGE };
      };
    renderer.respond(hops(4));
    expect(await verdict(await get('index.html'))).toBe('503 upstream_unavailable');
    renderer.respond(hops(3));
    expect((await get('index.html')).status).toBe(200);
  });

  test('has its URLs rewritten', async () => {
    const { get, renderer, code } = await start();
    renderer.respond({ status: 302, headers: { Location: `${code.url}/renderer/9.9.9/index.html` } });
    const bare = code.url.replace('http:', '');
    const body = `<html><head lang="en"><BASE href='/renderer/9.9.9/app/'><style>a{src:url(/f.woff2)}</style>
<link href=/a.css><link href="a.css"><script src="/b.js"></script><img src='//cdn.example/x.png'>
<script>location.replace('${code.url}/renderer/9.9.9/c.html'); const origin = '${code.url}';</script>
<img src="${bare}/d.png"><a href="https://shop.example/">${renderer.url}/3.0/x.js</a>`;
    code.respond({ headers: HTML, body });
    expect(await (await get('index.html')).text())
      .toBe(`<html><head lang="en"><base href="/e/v1/frame/c/renderer/9.9.9/app/"><style>a{src:url(/e/v1/frame/c/f.woff2)}</style>
<link href=/e/v1/frame/c/a.css><link href="a.css"><script src="/e/v1/frame/c/b.js"></script><img src='//cdn.example/x.png'>
<script>location.replace('/e/v1/frame/c/renderer/9.9.9/c.html'); const origin = '${code.url}';</script>
<img src="/e/v1/frame/c/d.png"><a href="https://shop.example/">/e/v1/frame/r/3.0/x.js</a>`);
  });

  test('a page that another script of it opens has the sandbox too', async () => {
    const { get, code } = await start();
    code.respond({ headers: HTML, body: '<body>x</body>' });
    const response = await get('c/renderer/9.9.9/index.html');
    expect(await response.text()).toBe('<base href="/e/v1/frame/c/renderer/9.9.9/"><body>x</body>');
    expect(response.headers.get('Content-Security-Policy')).toMatch(/^sandbox allow-scripts /);
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=300, stale-if-error=86400');
  });

  test.each<[string, Answer | 'hang-up']>([
    ['500', { status: 500, headers: HTML, body: PAGE }],
    ['no answer', 'hang-up'],
    ['no HTML', { headers: { 'Content-Type': 'application/json' }, body: '{}' }],
    ['a redirect to no HTML', { status: 302, headers: { Location: 'a.json' } }],
    ['11 MB of HTML', { headers: HTML, body: 'x'.repeat(11_000_000) }],
    ['3 MB of HTML', { headers: HTML, body: 'x'.repeat(3_000_000) }],
  ])('%s in its place is 503', async (_, answer) => {
    const { get, renderer } = await start();
    renderer.respond(answer);
    const response = await get('index.html');
    expect(response.status).toBeOneOf([503, 404]);
    expect(response.headers.get('Content-Type')).toBe('application/json');
  });

  test('that does not come in time is 503', async () => {
    const { get, renderer } = await start({ timeoutMs: 50 });
    renderer.respond('silence');
    expect(await verdict(await get('index.html'))).toBe('503 upstream_unavailable');
  });

  test('is loaded once in five minutes for all visitors', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { get, renderer } = await start();
    await Promise.all([get('index.html'), get('index.html'), get('index.html')]);
    vi.setSystemTime(Date.now() + 299_000);
    await get('index.html');
    expect(renderer.received).toHaveLength(1);
    vi.setSystemTime(Date.now() + 1_000);
    await get('index.html');
    expect(renderer.received).toHaveLength(2);
  });

  test('is served for a day after that while the renderer is down', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { get, renderer } = await start();
    await get('index.html');
    renderer.respond({ status: 500 });
    vi.setSystemTime(Date.now() + 86_000_000);
    const response = await get('index.html');
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringContaining('<title>R</title>'),
    ]);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await verdict(await get('index.html'))).toBe('503 upstream_unavailable');
    renderer.respond({ headers: HTML, body: '<p>new</p>' });
    expect(await (await get('index.html')).text()).toContain('<p>new</p>');
  });
});

describe('the other files', () => {
  test.each([
    ['main.js', 'application/octet-stream', 'text/javascript; charset=utf-8'],
    ['main.mjs', 'text/plain', 'text/javascript; charset=utf-8'],
    ['a.css', 'text/css', 'text/css; charset=utf-8'],
    ['FontManifest.json', 'application/json', 'application/json'],
    ['canvaskit.wasm', 'application/octet-stream', 'application/wasm'],
    ['font.woff2', 'binary/octet-stream', 'font/woff2'],
    ['logo.svg', 'image/svg+xml', 'image/svg+xml'],
    ['image', 'image/png', 'image/png'],
  ])('%s of the type %s is %s', async (name, received, type) => {
    const { get, code } = await start();
    code.respond({ headers: { 'Content-Type': received, 'Set-Cookie': 'a=b' }, body: 'content' });
    const response = await get(`c/assets/${name}`, { headers: { Origin: 'null' } });
    expect(await response.text()).toBe('content');
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': type,
      'content-length': '7',
      'cache-control': 'public, max-age=300, stale-if-error=86400',
      'content-security-policy': "sandbox; default-src 'none'",
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    const head = await get(`c/assets/${name}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('Content-Type'), await head.text()]).toEqual([200, type, '']);
  });

  test('have the URLs of the two servers rewritten, in scripts and style sheets', async () => {
    const { get, code, renderer } = await start();
    code.respond(
      files({
        '/a/x.js': {
          headers: { 'Content-Type': 'text/javascript' },
          body: `load("${code.url}/f.json", "${renderer.url}")`,
        },
        '/a/x.css': {
          headers: { 'Content-Type': 'text/css' },
          body: '@import "/b.css"; a{src:url("/f.woff2") url(g.png)}',
        },
      }),
    );
    expect(await (await get('c/a/x.js')).text()).toBe(`load("/e/v1/frame/c/f.json", "${renderer.url}")`);
    expect(await (await get('c/a/x.css')).text()).toBe(
      '@import "/e/v1/frame/c/b.css"; a{src:url("/e/v1/frame/c/f.woff2") url(g.png)}',
    );
  });

  test.each(['text/html', 'text/plain', 'application/pdf', 'video/mp4'])(
    'of the type %s are none',
    async (type) => {
      const { get, code } = await start();
      code.respond({ headers: { 'Content-Type': type }, body: '<script>1</script>' });
      const name = type === 'text/html' ? 'main.js' : 'file';
      expect(await verdict(await get(`c/${name}`))).toBe('404 not_found');
    },
  );

  test.each([
    'c',
    'c/',
    'd/main.js',
    'main.js',
    'c/..%2Fmain.js',
    'c/%2e%2e/main.js',
    'c/a%00.js',
    'c/.env.js',
    'c/a b.js',
    'c/a@b.js',
    'c/a:80/x.js',
    'c/a\\b\\..\\x.js%5c',
  ])('at %j are none, and no server is asked', async (path) => {
    const { get, code, renderer } = await start();
    code.respond({ headers: { 'Content-Type': 'text/javascript' }, body: '1' });
    expect(await verdict(await get(path))).toBe('404 not_found');
    expect([...code.received, ...renderer.received]).toEqual([]);
  });

  test('that their server does not have, or that are larger than 10 MB, are not served', async () => {
    const { get, code } = await start();
    code.respond({ status: 404, headers: HTML, body: 'x' });
    const missing = await get('c/main.js');
    expect(missing.headers.get('Cache-Control')).toBe('no-store');
    expect(await verdict(missing)).toBe('404 not_found');
    code.respond({ headers: { 'Content-Type': 'application/wasm' }, body: 'x'.repeat(10_000_001) });
    expect(await verdict(await get('c/a.wasm'))).toBe('503 upstream_unavailable');
    code.respond({ headers: { 'Content-Type': 'application/wasm' }, body: 'x'.repeat(9_000_000) });
    expect((await get('c/a.wasm')).headers.get('Content-Length')).toBe('9000000');
  });

  test('that are loaded at the same time are bounded', async () => {
    const { get, code } = await start();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    code.respond(async () => {
      await held;
      return { headers: { 'Content-Type': 'text/javascript' }, body: '1' };
    });
    const answers = Array.from({ length: 17 }, async (_, i) => get(`c/${i}.js`));
    await expect.poll(() => code.received.length).toBe(16);
    release();
    const verdicts = await Promise.all(answers.map(async (answer) => verdict(await answer)));
    expect(verdicts.filter((each) => each === '503 overloaded')).toHaveLength(1);
    expect(verdicts.filter((each) => each === '200')).toHaveLength(16);
  });
});

describe('without "inApp", or with another method', () => {
  test('there is no page', async () => {
    const { get } = await start({ inApp: undefined });
    for (const path of ['index.html', 'c/main.js'])
      expect(await verdict(await get(path))).toBe('404 not_found');
  });

  test('nothing is sent', async () => {
    const { get, renderer } = await start();
    const response = await get('index.html', { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
    expect(renderer.received).toEqual([]);
  });
});

test('the page is served over node:http too, with its length', async () => {
  const { proxy } = await start();
  const url = await listen((request, response) => proxy.node(request, response));
  const response = await fetch(`${url}/e/v1/frame/index.html`);
  expect(Number(response.headers.get('Content-Length'))).toBe((await response.text()).length);
  const own = `'self' ${url}`;
  expect(response.headers.get('Content-Security-Policy')).toContain(`script-src ${own} `);
});
