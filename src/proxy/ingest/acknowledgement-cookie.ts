import { ACK_COOKIE_PREFIX, ACK_HEADER } from '../../protocol/wire.ts';
import { isHttps } from '../files/anonymous-id-cookie.ts';
import { isSameOrigin } from '../http/cors.ts';
import type { IncomingRequest } from '../http/request.ts';

/** A week: for so long the SDK keeps events. */
const MAX_AGE_SECONDS = 604_800;
const NAME = /^[A-Za-z\d]{10,40}$/;

/**
 * The headers of an answer to a batch of which every event was accepted, if it has any of its own: where the request has named itself, a cookie says so
 * to the next page, since the page that has sent it may be gone. Only for a page of the proxy's own origin: no other one could
 * read the cookie, and none may fill a browser with cookies of somebody else's site.
 */
export function acknowledgement(
  incoming: Pick<IncomingRequest, 'headers' | 'url'>,
): Readonly<Record<string, string>> | undefined {
  const { headers } = incoming;
  const name = headers.get(ACK_HEADER);
  const origin = headers.get('Origin');
  if (name === null || origin === null || !NAME.test(name) || !isSameOrigin(origin, incoming))
    return undefined;
  const isSecure = origin.startsWith('https:') || isHttps(incoming);
  const cookie = `${ACK_COOKIE_PREFIX}${name}=1; Path=/; Max-Age=${MAX_AGE_SECONDS}; SameSite=Lax`;
  return { 'Set-Cookie': isSecure ? `${cookie}; Secure` : cookie };
}
