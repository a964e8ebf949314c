// @vitest-environment node
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
} from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CioProxy } from '../../../../src/proxy.ts';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { CLIENT_KEY, event, startProxy, verdict } from '../../../integration/proxy/setup.ts';

const HEADERS = { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' };

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const send = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { method: 'POST', headers: HEADERS, body: JSON.stringify({ batch: [event()] }), ...init });

describe('under node:http', () => {
  test('a batch is accepted, plain or compressed', async () => {
    const { proxy, upstream } = await startProxy();
    const url = await listen(proxy.node);
    expect(await verdict(await send(`${url}/v1/batch`))).toBe('200');
    const body = gzipSync(JSON.stringify({ batch: [event({ event: 'grüße 🦊' })] }));
    expect(
      await verdict(
        await send(`${url}/v1/batch`, { headers: { ...HEADERS, 'Content-Encoding': 'gzip' }, body }),
      ),
    ).toBe('200');
    expect(upstream.received[1]?.body.batch[0]?.['event']).toBe('grüße 🦊');
  });

  test('a path with double slashes is not read as a host', async () => {
    const { proxy } = await startProxy();
    expect(await verdict(await send(`${await listen(proxy.node)}//v1//batch/`))).toBe('200');
  });

  test('headers that were set before may be numbers and lists', async () => {
    const { proxy, upstream } = await startProxy({
      enrich: ({ request }) => ({ tried: request.headers.get('X-Tried') }),
    });
    const url = await listen((request, response) => {
      Object.assign(request.headers, {
        'content-length': Number(request.headers['content-length']),
        'x-tried': [1, '2'],
      });
      proxy.node(request, response);
    });
    expect(await verdict(await send(`${url}/v1/batch`))).toBe('200');
    expect(upstream.received[0]?.body.batch[0]).toMatchObject({ context: { tried: '1, 2' } });
  });

  test('a page of the same origin may send without any configuration', async () => {
    const { proxy } = await startProxy();
    const url = await listen(proxy.node);
    expect(await verdict(await send(`${url}/v1/batch`, { headers: { ...HEADERS, Origin: url } }))).toBe(
      '200',
    );
  });

  test('an unknown path gets 404', async () => {
    const { proxy } = await startProxy();
    expect(await verdict(await send(`${await listen(proxy.node)}/nothing`))).toBe('404 not_found');
  });

  test('a file is served, with its length, and without a body for HEAD', async () => {
    const { proxy } = await startProxy({ files: () => 'script' });
    const url = await listen(proxy.node);
    const got = await fetch(`${url}/cio.js`, { headers: { 'Accept-Encoding': 'identity' } });
    expect([got.headers.get('Content-Length'), await got.text()]).toEqual(['6', 'script']);
    const head = await fetch(`${url}/cio.js`, { method: 'HEAD', headers: { 'Accept-Encoding': 'identity' } });
    expect([head.status, head.headers.get('Content-Length'), await head.text()]).toEqual([200, '6', '']);
    const again = await fetch(`${url}/cio.js`, {
      headers: { 'If-None-Match': got.headers.get('ETag') ?? '' },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  test.each([
    ['that is too large', HEADERS, '413 body_too_large'],
    ['of an unknown key', { ...HEADERS, Authorization: 'Basic eA==' }, '401 invalid_client_key'],
  ])('an upload %s gets a response, and the connection stays open', async (_, headers, expected) => {
    const { proxy } = await startProxy();
    const url = await listen(proxy.node);
    const body = Buffer.alloc(20_000_000, ' ');
    expect(await verdict(await send(`${url}/v1/batch`, { headers, body }))).toBe(expected);
    expect(await verdict(await send(`${url}/v1/batch`))).toBe('200');
  });

  test('a compressed bomb is abandoned before it is decompressed', async () => {
    const { proxy } = await startProxy();
    const body = gzipSync(Buffer.alloc(100_000_000));
    const before = process.memoryUsage().arrayBuffers;
    const headers = { ...HEADERS, 'Content-Encoding': 'gzip' };
    const response = await send(`${await listen(proxy.node)}/v1/batch`, { headers, body });
    expect(await verdict(response)).toBe('413 body_too_large');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000);
  });

  test.each([
    ['is no gzip', Buffer.from('{"batch":[]}')],
    ['is cut off', gzipSync('{"batch":[]}').subarray(0, -9)],
    ['is empty', Buffer.alloc(0)],
  ])('a compressed body that %s is refused', async (_, body) => {
    const { proxy } = await startProxy();
    const headers = { ...HEADERS, 'Content-Encoding': 'gzip' };
    const response = await send(`${await listen(proxy.node)}/v1/batch`, { headers, body });
    expect(await verdict(response)).toBe('400 invalid_encoding');
  });

  test('the server works after a browser has closed its connection before its key was checked', async () => {
    const asked = defer<void>();
    const decided = defer<boolean>();
    const logged = defer<number>();
    const { proxy, upstream } = await startProxy({
      clientKeys: () => {
        asked.resolve();
        return decided.promise;
      },
      onLog: ({ status }) => logged.resolve(status),
    });
    const gone = defer<void>();
    const url = await listen((request, response) => {
      request.on('close', () => gone.resolve());
      proxy.node(request, response);
    });
    const outgoing = httpRequest(`${url}/v1/batch`, {
      method: 'POST',
      headers: { ...HEADERS, 'Content-Length': '1000' },
    });
    outgoing.on('error', () => {});
    outgoing.write('{"batch":[');
    await asked.promise;
    outgoing.destroy();
    await gone.promise;
    decided.resolve(true);
    expect(await logged.promise).toBe(400);
    expect(upstream.received).toHaveLength(0);
  });

  test('a body of unknown length that is too long gets a response', async () => {
    const { proxy } = await startProxy({ maxBodyBytes: 1_000 });
    const { port } = new URL(await listen(proxy.node));
    const socket = connect(Number(port), '127.0.0.1');
    const head = [
      'POST /v1/batch HTTP/1.1',
      'Host: a',
      `Authorization: ${HEADERS.Authorization}`,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    ];
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    socket.write(`${head.join('\r\n')}\r\n\r\n${chunk.repeat(80)}0\r\n\r\n`);
    socket.end();
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toMatch(/"error":"body_too_large".*}$/);
  });

  test('a body of unknown length is read as it arrives', async () => {
    const { proxy } = await startProxy();
    const url = new URL(`${await listen(proxy.node)}/v1/batch`);
    const outgoing = httpRequest(url, {
      method: 'POST',
      headers: { ...HEADERS, 'Transfer-Encoding': 'chunked' },
    });
    for (const part of JSON.stringify({ batch: [event()] }).match(/.{1,20}/gs) ?? []) outgoing.write(part);
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect([response.statusCode, await text(response)]).toEqual([200, '{"success":true}']);
  });

  test('the server works after a browser has closed its connection during its upload', async () => {
    const logged = defer<number>();
    const { proxy, upstream } = await startProxy({ onLog: ({ status }) => logged.resolve(status) });
    const url = await listen(proxy.node);
    const outgoing = httpRequest(`${url}/v1/batch`, {
      method: 'POST',
      headers: { ...HEADERS, 'Content-Length': '1000' },
    });
    outgoing.on('error', () => {});
    outgoing.write('{"batch":[', () => outgoing.destroy());
    expect(await logged.promise).toBe(400);
    expect(upstream.received).toHaveLength(0);
    expect(await verdict(await send(`${url}/v1/batch`))).toBe('200');
  });

  test.each([
    ['TRACE /v1/batch HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 404],
    ['GET http://elsewhere.example/v1/health HTTP/1.1\r\nHost: a\r\n\r\n', 200],
    ['GET /v1/health HTTP/1.1\r\nHost: a/b?c#d @e\r\n\r\n', 200],
    ['GET // HTTP/1.1\r\nHost: a\r\n\r\n', 404],
    ['GET /v1/health HTTP/1.0\r\n\r\n', 200],
  ])('an unusual request gets a response: %j', async (raw, status) => {
    const { proxy } = await startProxy();
    const { port } = new URL(await listen(proxy.node));
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(raw);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

describe('under node:http2, without TLS', () => {
  async function ask(page: string): Promise<{ status: number; body: string; allowed: unknown }> {
    const { proxy } = await startProxy();
    const server = createHttp2Server(proxy.node).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const authority = `localhost:${(server.address() as AddressInfo).port}`;
    const session = connectHttp2(`http://${authority}`);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/v1/batch',
      authorization: HEADERS.Authorization,
      'content-type': 'application/json',
      origin: page.replace('HERE', authority),
    });
    const answered = once(stream, 'response') as Promise<[IncomingHttpHeaders & { ':status'?: number }]>;
    stream.end(JSON.stringify({ batch: [event()] }));
    const [headers] = await answered;
    return {
      status: headers[':status'] ?? 0,
      body: await text(stream),
      allowed: headers['access-control-allow-origin'],
    };
  }

  // Browsers send Sec-Fetch-Site only to trustworthy origins.
  test.each(['http://HERE', 'https://HERE'])(
    'a page of %s, which :authority names, has the same origin',
    async (page) => {
      expect(await ask(page)).toMatchObject({
        status: 200,
        body: '{"success":true}',
        allowed: expect.stringContaining('localhost'),
      });
    },
  );

  test('a page of another origin has not', async () => {
    expect(await ask('http://evil.example')).toMatchObject({ status: 403, allowed: undefined });
  });
});

describe('under Express', () => {
  type Next = (error?: unknown) => void;
  interface ExpressRequest extends IncomingMessage {
    originalUrl?: string;
    body?: unknown;
  }

  /** Mounts a handler as Express does: removes the path prefix, keeps the original URL, and calls `next`. */
  function mount(
    path: string,
    handler: CioProxy['node'],
    before?: (request: ExpressRequest) => Promise<void>,
  ): RequestListener {
    return (request: ExpressRequest, response: ServerResponse) => {
      const next: Next = () => response.writeHead(404).end('not ours');
      request.originalUrl = request.url ?? '/';
      if (!request.originalUrl.startsWith(path)) return next();
      request.url = request.originalUrl.slice(path.length) || '/';
      void Promise.resolve(before?.(request)).then(() => handler(request, response, next));
    };
  }

  test.each([
    ['app.use(proxy.node)', '', '', '/v1/batch'],
    ['app.use(proxy.node), with a base path', '', '/e', '/e/v1/batch'],
    ['app.use("/e", proxy.node)', '/e', '', '/e/v1/batch'],
    ['app.use("/e", proxy.node), with the base path said again', '/e', '/e', '/e/v1/batch'],
    ['app.use("/a", proxy.node), with a base path below', '/a', '/e', '/a/e/v1/batch'],
  ])('%s accepts batches', async (_, at, basePath, path) => {
    const { proxy } = await startProxy({ basePath });
    expect(await verdict(await send((await listen(mount(at, proxy.node))) + path))).toBe('200');
  });

  test('requests for other paths are passed on', async () => {
    const { proxy } = await startProxy();
    const url = await listen(mount('', proxy.node));
    expect(await (await fetch(`${url}/products`)).text()).toBe('not ours');
    expect(await (await fetch(`${url}/v1/health`)).json()).toMatchObject({ status: 'ok' });
  });

  test.each<[string, (body: string) => unknown]>([
    ['an object', (body) => JSON.parse(body)],
    ['a text', (body) => body],
    ['bytes', (body) => Buffer.from(body)],
  ])('a body that a parser has already read is accepted as %s', async (_, parse) => {
    const { proxy, upstream } = await startProxy();
    const parser = async (request: ExpressRequest): Promise<void> => {
      request.body = parse(await text(request));
    };
    const batch = [event()];
    // Body parsers decompress the body, but keep the header.
    const headers = { ...HEADERS, 'Content-Encoding': 'gzip' };
    const response = await send(`${await listen(mount('', proxy.node, parser))}/v1/batch`, {
      headers,
      body: JSON.stringify({ batch }),
    });
    expect(await verdict(response)).toBe('200');
    expect(upstream.received[0]?.body.batch).toEqual(batch);
  });
});

function defer<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

test('a parsed body that JSON cannot represent gets an error response', async () => {
  const { proxy } = await startProxy();
  const url = await listen((request, response) => {
    request.resume().on('end', () => {
      proxy.node(Object.assign(request, { body: { number: 1n } }), response);
    });
  });
  expect(await verdict(await send(`${url}/v1/batch`))).toBe('503 body_already_read');
});
