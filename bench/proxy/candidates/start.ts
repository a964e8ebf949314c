/** Starts one candidate, or what stands behind it, as a process of its own: `tsx start.ts NAME UPSTREAM`. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bare } from './bare.ts';
import { forward } from './forward.ts';
import { guide } from './guide.ts';
import { both, ours } from './ours.ts';
import { upstream } from './upstream.ts';

const LISTENERS: Readonly<Record<string, (upstreamUrl: string) => RequestListener>> = {
  bare,
  both,
  forward,
  guide,
  ours,
  upstream,
};

const [name = '', upstreamUrl = ''] = process.argv.slice(2);
const make = LISTENERS[name];
if (!make) throw new Error(`One of ${Object.keys(LISTENERS).join(', ')}, not "${name}"`);
const server = createServer(make(upstreamUrl));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ listening: `http://127.0.0.1:${port}` }));
});
process.once('SIGTERM', () => process.exit(0));
