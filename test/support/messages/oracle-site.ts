/**
 * A site whose pages have one SDK: ours with its proxy, or Customer.io's own. Run as a process: `SDK=ours|vendor STAND_IN=… tsx
 * test/support/messages/oracle-site.ts`; `FOLDER` has the bundle of Customer.io's SDK.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type * as Proxy from '../../../src/proxy.ts';
import { frameHosts } from '../site/in-app-control.ts';
import { listen } from '../server/listen.ts';

const { SDK = 'ours', STAND_IN = '', FOLDER = '' } = process.env;
const DIST = fileURLToPath(new URL('../../../dist/', import.meta.url));
const SECRET = 'a secret of the oracle site, 32 bytes or more';
const JAVASCRIPT = { 'Content-Type': 'text/javascript; charset=utf-8' };

const { createProxy, createTokenIssuer } = (await import(`${DIST}proxy.js`)) as typeof Proxy;

const proxy = createProxy({
  basePath: '/e',
  writeKey: 'write-key',
  upstreamUrl: STAND_IN,
  clientKeys: ['client-api-key-web'],
  customerToken: { secret: SECRET },
  inApp: { siteId: 'site-id', url: STAND_IN, ...frameHosts(STAND_IN), anonymous: { secret: SECRET } },
});
const tokens = createTokenIssuer({ secret: SECRET });

const OURS = `
import { createAnalytics } from '/dist/index.js';
const analytics = createAnalytics({
  proxyUrl: '/e',
  clientKey: 'client-api-key-web',
  customerToken: async ({ userId }) => (await fetch('/login', { method: 'POST', body: userId })).text(),
  inApp: { anonymous: oracleOptions.anonymous },
});
analytics.on('message', ({ type, messageId, deliveryId, actionName, actionValue }) =>
  tell({ type, messageId, deliveryId, actionName, actionValue }));
analytics.on('error', ({ code }) => tell({ type: 'sdk-error', messageId: code }));
analytics.on('dropped', ({ reason, status }) => tell({ type: 'dropped', messageId: reason + ' ' + status }));
window.oracle = Promise.resolve({
  identify: (id) => void analytics.identify(id),
  page: (name) => void analytics.page(name),
  pending: () => analytics.stats().pending,
});
`;

const page = (): string => {
  const script = SDK === 'ours' ? '<script type="module" src="/ours.js">' : '<script src="/app/vendor.js">';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Shop</title></head>
<body><h1>Shop</h1>${script}</script></body></html>`;
};

/** Passes an event of Customer.io's SDK on to the stand-in, with the key that is asked for there. */
async function passEvent(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const event: unknown = JSON.parse(await text(request));
  const { status } = await fetch(`${STAND_IN}/v1/batch`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from('write-key:').toString('base64')}` },
    body: JSON.stringify({ batch: [event] }),
  });
  response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
}

async function sendScript(response: ServerResponse, folder: string, name: string): Promise<void> {
  const body = await readFile(path.join(folder, path.basename(name)));
  response.writeHead(200, JAVASCRIPT).end(body);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const { pathname } = new URL(request.url ?? '/', 'http://site');
  if (pathname.startsWith('/e/')) return proxy.node(request, response);
  if (pathname.startsWith('/vendor/')) return passEvent(request, response);
  if (pathname.startsWith('/dist/')) return sendScript(response, DIST, pathname);
  if (pathname.startsWith('/app/')) return sendScript(response, FOLDER, pathname);
  if (pathname === '/ours.js') return response.writeHead(200, JAVASCRIPT).end(OURS);
  if (pathname === '/login') return response.end(await tokens.issue(await text(request)));
  return response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page());
}

const { port } = await listen(
  createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  }),
);
console.log(JSON.stringify({ listening: `http://localhost:${port}` }));
// The process ends with the test runner, also when the runner was killed.
process.stdin.on('end', () => process.exit(0)).resume();
process.once('SIGTERM', () => process.exit(0));
