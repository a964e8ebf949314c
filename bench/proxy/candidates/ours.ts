import type { RequestListener } from 'node:http';
import type * as Proxy from '../../../src/proxy.ts';
import { CLIENT_KEY, WRITE_KEY } from '../load.ts';

const { createProxy } = (await import(
  new URL('../../../dist/proxy.js', import.meta.url).href
)) as typeof Proxy;

const common = { writeKey: WRITE_KEY, clientKeys: [CLIENT_KEY] };

/** As it is shipped: answers when Customer.io has accepted. */
export const ours = (upstreamUrl: string): RequestListener => createProxy({ ...common, upstreamUrl }).node;

/** As to Customer.io itself, which takes a thousand requests a second. */
export const limited = (upstreamUrl: string): RequestListener =>
  createProxy({ ...common, upstreamUrl, clientIp: 'x-real-ip', upstream: { maxPerSecond: 1_000 } }).node;

/** With one request to Customer.io for each batch. */
export const unmerged = (upstreamUrl: string): RequestListener =>
  createProxy({ ...common, upstreamUrl, upstream: { merge: false } }).node;

/**
 * The same twice in one process, below `/ours` as it is shipped and below `/forgetful` with `deduplicate: false`, so that V8
 * has compiled the same for both. Elsewhere it says how much processor time the process has used, in microseconds.
 */
export function both(upstreamUrl: string): RequestListener {
  const proxies = {
    ours: createProxy({ ...common, upstreamUrl, basePath: '/ours' }),
    forgetful: createProxy({ ...common, upstreamUrl, basePath: '/forgetful', deduplicate: false }),
  };
  return (request, response) => {
    const { user, system } = process.cpuUsage();
    if (request.method === 'GET') response.end(JSON.stringify({ used: user + system }));
    else proxies[request.url?.startsWith('/ours/') ? 'ours' : 'forgetful'].node(request, response);
  };
}
