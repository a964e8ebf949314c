import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import type { createProxy as CreateProxy } from '../src/proxy.ts';
import { createArrivals, type Arrivals } from './arrivals.ts';
import type { Addresses, Candidate } from './candidate.ts';
import { meter, type Meter } from './meter.ts';

/** What a candidate meets on this machine: the site that its page comes from, and where its events go. */
export interface Servers {
  readonly addresses: Addresses;
  readonly arrivals: Arrivals;
  /** What the SDK's own server was sent: the proxy for ours, the collector for the others. */
  sent(): Meter;
  close(): Promise<void>;
}

/** A page without the SDK, and one with it. */
export const BLANK_PATH = '/blank';
export const PAGE_PATH = '/';

const project = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export const sourceOf = (candidate: Candidate): string => readFileSync(project(candidate.script), 'utf8');

/** Fresh servers for one run of one candidate. */
export async function startServers(candidate: Candidate): Promise<Servers> {
  const arrivals = createArrivals();
  const site = createServer();
  const collector = createServer();
  const addresses = { page: await listen(site), collector: await listen(collector) };
  const source = sourceOf(candidate);
  const pages: RequestListener = (request, response) => {
    if (request.url === '/sdk.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(source);
      return;
    }
    const html = htmlOf(candidate, addresses, request.url === BLANK_PATH);
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
  };

  collector.on('request', (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method === 'OPTIONS') {
      response.writeHead(204, {
        'Access-Control-Allow-Headers': 'content-type, content-encoding',
        // Chromium's longest: one preflight for the whole run.
        'Access-Control-Max-Age': '7200',
      });
      response.end();
      return;
    }
    void bodyOf(request).then((body) => {
      const isData = request.method === 'POST';
      const answer = isData ? { code: 200, success: true } : candidate.resource(addresses);
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
      if (isData) arrivals.take(candidate.eventsIn(body));
    });
  });

  if (candidate.key === 'ours') {
    const { createProxy } = (await import(project('dist/proxy.js'))) as { createProxy: typeof CreateProxy };
    const proxy = createProxy({
      writeKey: 'write-key',
      clientKeys: ['bench'],
      basePath: '/e',
      upstreamUrl: addresses.collector,
    });
    site.on('request', (request, response) =>
      request.url?.startsWith('/e/') ? proxy.node(request, response) : pages(request, response),
    );
  } else {
    site.on('request', pages);
  }

  return {
    addresses,
    arrivals,
    sent: meter(candidate.key === 'ours' ? site : collector),
    close: async () => void (await Promise.all([close(site), close(collector)])),
  };
}

function htmlOf(candidate: Candidate, addresses: Addresses, blank: boolean): string {
  const attributes = Object.entries(candidate.attributes).map(([name, value]) => ` ${name}="${value}"`);
  const src = candidate.key === 'ours' ? '/e/cio.js' : '/sdk.js';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,"></head>
<body>
<h1>Shop</h1>
<script>${candidate.before(addresses)}</script>
${blank ? '' : `<script src="${src}"${attributes.join('')}></script><script>${candidate.after(addresses)}</script>`}
</body>
</html>`;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (!bytes.length) return {};
  const packed = request.headers['content-encoding'];
  const text = packed === 'gzip' ? gunzipSync(bytes) : packed === 'deflate' ? inflateRawSync(bytes) : bytes;
  return JSON.parse(text.toString()) as unknown;
}

async function listen(server: Server): Promise<string> {
  // Longer than any run: a connection that is closed while idle would count twice.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
