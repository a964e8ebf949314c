// @vitest-environment node
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { filesBeside } from '../../../src/proxy/files/files-beside.ts';
import { createFileServer } from '../../../src/proxy/files/serve-files.ts';
import type { IncomingRequest } from '../../../src/proxy/http/request.ts';
import type { createProxy, FileSource } from '../../../src/proxy.ts';
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
  ])('is the only public file: %s gets 404, and the source is not read', async (path) => {
    const asked: string[] = [];
    const { proxy } = await startProxy({ files: (name) => (asked.push(name), SCRIPT) });
    expect(await verdict(await proxy.fetch(get(path)))).toBe('404 not_found');
    expect(asked).toEqual([]);
  });

  test('that the source does not have gets 404', async () => {
    const { proxy } = await startProxy({ files });
    const response = await proxy.fetch(get('/cio-other.js'));
    // A cache must not store this 404: a later version of the proxy may have the file.
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(await verdict(response)).toBe('404 not_found');
  });

  test('gets 304 if the browser has it', async () => {
    const { proxy } = await startProxy({ files });
    const etag = (await proxy.fetch(get('/cio.js'))).headers.get('ETag') ?? '';
    expect(etag).toMatch(/^W\/".+"$/);
    for (const value of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const response = await proxy.fetch(get('/cio.js', { 'If-None-Match': value }));
      expect([response.status, await response.text(), response.headers.get('ETag')]).toEqual([304, '', etag]);
    }
    expect((await proxy.fetch(get('/cio.js', { 'If-None-Match': '"other"' }))).status).toBe(200);
  });

  test('has another ETag when it has changed, compressed or not', async () => {
    let content = 'one';
    const { proxy } = await startProxy({ files: () => content });
    const headers = { 'Accept-Encoding': 'gzip' };
    const first = await proxy.fetch(get('/cio.js', headers));
    content = 'two';
    const second = await proxy.fetch(get('/cio.js', headers));
    expect(first.headers.get('ETag')).not.toBe(second.headers.get('ETag'));
    expect(gunzipSync(await second.arrayBuffer()).toString()).toBe('two');
  });

  test.each<[string, 'br' | 'gzip' | null]>([
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=1.0, GZIP;q=0.5', 'br'],
    ['br;q=0.1, GZIP;q=0.5', 'gzip'],
    ['br; q = 0.8, gzip; q = 0.8', 'br'],
    ['br;q=nonsense, gzip', 'gzip'],
    ['gzip;q=0', null],
    ['gzip; q=0.0, br', 'br'],
    ['gzip;q=0, br;q=0.000', null],
    ['identity', null],
    ['', null],
    ['brotli, gzippy', null],
    [`${' '.repeat(2_000)}gzip`, 'gzip'],
    [`${'x,'.repeat(2_000)}gzip`, null],
  ])('is compressed if the browser accepts that: %s', async (accepted, encoding) => {
    const { proxy } = await startProxy({ files });
    const response = await proxy.fetch(get('/cio.js', { 'Accept-Encoding': accepted }));
    expect(response.headers.get('Content-Encoding')).toBe(encoding);
    const body = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('Content-Length')).toBe(String(body.length));
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync, identity: (as: Buffer) => as };
    expect(unpack[encoding ?? 'identity'](body).toString()).toBe(SCRIPT);
  });

  test('responds to HEAD without a body', async () => {
    const { proxy } = await startProxy({ files: () => new TextEncoder().encode(SCRIPT) });
    const response = await proxy.fetch(get('/cio.js', {}, 'HEAD'));
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('Content-Length')).toBe(String(Buffer.byteLength(SCRIPT)));
    const post = await proxy.fetch(get('/cio.js', {}, 'POST'));
    expect([post.status, post.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('whose source fails gets 500, without a crash', async () => {
    const { proxy } = await startProxy({ files: () => Promise.reject(new Error('disk')) });
    expect(await verdict(await proxy.fetch(get('/cio.js')))).toBe('500 internal');
  });
});

describe('a file', () => {
  const incoming = (accepted: string, method = 'GET'): IncomingRequest => ({
    method,
    url: 'http://localhost/cio.js',
    pathname: '/cio.js',
    headers: new Headers({ 'Accept-Encoding': accepted }),
    peer: undefined,
    get request(): Request {
      throw new Error('Nobody needs a Request to serve a file.');
    },
    hasBody: () => false,
    read: () => Promise.reject(new Error('There is no body.')),
    ...({ leave: () => {} } as object),
  });
  const bodyOf = async (serve: ReturnType<typeof createFileServer>, accepted: string): Promise<unknown> => {
    const served = await serve('cio.js', incoming(accepted));
    return 'body' in served ? served.body : served;
  };

  test.each(['br', 'gzip', ''])(
    'is compressed once, and all responses share the bytes: "%s"',
    async (accepted) => {
      const serve = createFileServer(() => new TextEncoder().encode(SCRIPT));
      const bodies = await Promise.all([1, 2, 3].map(() => bodyOf(serve, accepted)));
      bodies.push(await bodyOf(serve, accepted));
      expect(bodies[0]).toBeInstanceOf(Uint8Array);
      expect(new Set(bodies).size).toBe(1);
    },
  );

  test('of the same length that has changed in one byte gets another ETag', async () => {
    let content = Uint8Array.of(1, 2, 3);
    const serve = createFileServer(() => content);
    expect(await bodyOf(serve, '')).toEqual(Uint8Array.of(1, 2, 3));
    content = Uint8Array.of(1, 2, 4);
    expect(await bodyOf(serve, '')).toEqual(Uint8Array.of(1, 2, 4));
  });

  test('is sent uncompressed if Next.js would remove its encoding', async () => {
    const { proxy } = await startProxy({ files });
    const request = get('/cio.js', { 'Accept-Encoding': 'gzip, br' });
    Object.defineProperty(request, 'nextUrl', { value: new URL(request.url) });
    const response = await proxy.fetch(request);
    expect([response.headers.get('Content-Encoding'), await response.text()]).toEqual([null, SCRIPT]);
  });

  test('is kept in memory for fifty names at most', async () => {
    const serve = createFileServer((name) => `content of ${name}`);
    const first = await serve('cio-0.js', incoming(''));
    for (let i = 1; i < 50; i += 1) await serve(`cio-${i}.js`, incoming(''));
    expect(await serve('cio-0.js', incoming(''))).toBe(first);
    await serve('cio-50.js', incoming(''));
    expect(await serve('cio-0.js', incoming(''))).not.toBe(first);
  });
});

describe('files next to a module', () => {
  const fs = process.getBuiltinModule('node:fs/promises');

  async function folder(): Promise<{ path: string; source: FileSource }> {
    const path = await mkdtemp(join(tmpdir(), 'cio-beside-'));
    onTestFinished(() => rm(path, { recursive: true }));
    return { path, source: filesBeside(pathToFileURL(join(path, 'proxy.js')).href) };
  }
  const textOf = async (source: FileSource, name = 'cio.js'): Promise<string | null> => {
    const content = await source(name);
    return content === null ? null : Buffer.from(content).toString();
  };

  test('a file is read once, and a missing file causes no disk access', async () => {
    const { path, source } = await folder();
    await writeFile(join(path, 'cio.js'), 'one');
    const looks = [vi.spyOn(fs, 'readdir'), vi.spyOn(fs, 'stat'), vi.spyOn(fs, 'readFile')];
    onTestFinished(() => looks.forEach((look) => look.mockRestore()));
    const texts = await Promise.all(Array.from({ length: 50 }, () => textOf(source)));
    expect(new Set(texts)).toEqual(new Set(['one']));
    for (let i = 0; i < 200; i += 1) expect(await source(`cio-${i}.js`)).toBeNull();
    expect(looks.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1]);
  });

  test('a file that is replaced, added or removed is noticed within a second or two', async () => {
    const { path, source } = await folder();
    const file = join(path, 'cio.js');
    expect(await textOf(source)).toBeNull();
    await writeFile(file, 'one');
    await expect.poll(() => textOf(source), { timeout: 3_000 }).toBe('one');
    await writeFile(file, 'two, longer');
    expect(await textOf(source)).toBe('one');
    await expect.poll(() => textOf(source), { timeout: 3_000 }).toBe('two, longer');
    await rm(file);
    await expect.poll(() => textOf(source), { timeout: 3_000 }).toBeNull();
  });

  test('a path that is not a folder, and an invalid URL, have no files', async () => {
    for (const url of [undefined, 'https://cdn.example/proxy.js', 'file:///no/such/folder/proxy.js'])
      expect(await filesBeside(url)('cio.js')).toBeNull();
  });
});

describe('the built proxy', () => {
  async function buildProxy(): Promise<{ folder: string; create: typeof createProxy; code: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'cio-proxy-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const outfile = join(folder, 'proxy.js');
    const entryPoints = [new URL('../../../src/proxy.ts', import.meta.url).pathname];
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

  test('imports no module of Node, and serves the files next to it', async () => {
    const { folder, create } = await buildProxy();
    const proxy = create({ writeKey: 'write-key', clientKeys: ['web'] });
    expect((await proxy.fetch(get('/cio.js'))).status).toBe(404);
    await writeFile(join(folder, 'cio.js'), SCRIPT);
    await writeFile(join(folder, 'cio-more.js'), 'more');
    await writeFile(join(folder, 'cio.js.map'), '{}');
    // The proxy checks the files once a second.
    await expect
      .poll(async () => (await proxy.fetch(get('/cio.js'))).text(), { timeout: 3_000 })
      .toBe(SCRIPT);
    expect(await (await proxy.fetch(get('/cio-more.js'))).text()).toBe('more');
    expect((await proxy.fetch(get('/cio.js.map'))).status).toBe(404);
    expect((await proxy.fetch(get('/proxy.js'))).status).toBe(404);
  });
});
