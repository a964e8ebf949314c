// @vitest-environment node
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createNodeFetch } from '../../../src/proxy/upstream/node-fetch.ts';
import type {
  UpstreamFetch,
  UpstreamFetchInit,
  UpstreamAnswer,
} from '../../../src/proxy/upstream/contract.ts';
import { selfSignedCertificate } from '../../support/server/certificate.ts';
import { ROOT } from '../cli/program.ts';
import { listen } from './listen.ts';
import { post, startProxy, verdict } from './setup.ts';

function nodeAsk(): UpstreamFetch {
  const ask = createNodeFetch();
  if (!ask) throw new Error('This is not Node');
  return ask;
}

const INIT: UpstreamFetchInit = {
  method: 'POST',
  headers: { Authorization: 'Basic x' },
  body: '{"grüße":"🦊"}',
  signal: new AbortController().signal,
  redirect: 'manual',
};

/** Starts a TCP server that may send any bytes. */
async function listenTcp(listener: (socket: Socket, connection: number) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    listener(socket, sockets.length);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';

async function outcome(asked: Promise<UpstreamAnswer>): Promise<number | string> {
  return asked.then(
    ({ status }) => status,
    (cause: Error) => cause.name,
  );
}

describe('over node:http', () => {
  test.each([
    ['a text', '{"grüße":"🦊"}'],
    ['bytes', new TextEncoder().encode('{"grüße":"🦊"}')],
  ])('%s arrives, with its length and headers, and the response is returned', async (_, body) => {
    const got: unknown[] = [];
    const listener: RequestListener = (request, response) => {
      void text(request).then((read) => {
        const { authorization, 'content-length': length, 'transfer-encoding': chunked } = request.headers;
        got.push(request.method, request.url, read, authorization, length, chunked);
        response.writeHead(422, { 'Retry-After': '7' }).end('{"ü":1}');
      });
    };
    const answer = await nodeAsk()(`${await listen(listener)}/v1/batch?x=1`, { ...INIT, body });
    expect(got).toEqual(['POST', '/v1/batch?x=1', '{"grüße":"🦊"}', 'Basic x', '18', undefined]);
    expect([answer.status, answer.ok, await answer.text()]).toEqual([422, false, '{"ü":1}']);
    expect([answer.headers.get('Retry-After'), answer.headers.get('Location')]).toEqual(['7', null]);
  });

  test('one connection serves many requests, one after the other', async () => {
    let connections = 0;
    const url = await listenTcp((socket) => {
      connections += 1;
      socket.on('data', () => socket.write(OK));
    });
    const ask = nodeAsk();
    for (let i = 0; i < 5; i += 1) expect(await outcome(ask(url, INIT))).toBe(200);
    expect(connections).toBe(1);
  });

  test('a redirect is returned, not followed', async () => {
    const paths: unknown[] = [];
    const url = await listen((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { Location: '/elsewhere' }).end();
    });
    const answer = await nodeAsk()(`${url}/`, INIT);
    expect([answer.status, answer.headers.get('Location'), paths]).toEqual([307, '/elsewhere', ['/']]);
  });

  test('a kept connection that was closed meanwhile causes one new connection', async () => {
    const url = await listenTcp((socket, connection) => {
      let requests = 0;
      socket.on('data', () => {
        requests += 1;
        if (connection === 1 && requests === 2) socket.resetAndDestroy();
        else socket.write(OK);
      });
    });
    const ask = nodeAsk();
    expect(await outcome(ask(url, INIT))).toBe(200);
    expect(await outcome(ask(url, INIT))).toBe(200);
  });

  test('a server that closes every connection gets no third request', async () => {
    let requests = 0;
    const url = await listenTcp((socket) => {
      socket.on('data', () => {
        requests += 1;
        if (requests === 1) socket.write(OK);
        else socket.resetAndDestroy();
      });
    });
    const ask = nodeAsk();
    expect(await outcome(ask(url, INIT))).toBe(200);
    expect(await outcome(ask(url, INIT))).toBe('Error');
    expect(requests).toBe(3);
  });

  test.each([
    ['hangs up at once', (socket: Socket) => void socket.destroy()],
    ['hangs up after the question', (socket: Socket) => void socket.on('data', () => socket.destroy())],
    ['speaks no HTTP', (socket: Socket) => void socket.on('data', () => socket.end('hello\r\n\r\n'))],
    [
      'wants to speak something else',
      (socket: Socket) =>
        void socket.on('data', () =>
          socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
        ),
    ],
  ])('a server that %s causes an error', async (_, listener) => {
    expect(await outcome(nodeAsk()(await listenTcp(listener), INIT))).toMatch(/Error$/);
  });

  test('a response that breaks off has the status of its head', async () => {
    const url = await listenTcp((socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}'));
    });
    const answer = await nodeAsk()(url, INIT);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  test.each([
    ['before it begins', (): string => '', 0],
    ['while nothing comes', (): string => '', 1],
    ['while the answer comes', (): string => 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}', 1],
  ])('the signal ends the request %s, with its reason', async (_, write, connections) => {
    const controller = new AbortController();
    const reason = new DOMException('late', 'TimeoutError');
    let came = 0;
    const closed: Promise<unknown>[] = [];
    const url = await listenTcp((socket) => {
      came += 1;
      closed.push(new Promise((resolve) => socket.on('close', resolve)));
      socket.on('data', () => {
        socket.write(write(), () => controller.abort(reason));
      });
    });
    if (connections === 0) controller.abort(reason);
    // When the head of the response has arrived, the promise of the response resolves, and reading its body
    // fails.
    const asked = nodeAsk()(url, { ...INIT, signal: controller.signal }).then((answer) => answer.text());
    await expect(asked).rejects.toThrow(/late|aborted/);
    await Promise.all(closed);
    expect(came).toBe(connections);
  });

  test('the certificate is verified', async () => {
    const server = createTlsServer(selfSignedCertificate(), (_, response) => void response.end('{}')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const asked = nodeAsk()(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`, INIT);
    await expect(asked).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  test('TLS connections are reused too, and do not keep the process alive', async () => {
    const { key, cert } = selfSignedCertificate();
    let connections = 0;
    const server = createTlsServer({ key, cert }, (request, response) => {
      request.resume();
      response.end('{}');
    });
    server.on('secureConnection', () => (connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const folder = mkdtempSync(join(tmpdir(), 'node-upstream-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const authority = join(folder, 'authority.pem');
    writeFileSync(authority, cert);
    const program = `
      import { createNodeFetch } from './src/proxy/upstream/node-fetch.ts';
      const ask = createNodeFetch();
      const signal = new AbortController().signal;
      for (let i = 0; i < 3; i += 1) {
        const answer = await ask('https://127.0.0.1:${(server.address() as AddressInfo).port}/', {
          method: 'POST', headers: {}, body: 'x', signal, redirect: 'manual',
        });
        console.log(answer.status);
      }
    `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      cwd: ROOT,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authority },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exit = once(child, 'exit') as Promise<[number]>;
    expect((await text(child.stdout)).trim().split('\n')).toEqual(['200', '200', '200']);
    expect((await exit)[0]).toBe(0);
    expect(connections).toBe(1);
  });
});

describe('a batch is sent', () => {
  const agentOf = async (): Promise<string | undefined> => {
    const { proxy, upstream } = await startProxy();
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
    return JSON.stringify(upstream.received[0]?.headers['sec-fetch-mode']);
  };

  test('over node:http by default', async () => {
    expect(await agentOf()).toBeUndefined();
  });

  test('over the global fetch if that was replaced', async () => {
    const real = globalThis.fetch;
    const asked: unknown[] = [];
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      asked.push(url);
      return real(url, init);
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(await agentOf()).toBe('"cors"');
    expect(asked).toHaveLength(1);
  });

  test('over the global fetch if that has another dispatcher', async () => {
    const symbol = Symbol.for('undici.globalDispatcher.1');
    void new Headers();
    const all = globalThis as Record<symbol, object | undefined>;
    const before = all[symbol];
    class ProxyAgent {
      readonly dispatch = (...args: readonly unknown[]): unknown =>
        (before as { dispatch(...args: readonly unknown[]): unknown }).dispatch(...args);
    }
    all[symbol] = new ProxyAgent();
    onTestFinished(() => void (all[symbol] = before));
    expect(await agentOf()).toBe('"cors"');
  });
});

test('a batch whose response breaks off after 200 is not sent again', async () => {
  let requests = 0;
  const url = await listenTcp((socket) => {
    socket.on('data', () => {
      requests += 1;
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}');
    });
  });
  const { proxy } = await startProxy({ upstreamUrl: url });
  expect(await verdict(await proxy.fetch(post()))).toBe('200');
  expect(requests).toBe(1);
});

test('of an endless response at most a megabyte is read', async () => {
  let written = 0;
  const url = await listenTcp((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n');
      const more = (): void => {
        while (written < 50_000_000 && !socket.destroyed) {
          written += 100_000;
          if (!socket.write(Buffer.alloc(100_000))) return void socket.once('drain', more);
        }
      };
      more();
    });
    socket.on('close', () => (written += 1_000_000_000));
  });
  const { proxy } = await startProxy({ upstreamUrl: url });
  expect(await verdict(await proxy.fetch(post()))).toBe('200');
  // The proxy closes the connection long before the end of the body. Bytes in the operating system's buffers
  // are not counted here.
  await expect.poll(() => written).toBeGreaterThan(1_000_000_000);
  expect(written - 1_000_000_000).toBeLessThan(40_000_000);
});
