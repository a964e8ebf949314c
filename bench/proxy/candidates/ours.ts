import type { RequestListener } from 'node:http';
import type * as Proxy from '../../../src/proxy/index.ts';
import { CLIENT_KEY, WRITE_KEY } from '../load.ts';

const { createProxy } = (await import(
  new URL('../../../dist/proxy.js', import.meta.url).href
)) as typeof Proxy;

/** As it is shipped: answers when Customer.io has accepted. */
export const ours = (upstreamUrl: string): RequestListener =>
  createProxy({ writeKey: WRITE_KEY, clientKeys: [CLIENT_KEY], upstreamUrl }).node;
