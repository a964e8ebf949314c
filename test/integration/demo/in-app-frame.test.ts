// @vitest-environment node
/** The two hosts of the frame: which files each variant of the renderer has, and where. */
import { compileFunction } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RENDERER_VARIANTS, type RendererVariant } from '../../../demo/pipelines/in-app/settings.ts';
import { frameHosts } from '../../support/site/in-app-control.ts';
import type { StandIn } from '../../support/site/stand-in.ts';
import { type Running, startStandIn } from './in-app-setup.ts';

let running: Running;
let origin: string;
let standIn: StandIn;
let rendererUrl: string;
let codeUrl: string;

beforeEach(async () => {
  running = await startStandIn();
  ({ origin, standIn } = running);
  ({ rendererUrl, codeUrl } = frameHosts(origin));
});
afterEach(() => running.stop());

const firstPage = (): Promise<Response> => fetch(`${rendererUrl}/3.0/index.html`, { redirect: 'manual' });
const versionPage = async (): Promise<string> => (await fetch(`${codeUrl}/renderer/9.9.9/index.html`)).text();

/** The URLs in attributes of a page. */
const urlsIn = (html: string): readonly string[] =>
  Array.from(html.matchAll(/(?:src|href)="([^"]+)"/g), ([, url = '']) => url);

/** Fetches the page of a variant, and returns its status and URLs. */
async function pageOf(
  variant: RendererVariant,
): Promise<{ readonly response: Response; readonly html: string; readonly urls: readonly string[] }> {
  await standIn.rendererVariant(variant);
  const response = await firstPage();
  const html = await response.text();
  return { response, html, urls: urlsIn(html) };
}

describe('the variants', () => {
  test('V1: 200, relative URLs', async () => {
    const { response, html, urls } = await pageOf('V1');
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    expect(html).toContain('data-variant="V1"');
    expect(urls).toEqual(['main.css', 'main.min.js']);
  });

  test('V2: a redirect to the code host, relative URLs there', async () => {
    const { response } = await pageOf('V2');
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      `${codeUrl}/renderer/9.9.9/index.html`,
    ]);
    expect(urlsIn(await versionPage())).toEqual(['main.css', 'main.min.js']);
  });

  test('V3: a script that navigates to the code host after the load event', async () => {
    const { response, html, urls } = await pageOf('V3');
    expect([response.status, urls]).toEqual([200, []]);
    expect(html).toContain(`location.replace('${codeUrl}/renderer/9.9.9/index.html')`);
    expect(html).toContain("addEventListener('load'");
    expect(urlsIn(await versionPage())).toEqual(['main.css', 'main.min.js']);
  });

  test.each(['V4', 'V4-redirect'] as const)('%s: a base and root-absolute URLs', async (variant) => {
    const { response, html } = await pageOf(variant);
    expect(response.status).toBe(variant === 'V4' ? 200 : 302);
    const page = variant === 'V4' ? html : await versionPage();
    expect(page).toContain('<base href="/renderer/9.9.9/">');
    expect(page).toContain('src: url(/renderer/9.9.9/assets/font.woff2)');
    const urls = urlsIn(page);
    expect(urls).toEqual([
      '/renderer/9.9.9/',
      'main.css',
      '/renderer/9.9.9/assets/font.woff2',
      '/renderer/9.9.9/main.min.js',
    ]);
    // The root of the stand-in is the code host too: a page without rewriting finds its files.
    for (const url of ['/renderer/9.9.9/main.css', ...urls.slice(2)])
      expect((await fetch(origin + url)).status, url).toBe(200);
  });

  test('V5: a module script, JSON and WebAssembly next to it', async () => {
    const { html, urls } = await pageOf('V5');
    expect(html).toContain('<script type="module" src="module.js">');
    expect(urls).toEqual(['main.css', 'module.js']);
    const module = await (await fetch(`${rendererUrl}/3.0/module.js`)).text();
    expect(module).toContain('strings.json');
    const wasm = await fetch(`${codeUrl}/renderer/9.9.9/engine.wasm`);
    expect(wasm.headers.get('content-type')).toBe('application/wasm');
    const { instance } = await WebAssembly.instantiate(await wasm.arrayBuffer());
    expect((instance.exports['answer'] as () => number)()).toBe(42);
    expect(await (await fetch(`${codeUrl}/3.0/strings.json`)).json()).toEqual({ close: 'Close' });
  });

  test('V5: the module runs only with JSON and with WebAssembly of the right type', async () => {
    const code = await (await fetch(`${codeUrl}/renderer/9.9.9/module.js`)).text();
    const run = async (): Promise<readonly string[]> => {
      const imported: string[] = [];
      const inside = code
        .replaceAll('import.meta.url', JSON.stringify(`${codeUrl}/renderer/9.9.9/module.js`))
        .replace('await import(', 'load(');
      const globals = { fetch, URL, WebAssembly, load: (name: string) => void imported.push(name) };
      const body = `return (async () => {${inside}})()`;
      await (compileFunction(body, Object.keys(globals)) as (...values: unknown[]) => Promise<void>)(
        ...Object.values(globals),
      );
      return imported;
    };
    expect(await run()).toEqual(['./main.min.js']);
    const wasm = { route: 'code', file: 'engine.wasm' } as const;
    await standIn.inAppFaults({
      ...wasm,
      status: 200,
      headers: { 'Content-Type': 'application/octet-stream' },
    });
    await expect(run()).rejects.toThrow(/MIME type/);
    await standIn.inAppFaults({ route: 'code', file: 'strings.json', status: 404 });
    await expect(run()).rejects.toThrow('other content');
  });

  test('V7: a style sheet of a host that the site does not allow', async () => {
    const { urls } = await pageOf('V7');
    expect(urls).toContain('https://fonts.example/css2?family=Roboto');
    const script = await (await fetch(`${rendererUrl}/3.0/main.min.js`)).text();
    expect(script).toContain('https://engine.example/');
  });

  test.each(['V6', 'V8-silent', 'V8-error', 'V8-route-error', 'V8-foreign'] as const)(
    '%s: the page of V1, whose script reads the variant',
    async (variant) => {
      const { response, html, urls } = await pageOf(variant);
      expect([response.status, urls]).toEqual([200, ['main.css', 'main.min.js']]);
      expect(html).toContain(`data-variant="${variant}"`);
    },
  );

  test('V8-missing: 404, as a web page', async () => {
    const { response } = await pageOf('V8-missing');
    expect([response.status, response.headers.get('content-type')]).toEqual([
      404,
      'text/html; charset=utf-8',
    ]);
  });

  test('V8-huge: 11 MB of HTML', async () => {
    const { response, html } = await pageOf('V8-huge');
    expect([response.status, Number(response.headers.get('content-length')) >= 11_000_000]).toEqual([
      200,
      true,
    ]);
    expect(html.startsWith('<!doctype html>')).toBe(true);
  });

  test.each(RENDERER_VARIANTS)('%s: the files of the page are there', async (variant) => {
    await standIn.rendererVariant(variant);
    const response = await fetch(`${rendererUrl}/3.0/index.html`);
    if (!response.ok) return expect(variant).toBe('V8-missing');
    const local = urlsIn(await response.text()).filter((url) => !/^(?:https:|\/)/.test(url));
    for (const url of local) {
      const file = await fetch(new URL(url, response.url));
      expect([url, file.status]).toEqual([url, 200]);
      await file.arrayBuffer();
    }
  });
});

describe('the hosts', () => {
  const TYPES = {
    'main.min.js': 'text/javascript',
    'module.js': 'text/javascript',
    'main.css': 'text/css',
    'strings.json': 'application/json',
    'engine.wasm': 'application/wasm',
    'assets/font.woff2': 'font/woff2',
    'assets/logo.svg': 'image/svg+xml',
  };

  test.each(Object.entries(TYPES))('%s has the type %s', async (name, type) => {
    const { headers, status } = await fetch(`${codeUrl}/renderer/9.9.9/${name}`);
    expect([status, headers.get('content-type')]).toEqual([200, type]);
    expect(headers.get('cache-control')).toContain('immutable');
    // The real files are of one origin with their page.
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect((await fetch(`${rendererUrl}/3.0/${name}`)).headers.get('cache-control')).not.toContain(
      'immutable',
    );
  });

  test.each([
    ['a file that does not exist', 404, '/code-host/renderer/9.9.9/other.js'],
    ['another folder', 404, '/code-host/index.html'],
    ['a version on the renderer host', 404, '/renderer-host/renderer/9.9.9/main.min.js'],
    ['a name of every object', 404, '/code-host/renderer/9.9.9/constructor'],
    ['the root of the stand-in, as renderer host', 200, '/3.0/index.html'],
    ['the root of the stand-in, as code host', 200, '/renderer/1.2.3/index.html'],
    ['the query of cross-origin isolated pages', 200, '/renderer-host/3.0/index.html?coi=1'],
  ])('%s: %i', async (_, status, path) => {
    expect((await fetch(origin + path)).status).toBe(status);
  });

  test('answer HEAD without a body, and other methods with 405', async () => {
    const head = await fetch(`${codeUrl}/3.0/main.css`, { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length')) > 0, await head.text()]).toEqual([
      200,
      true,
      '',
    ]);
    expect((await fetch(`${codeUrl}/3.0/main.css`, { method: 'POST' })).status).toBe(405);
  });

  test('set a cookie, or the headers of the test', async () => {
    expect((await firstPage()).headers.get('set-cookie')).toBe('renderer=1; Path=/');
    await standIn.inAppSettings({
      frameHeaders: { 'X-Frame-Options': 'DENY', 'Content-Security-Policy': "default-src 'none'" },
    });
    const { headers } = await firstPage();
    expect([headers.get('x-frame-options'), headers.get('set-cookie')]).toEqual(['DENY', null]);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'");
  });

  test('can name another code host', async () => {
    await standIn.inAppSettings({ variant: 'V2', codeUrl: 'http://code.example' });
    expect((await firstPage()).headers.get('location')).toBe('http://code.example/renderer/9.9.9/index.html');
  });

  test('record their requests, with all headers', async () => {
    await fetch(`${rendererUrl}/3.0/index.html?coi=1`, { headers: { Cookie: 'site=1' } });
    await fetch(`${codeUrl}/renderer/9.9.9/main.min.js`);
    expect(await standIn.messageRequests()).toEqual([
      expect.objectContaining({
        route: 'frame',
        path: '/renderer-host/3.0/index.html',
        query: { coi: '1' },
        headers: expect.objectContaining({ cookie: 'site=1' }),
        outcome: 200,
      }),
      expect.objectContaining({ route: 'code', path: '/code-host/renderer/9.9.9/main.min.js', outcome: 200 }),
    ]);
    expect(await standIn.messageRequests('code')).toHaveLength(1);
    expect(await standIn.questions()).toEqual([]);
  });
});
