// @vitest-environment node
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { createProxy, FileSource } from '../../../src/proxy/index.ts';
import { startProxy, verdict } from './setup.ts';

const SCRIPT = `console.log("grüße");${' '.repeat(2_000)}`;
const files: FileSource = (name) => (name === 'cio.js' || name === 'cio-in-app_1.js' ? SCRIPT : null);

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Request {
  return new Request(`https://events.example.com${path}`, { method, headers });
}

describe('the script', () => {
  test.each(['/e/cio.js', '/e/cio-in-app_1.js'])('is served to every page: %s', async (path) => {
    const { proxy } = await startProxy({ basePath: '/e', files });
    const response = await proxy.fetch(get(path, { Origin: 'https://anybody.example' }));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
      'content-length': String(Buffer.byteLength(SCRIPT)),
      vary: 'Accept-Encoding',
    });
    expect(await response.text()).toBe(SCRIPT);
  });

  test.each([
    '/cio.js.map',
    '/cio-in-app.js.map',
    '/cio-.js',
    '/cio-a/b.js',
    '/cio-..js',
    '/proxy.js',
    '/cli.js',
    '/%2e%2e/package.json',
    '/cio-%2e%2e%2fpackage.js',
  ])('is all there is beside the batches: %s is not found, and not even looked for', async (path) => {
    const asked: string[] = [];
    const { proxy } = await startProxy({ files: (name) => (asked.push(name), SCRIPT) });
    expect(await verdict(await proxy.fetch(get(path)))).toBe('404 not_found');
    expect(asked).toEqual([]);
  });

  test('that the source does not have is not found', async () => {
    const { proxy } = await startProxy({ files });
    expect(await verdict(await proxy.fetch(get('/cio-other.js')))).toBe('404 not_found');
  });

  test('is not sent again to who has it', async () => {
    const { proxy } = await startProxy({ files });
    const etag = (await proxy.fetch(get('/cio.js'))).headers.get('ETag') ?? '';
    expect(etag).toMatch(/^W\/".+"$/);
    for (const value of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const response = await proxy.fetch(get('/cio.js', { 'If-None-Match': value }));
      expect([response.status, await response.text(), response.headers.get('ETag')]).toEqual([304, '', etag]);
    }
    expect((await proxy.fetch(get('/cio.js', { 'If-None-Match': '"other"' }))).status).toBe(200);
  });

  test('has another tag when it has changed, packed or not', async () => {
    let content = 'one';
    const { proxy } = await startProxy({ files: () => content });
    const headers = { 'Accept-Encoding': 'gzip' };
    const first = await proxy.fetch(get('/cio.js', headers));
    content = 'two';
    const second = await proxy.fetch(get('/cio.js', headers));
    expect(first.headers.get('ETag')).not.toBe(second.headers.get('ETag'));
    expect(gunzipSync(await second.arrayBuffer()).toString()).toBe('two');
  });

  test.each([
    ['gzip, deflate, br', 'gzip'],
    ['br;q=1.0, GZIP;q=0.5', 'gzip'],
    ['gzip;q=0', null],
    ['gzip; q=0.0, br', null],
    ['identity', null],
  ])('is packed when that is accepted: %s', async (accepted, encoding) => {
    const { proxy } = await startProxy({ files });
    const response = await proxy.fetch(get('/cio.js', { 'Accept-Encoding': accepted }));
    expect(response.headers.get('Content-Encoding')).toBe(encoding);
    const body = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('Content-Length')).toBe(String(body.length));
    expect((encoding === null ? body : gunzipSync(body)).toString()).toBe(SCRIPT);
  });

  test('answers HEAD without a body', async () => {
    const { proxy } = await startProxy({ files: () => new TextEncoder().encode(SCRIPT) });
    const response = await proxy.fetch(get('/cio.js', {}, 'HEAD'));
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('Content-Length')).toBe(String(Buffer.byteLength(SCRIPT)));
    const post = await proxy.fetch(get('/cio.js', {}, 'POST'));
    expect([post.status, post.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('whose source fails is answered 500, not a crash', async () => {
    const { proxy } = await startProxy({ files: () => Promise.reject(new Error('disk')) });
    expect(await verdict(await proxy.fetch(get('/cio.js')))).toBe('500 internal');
  });
});

describe('the built proxy', () => {
  async function buildProxy(): Promise<{ folder: string; create: typeof createProxy; code: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'cio-proxy-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const outfile = join(folder, 'proxy.js');
    const entryPoints = [new URL('../../../src/proxy/index.ts', import.meta.url).pathname];
    const { metafile } = await build({
      entryPoints,
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      metafile: true,
    });
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    expect(imports).toEqual([]);
    const { createProxy: create } = (await import(pathToFileURL(outfile).href)) as {
      createProxy: typeof createProxy;
    };
    return { folder, create, code: outfile };
  }

  test('needs no module of Node, and serves the files that lie beside it', async () => {
    const { folder, create } = await buildProxy();
    const proxy = create({ writeKey: 'write-key', clientKeys: ['web'] });
    expect((await proxy.fetch(get('/cio.js'))).status).toBe(404);
    await writeFile(join(folder, 'cio.js'), SCRIPT);
    await writeFile(join(folder, 'cio-more.js'), 'more');
    await writeFile(join(folder, 'cio.js.map'), '{}');
    expect(await (await proxy.fetch(get('/cio.js'))).text()).toBe(SCRIPT);
    expect(await (await proxy.fetch(get('/cio-more.js'))).text()).toBe('more');
    expect((await proxy.fetch(get('/cio.js.map'))).status).toBe(404);
    expect((await proxy.fetch(get('/proxy.js'))).status).toBe(404);
  });
});
