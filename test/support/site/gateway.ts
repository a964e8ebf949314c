/** A gateway in front of a whole site: only requests with its cookie, or its password (RFC 7617), pass. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Gateway = 'cookie' | 'password';

export const GATE_COOKIE = { name: 'gate', value: 'open' };
export const GATE_PASSWORD = { username: 'staging', password: 'secret' };

const BASIC = `Basic ${btoa(`${GATE_PASSWORD.username}:${GATE_PASSWORD.password}`)}`;

/**
 * Returns whether the gateway has responded instead of the site. Preflights carry neither cookie nor
 * password, and pass.
 */
export function turnsAway(
  gateway: Gateway | undefined,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (gateway === undefined || method === 'OPTIONS') return false;
  if (gateway === 'cookie') {
    if (headers.cookie?.split('; ').includes(`${GATE_COOKIE.name}=${GATE_COOKIE.value}`)) return false;
    response.writeHead(302, { Location: '/sign-in' }).end();
    return true;
  }
  if (headers.authorization === BASIC) return false;
  response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="staging"' }).end();
  return true;
}
