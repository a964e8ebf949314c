/** Proxies that verify customer tokens, and a request with a token. */
import { createHmac } from 'node:crypto';
import type { CioProxy, CustomerTokenOptions, ProxyOptions } from '../../../src/proxy.ts';
import { part, SECRET } from './key-server.ts';
import { bearer, event, fullVerdict, post, startProxy } from './setup.ts';

export const MINE = { userId: 'u1' };

/** The proxy's response to a batch of `u1` with this token. */
export async function ask(proxy: CioProxy, token: string): Promise<string> {
  return fullVerdict(await proxy.fetch(post([event(MINE)], { headers: bearer(token) })));
}

export async function proxyWith(
  customerToken: CustomerTokenOptions,
  more: Partial<ProxyOptions> = {},
): Promise<CioProxy> {
  return (await startProxy({ customerToken: { mode: 'required', ...customerToken }, ...more })).proxy;
}

/** Signs tokens that no library would sign. */
export function hmac(header: object, payload: unknown, secret: string = SECRET): string {
  const input = `${part(header)}.${payload === undefined ? 'e30x' : part(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
