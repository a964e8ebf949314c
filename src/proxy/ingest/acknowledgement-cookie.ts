import { ACK_COOKIE_PREFIX, ACK_HEADER } from '../../protocol/wire.ts';
import { isHttps } from '../files/anonymous-id-cookie.ts';
import { isSameOrigin } from '../http/cors.ts';
import type { IncomingRequest } from '../http/request.ts';

/** The life of the cookie: a week, as long as the SDK keeps events. */
const MAX_AGE_SECONDS = 604_800;
const NAME = /^[A-Za-z\d]{10,40}$/;

/**
 * The acknowledgement of a batch of which every event was accepted, as a `Set-Cookie` header; `undefined` if the request has no
 * header `X-CIO-Ack`, which requests the cookie. The page that has sent the batch may be closed before the response arrives, but
 * the next page of the site reads the cookie. The cookie is set only for pages of the proxy's own origin. Pages of another origin
 * could not read it, and must not be able to fill the browser with cookies of the proxy's site.
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
