import type { IncomingRequest } from '../http/request.ts';

/** A visitor's anonymous id, kept by a cookie of the server instead of one of the page's script. */
export interface AnonymousIdCookieOptions {
  /**
   * The domain on which the SDK has its cookie: the widest that browsers allow, such as `example.com` for pages of
   * `shop.example.com`. `''` where that is the host alone (`localhost`).
   */
  domain: string;

  /** @default 365 */
  maxAgeDays?: number | undefined;
}

const NAME = 'ajs_anonymous_id';
const DAY_SECONDS = 86_400;

/**
 * The `Set-Cookie` that lets a visitor's anonymous id live on, or `null`. It only ever prolongs what has come: where there
 * is no consent there is no cookie, and none is made.
 */
export function prolongedCookie(
  { headers, url }: IncomingRequest,
  { domain, maxAgeDays = 365 }: AnonymousIdCookieOptions,
): string | null {
  // What the SDK writes: an id, percent-encoded.
  const found = (headers.get('Cookie') ?? '').matchAll(
    new RegExp(`(?:^|; ?)${NAME}=([\\w.~%!*'()-]{1,200})(?=;|$)`, 'g'),
  );
  // Of several, on different levels of the domain, only the SDK can find out which one is meant.
  const [value, another = value] = Array.from(found, ([, id]) => id);
  if (value === undefined || value !== another) return null;
  return (
    `${NAME}=${value}; Path=/; Max-Age=${maxAgeDays * DAY_SECONDS}; SameSite=Lax` +
    (domain && `; Domain=${domain}`) +
    (isHttps({ headers, url }) ? '; Secure' : '')
  );
}

/** Whether the browser has asked over https, though TLS may have ended before the proxy. */
export function isHttps({ headers, url }: Pick<IncomingRequest, 'headers' | 'url'>): boolean {
  return url.startsWith('https:') || /^https\b/i.test(headers.get('X-Forwarded-Proto') ?? '');
}
