/** Starts one candidate, or what stands behind it, as a process of its own: `tsx start.ts NAME UPSTREAM [TLS_FOLDER]`. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { bare } from './bare.ts';
import { forward } from './forward.ts';
import { guide } from './guide.ts';
import { both, limited, ours, unmerged } from './ours.ts';
import { huge, slow, strict, upstream } from './upstream.ts';

const LISTENERS: Readonly<Record<string, (upstreamUrl: string) => RequestListener>> = {
  bare,
  both,
  forward,
  guide,
  huge,
  limited,
  ours,
  slow,
  strict,
  unmerged,
  upstream,
};

const [name = '', upstreamUrl = '', folder] = process.argv.slice(2);
const make = LISTENERS[name];
if (!make) throw new Error(`One of ${Object.keys(LISTENERS).join(', ')}, not "${name}"`);
// A folder with a key and a certificate: over TLS.
const server = folder
  ? createSecureServer(
      { key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/cert.pem`) },
      make(upstreamUrl),
    )
  : createServer(make(upstreamUrl));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ listening: `http${folder ? 's' : ''}://127.0.0.1:${port}` }));
});
process.once('SIGTERM', () => process.exit(0));
