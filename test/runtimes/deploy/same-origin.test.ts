/**
 * A path of the shop's own origin leads to the proxy, behind nginx and behind Caddy, with the documentation's
 * recipes.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { chromium } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { findChromium } from '../../support/setup/chromium.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { CLIENT_KEY, event, WRITE_KEY } from '../../integration/proxy/setup.ts';
import type { RunningServer } from '../process.ts';
import { CLI, runCli } from './proxy-process.ts';
import { recipe, variablesIn } from './recipe.ts';
import { type RunningWebServer, WEB_SERVERS } from './web-servers.ts';

const PAGE = `<!doctype html><title>Shop</title>
<script async src="/e/cio.js" data-proxy-url="/e" data-client-key="${CLIENT_KEY}"></script>`;

let pipelines: ServerProcess;
let standIn: StandIn;
let proxy: RunningServer;

beforeAll(async () => {
  pipelines = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  standIn = createStandIn(pipelines.origin);
  const environment = variablesIn(recipe('systemd/env'));
  proxy = await runCli({ ...environment, CIO_WRITE_KEY: WRITE_KEY, CIO_UPSTREAM_URL: pipelines.origin });
});
afterAll(async () => {
  await proxy.stop();
  await pipelines.stop();
});
beforeEach(() => standIn.forget());

/** Counts the connections that are opened between the web server and the proxy. */
async function startCounter(to: string): Promise<Server & { opened: number }> {
  const { hostname, port } = new URL(to);
  const counter = Object.assign(
    createServer((socket) => {
      counter.opened += 1;
      const onward = connect(Number(port), hostname);
      socket.pipe(onward).pipe(socket);
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    }),
    { opened: 0 },
  );
  counter.listen(0, '127.0.0.1');
  await once(counter, 'listening');
  return counter;
}

describe.each(WEB_SERVERS)('behind $name', ({ start }) => {
  let folder: string;
  let server: RunningWebServer;
  let counter: Awaited<ReturnType<typeof startCounter>>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cio-deploy-'));
    await mkdir(`${folder}/shop`);
    await writeFile(`${folder}/shop/index.html`, PAGE);
    counter = await startCounter(proxy.origin);
    server = await start(`127.0.0.1:${(counter.address() as AddressInfo).port}`, folder);
  });
  afterAll(async () => {
    await server.stop();
    counter.close();
    await rm(folder, { recursive: true, force: true });
  });

  interface Asked {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    /** The local IP address from which the request is sent. */
    readonly from?: string;
  }

  async function ask(place: string, { body, from, ...options }: Asked = {}): Promise<IncomingMessage> {
    const ca = readFileSync(server.certificateFile);
    const asked = request(server.origin + place, { ...options, ca, agent: false, localAddress: from });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  }

  const HEADERS = { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' };
  const post = (batch: readonly unknown[], more: Partial<Asked> = {}): Promise<IncomingMessage> =>
    ask('/e/v1/batch', {
      method: 'POST',
      ...more,
      headers: { ...HEADERS, ...more.headers },
      body: JSON.stringify({ batch }),
    });

  test('the command `check` has the same results as without a web server', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [CLI, 'check', `${server.origin}/e`, '--send', '--json'],
      {
        env: { CIO_CLIENT_KEY: CLIENT_KEY, NODE_EXTRA_CA_CERTS: server.certificateFile },
      },
    );
    const { ok, checks } = JSON.parse(stdout) as {
      ok: boolean;
      checks: readonly { name: string; status: string }[];
    };
    expect(ok).toBe(true);
    // The warnings are those of the proxy alone, which accepts only batches, and one for the certificate,
    // which expires within a day.
    const notes = checks.filter(({ status }) => status === 'warn').map(({ name }) => name);
    expect(notes.filter((name) => name !== 'TLS')).toEqual(['single calls']);
    expect(checks.filter(({ status }) => status === 'pass').length).toBeGreaterThan(15);
  });

  test('a page delivers, and its events have the IP address of the connection, not a claimed one', async () => {
    const executablePath = findChromium();
    const browser = await chromium.launch({
      ...(executablePath ? { executablePath } : {}),
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage({
      ignoreHTTPSErrors: true,
      extraHTTPHeaders: { 'X-Real-IP': '203.0.113.7', 'X-Forwarded-For': '203.0.113.8' },
    });
    await page.goto(server.origin);
    await page.waitForFunction('window.cioanalytics?.flush !== undefined');
    await page.evaluate(`(async () => {
      await cioanalytics.track('Order Placed', {}, { context: { ip: '203.0.113.9' } });
      await cioanalytics.flush();
    })()`);
    const [order, ...others] = await standIn.events();
    expect(others).toEqual([]);
    expect(order).toMatchObject({ event: 'Order Placed', context: { ip: '127.0.0.1' } });
  });

  test('each visitor has the IP address of their own connection', async () => {
    const forged = { 'X-Real-IP': '203.0.113.7', 'X-Forwarded-For': '203.0.113.8' };
    const answer = await post([event()], { from: '127.0.0.77', headers: forged });
    expect([answer.statusCode, await text(answer)]).toEqual([200, '{"success":true}']);
    expect((await standIn.events()).map(({ context }) => context['ip'])).toEqual(['127.0.0.77']);
  });

  test('a body that is too large is refused by the proxy, with an error body', async () => {
    const large = Array.from({ length: 20 }, () => event({ properties: { a: 'x'.repeat(30_000) } }));
    const answer = await post(large);
    expect([answer.statusCode, JSON.parse(await text(answer))]).toEqual([
      413,
      expect.objectContaining({ error: 'body_too_large' }),
    ]);
  });

  test('cio.js is compressed once, and supports conditional requests', async () => {
    const answer = await ask('/e/cio.js', { headers: { 'Accept-Encoding': 'gzip' } });
    expect([answer.statusCode, answer.headers['content-encoding']]).toEqual([200, 'gzip']);
    await text(answer);
    const { etag = '' } = answer.headers;
    const again = await ask('/e/cio.js', { headers: { 'If-None-Match': etag, 'Accept-Encoding': 'gzip' } });
    expect(again.statusCode).toBe(304);
    const plain = await ask('/e/cio.js');
    expect([plain.headers['content-encoding'], (await text(plain)).length > 30_000]).toEqual([
      undefined,
      true,
    ]);
  });

  test('connections to the proxy are reused', async () => {
    await text(await post([event()]));
    const before = counter.opened;
    for (let i = 0; i < 5; i += 1) await text(await post([event()]));
    expect(counter.opened - before).toBe(0);
  });

  test('other paths of the origin belong to the shop', async () => {
    const answer = await ask('/');
    expect([answer.statusCode, await text(answer)]).toEqual([200, PAGE]);
    expect((await ask('/nothing')).statusCode).toBe(404);
  });
});
