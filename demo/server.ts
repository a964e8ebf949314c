/** One server: the shop with its login, the proxy under `/e`, and the live console. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createProxy } from '../src/proxy.ts';
import { createLogin } from './account/login.ts';
import { createAccountRoutes } from './account/routes.ts';
import { createTokenLife } from './account/token-life.ts';
import { PRODUCTS } from './catalogue.ts';
import { setServerClock } from './clock.ts';
import { createLiveConsole } from './console/console.ts';
import type { FaultSwitches } from './faults.ts';
import type { Html } from './html.ts';
import { sendJson } from './http.ts';
import { createMeter } from './meter.ts';
import { consolePage } from './pages/console.ts';
import { layout } from './pages/layout.ts';
import { pageAt } from './pages/routes.ts';
import { sendFile } from './static.ts';
import type { Upstream } from './upstream.ts';

export interface DemoNeeds {
  readonly upstream: Upstream;
  readonly switches: FaultSwitches;
}

export interface Demo {
  readonly server: Server;
  /** Ends the streams of the consoles, which would keep the server open. */
  close(): void;
}

const ASSETS = new URL('./public/', import.meta.url);
const DIST = new URL('../dist/', import.meta.url);

export function createDemo({ upstream, switches }: DemoNeeds): Demo {
  const { appApi, inApp } = upstream;
  const login = createLogin();
  const asking = new AsyncLocalStorage<IncomingMessage>();
  const proxy = createProxy({
    writeKey: upstream.writeKey,
    upstreamUrl: upstream.url,
    fetch: upstream.fetch,
    clientKeys: ['demo-shop-web'],
    basePath: '/e',
    customerToken: login.verification,
    appApi,
    inApp,
    onLog(entry) {
      if (entry.method === 'POST') life.answered(entry, asking.getStore()?.headers.authorization);
    },
    files: (name) => readFile(new URL(name, DIST)).catch(() => null),
  });
  const meter = createMeter(() => live.refresh());
  const life = createTokenLife(() => live.refresh());
  const live = createLiveConsole({ upstream, switches, traffic: meter.traffic, tokens: life.report });
  const account = createAccountRoutes({ login, life, switches, welcome: (who) => upstream.welcome(who) });
  const services = {
    inbox: inApp !== undefined,
    anonymousMessages: inApp?.anonymous !== undefined,
    topics: appApi !== undefined,
  };
  const stopFollowing = switches.onChange(({ clockHours }) => setServerClock(clockHours));

  function toProxy(path: string, request: IncomingMessage, response: ServerResponse): void {
    const isScript = path.endsWith('.js');
    // A stream ends when its page does: that is neither an answer nor a failure.
    if (!isScript && path !== '/e/v1/messages/stream') meter.count(request, response);
    if (!isScript && switches.current().proxy === 'down') request.socket.destroy();
    else asking.run(request, () => proxy.node(request, response));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(`http://demo${request.url ?? '/'}`);
    if (path.startsWith('/e/')) return toProxy(path, request, response);
    if (path.startsWith('/account/') && (await account(path, request, response))) return;
    if (path.startsWith('/console/') && (await live.answer(path, request, response))) return;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const message = `${request.method ?? ''} is not for this path`;
      return sendJson(response, 405, { error: 'method_not_allowed', message }, { Allow: 'GET, HEAD' });
    }
    if (
      path.startsWith('/assets/') &&
      (await sendFile(ASSETS, path.slice('/assets/'.length), request, response))
    ) {
      return;
    }
    if (path === '/catalogue.json') return sendJson(response, 200, PRODUCTS);
    if (path === '/console') return sendPage(request, response, 200, consolePage(), '');
    const { status, page } = pageAt(path, searchParams, services);
    const nonce = randomBytes(16).toString('base64');
    sendPage(request, response, status, layout(page, { nonce, services }), ` 'nonce-${nonce}'`);
  }

  const server = createServer((request, response) => {
    // Node would tell the right time, and a server's clock that is off is off here too.
    response.setHeader('Date', new Date().toUTCString());
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      response.destroy();
    });
  });
  return {
    server,
    close() {
      stopFollowing();
      setServerClock(0);
      live.close();
    },
  };
}

function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  page: Html,
  script: string,
): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    // The nonce is new each time.
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': `default-src 'self'; script-src 'self'${script}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  });
  response.end(request.method === 'HEAD' ? undefined : page.html);
}
