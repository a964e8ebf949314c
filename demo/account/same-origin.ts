/** Whether a page of this server asks: one of another site must not sign anybody in or out, or get a token. */
import type { IncomingMessage } from 'node:http';

export function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  // Older browsers, and everything that says where it comes from. https://owasp.org/www-community/attacks/csrf
  const { origin = '', host } = headers;
  return URL.canParse(origin) && new URL(origin).host === host;
}
