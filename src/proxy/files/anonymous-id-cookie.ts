import type { IncomingRequest } from '../http/request.ts';

/** How the proxy prolongs the SDK's cookie with a visitor's anonymous id. */
export interface AnonymousIdCookieOptions {
  /**
   * The domain of the SDK's cookie: the widest that browsers allow, such as `example.com` for pages of `shop.example.com`. `''` if
   * the cookie is for the host alone (`localhost`).
   *
   * @example 'example.com'
   */
  domain: string;

  /**
   * The lifetime of the prolonged cookie in days, 1 to 400.
   *
   * @default 365
   * @example 90
   */
  maxAgeDays?: number | undefined;
}

const NAME = 'ajs_anonymous_id';
const DAY_SECONDS = 86_400;

/**
 * The `Set-Cookie` that prolongs the cookie with a visitor's anonymous id; `null` where the request has no such cookie. No new id is
 * ever made: without consent the SDK sets no cookie, and neither does the proxy.
 */
export function prolongedCookie(
  { headers, url }: IncomingRequest,
  { domain, maxAgeDays = 365 }: AnonymousIdCookieOptions,
): string | null {
  // The value is an id, percent-encoded by the SDK.
  const found = (headers.get('Cookie') ?? '').matchAll(
    new RegExp(`(?:^|; ?)${NAME}=([\\w.~%!*'()-]{1,200})(?=;|$)`, 'g'),
  );
  // There may be several cookies, on different levels of the domain. Where their ids differ, none is prolonged: only the SDK can
  // find out which one is in use.
  const [value, secondValue = value] = Array.from(found, ([, id]) => id);
  if (value === undefined || value !== secondValue) return null;
  return (
    `${NAME}=${value}; Path=/; Max-Age=${maxAgeDays * DAY_SECONDS}; SameSite=Lax` +
    (domain && `; Domain=${domain}`) +
    (isHttps({ headers, url }) ? '; Secure' : '')
  );
}

/** Whether the browser has sent the request by https. TLS may end before the proxy: then `X-Forwarded-Proto` says so. */
export function isHttps({ headers, url }: Pick<IncomingRequest, 'headers' | 'url'>): boolean {
  return url.startsWith('https:') || /^https\b/i.test(headers.get('X-Forwarded-Proto') ?? '');
}
