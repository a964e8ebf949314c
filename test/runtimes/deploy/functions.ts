/**
 * Stands in for Vercel and Netlify, for a project with static files and one function, as a process of its
 * own: `tsx functions.ts vercel|netlify FOLDER`. Written from their documentation of routing and of a
 * function's exports, and not compared with the real platforms.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

type Handle = (request: Request, context: object) => Promise<Response>;

interface Platform {
  /** The folder of the static files. */
  readonly files: string;
  /** The header with the visitor's IP address. The platform overwrites the header when a visitor sends it. */
  readonly addressHeader: string;
  /** Returns the URL that the function receives; `undefined`: the request is not for the function. */
  route(url: URL): URL | undefined;
  readonly handle: Handle;
}

const [name = '', folder = ''] = process.argv.slice(2);
const load = async <T>(file: string): Promise<T> =>
  (await import(pathToFileURL(path.join(folder, file)).href)) as T;

/** https://vercel.com/docs/rewrites, https://vercel.com/docs/functions/runtimes/node-js */
async function vercel(): Promise<Platform> {
  const { outputDirectory, rewrites } = JSON.parse(readFileSync(`${folder}/vercel.json`, 'utf8')) as {
    outputDirectory: string;
    rewrites: readonly { source: string; destination: string }[];
  };
  const [{ source, destination }] = rewrites as [{ source: string; destination: string }];
  const [prefix = ''] = source.split(':path*');
  const { default: exported } = await load<{ default: { fetch: Handle } }>(`${destination}.js`);
  return {
    files: outputDirectory,
    addressHeader: 'x-real-ip',
    handle: (request, context) => exported.fetch(request, context),
    route(url) {
      if (!url.pathname.startsWith(prefix)) return undefined;
      // The function receives the browser's URL; the part that the pattern has matched is added to the query.
      const asked = new URL(url);
      asked.searchParams.set('path', url.pathname.slice(prefix.length));
      return asked;
    },
  };
}

/** https://docs.netlify.com/build/functions/get-started, https://docs.netlify.com/build/functions/configuration */
async function netlify(): Promise<Platform> {
  const [, publish = ''] = /^publish = "(.*)"$/m.exec(readFileSync(`${folder}/netlify.toml`, 'utf8')) ?? [];
  const { default: handle, config } = await load<{ default: Handle; config: { path: string } }>(
    'netlify/functions/e.js',
  );
  const prefix = config.path.replace(/\*$/, '');
  return {
    files: publish,
    addressHeader: 'x-nf-client-connection-ip',
    handle,
    route: (url) => (url.pathname.startsWith(prefix) ? url : undefined),
  };
}

const { files, addressHeader, route, handle } = await (name === 'vercel' ? vercel() : netlify());

function toRequest(incoming: IncomingMessage, url: URL): Request {
  const headers = new Headers();
  for (const [key, value] of Object.entries(incoming.headers)) headers.set(key, String(value));
  headers.set(addressHeader, incoming.socket.remoteAddress ?? '');
  const { method = 'GET' } = incoming;
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: Readable.toWeb(incoming), duplex: 'half' } as RequestInit);
}

async function answer(incoming: IncomingMessage): Promise<Response> {
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
  const file = path.join(folder, files, url.pathname);
  if (existsSync(file) && statSync(file).isFile())
    return new Response(readFileSync(file), { headers: { 'Content-Type': 'text/javascript' } });
  const routed = route(url);
  return routed ? handle(toRequest(incoming, routed), {}) : new Response('Not found', { status: 404 });
}

const server = createServer((incoming, outgoing) => {
  const respond = async (): Promise<void> => {
    const response = await answer(incoming);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  };
  respond().catch((error: unknown) => {
    console.error(error);
    outgoing.writeHead(500).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  // the server listens on a port, so this is not a string or null
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ listening: `http://127.0.0.1:${port}` }));
});
