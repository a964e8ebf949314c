// @vitest-environment node
import { once } from 'node:events';
import { connect } from 'node:net';
import express from 'express';
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry } from '../../../src/proxy.ts';
import { listen } from './listen.ts';
import { startProxy, verdict } from './setup.ts';

/** Returns the response to a request head that no client library would write. */
async function ask(url: string, head: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`${head}\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const text = Buffer.concat(chunks).toString();
  return { status: Number(text.split(' ')[1]), body: text.slice(text.indexOf('\r\n\r\n') + 4) };
}

const OTHER_FORMS = [
  '/e/metrics/',
  '/e/metrics//',
  '/e//metrics',
  '//e/metrics',
  String.raw`/e/\metrics`,
  String.raw`/e\metrics`,
  String.raw`/e/metrics\ `.trim(),
  String.raw`/e/x/..\metrics`,
  '/e/x/../metrics',
  '/e/./metrics',
  '/e/%2e/metrics',
  '/e/x/%2e%2e/metrics',
  '/e/x/.%2E/metrics',
  '/e/metri%63s',
  '/e/Metrics',
  '/e/\tmetrics',
];

describe('metrics', () => {
  const start = async (): Promise<Awaited<ReturnType<typeof startProxy>>> =>
    startProxy({ basePath: '/e', metrics: '/metrics' });

  test('are served at their exact path, with or without a query', async () => {
    const { proxy } = await start();
    const url = await listen(proxy.node);
    for (const path of ['/e/metrics', '/e/metrics?x=1', '/e/metrics?'])
      expect((await ask(url, `GET ${path} HTTP/1.1\r\nHost: x`)).body).toContain('cio_proxy_');
  });

  test.each(OTHER_FORMS)('are not served at another form of the path: %j', async (path) => {
    const { proxy } = await start();
    const url = await listen(proxy.node);
    const { status, body } = await ask(url, `GET ${path} HTTP/1.1\r\nHost: x`);
    expect(body).not.toContain('cio_proxy_');
    expect([400, 404]).toContain(status);
    // Node's own parser responds with 400 to a control character.
    if (status === 404) expect(JSON.parse(body)).toMatchObject({ error: 'not_found' });
  });

  test.each(OTHER_FORMS.slice(0, 5))(
    'are not served by proxy.fetch at another form of the path: %j',
    async (path) => {
      const { proxy } = await start();
      const response = await proxy.fetch(new Request(`https://events.example.com${path}`));
      expect(await verdict(response)).toBe('404 not_found');
    },
  );

  test('are served below a mount of Express, with or without the mount path in the options', async () => {
    const { proxy } = await startProxy({ metrics: '/metrics' });
    const app = express();
    app.use('/e', proxy.node);
    const url = await listen(app);
    expect((await ask(url, 'GET /e/metrics HTTP/1.1\r\nHost: x')).body).toContain('cio_proxy_');
    expect((await ask(url, 'GET /e//metrics HTTP/1.1\r\nHost: x')).body).not.toContain('cio_proxy_');
    expect((await ask(url, 'GET /e/x/../metrics HTTP/1.1\r\nHost: x')).body).not.toContain('cio_proxy_');
  });
});

describe('a request that no browser makes', () => {
  test.each([
    ['TRACE', '/v1/batch', 405, 'method_not_allowed'],
    ['PROPFIND', '/v1/batch', 405, 'method_not_allowed'],
    ['TRACE', '/nothing', 404, 'not_found'],
    ['GET', String.raw`/v1\nothing`, 404, 'not_found'],
  ])('%s %s gets %i %s from node:http', async (method, path, status, error) => {
    const { proxy } = await startProxy({ clientKeys: (_, request) => request.method === 'POST' });
    const url = await listen(proxy.node);
    const answer = await ask(url, `${method} ${path} HTTP/1.1\r\nHost: x`);
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { error }]);
  });

  test.each(['a b', '<>', 'x:y:z', '[::1', '%', 'x:99999', '\u00e4', ''])(
    'with the Host %j gets the usual response from node:http',
    async (host) => {
      const { proxy } = await startProxy();
      const url = await listen(proxy.node);
      const { status, body } = await ask(url, `GET /v1/batch HTTP/1.1\r\nHost: ${host}`);
      expect([status, JSON.parse(body)]).toMatchObject([405, { error: 'method_not_allowed' }]);
    },
  );

  /**
   * A Request as some server adapters make it: its URL is the received text, which the Fetch API has not
   * parsed.
   */
  const lightweight = (method: string, url: string): Request =>
    Object.defineProperties(new Request('https://events.example.com/'), {
      method: { value: method },
      url: { value: url },
    });

  test.each([
    ['TRACE', 'http://x/v1/batch', '405 method_not_allowed'],
    ['CONNECT', 'http://x/v1/batch', '405 method_not_allowed'],
    ['GET', 'http://a b/v1/batch', '404 not_found'],
    ['GET', 'http://[::1/v1/batch', '404 not_found'],
    ['GET', 'http://x:99999/v1/batch', '404 not_found'],
    ['GET', '', '404 not_found'],
    ['GET', String.raw`http://x/v1\batch`, '405 method_not_allowed'],
    ['GET', String.raw`http://x/v1/x/..\..\nothing`, '404 not_found'],
  ])('%s %s gets JSON from proxy.fetch: %s', async (method, url, expected) => {
    const { proxy } = await startProxy();
    expect(await verdict(await proxy.fetch(lightweight(method, url)))).toBe(expected);
  });
});

test('of an unknown path 200 characters are logged', async () => {
  const log: ProxyLogEntry[] = [];
  const { proxy } = await startProxy({ onLog: (entry) => log.push(entry) });
  await proxy.fetch(new Request(`https://events.example.com/${'x'.repeat(14_000)}`));
  await proxy.fetch(new Request('https://events.example.com/short?secret'));
  expect(log.map(({ path }) => path)).toEqual([`/${'x'.repeat(199)}`, '/short']);
});
