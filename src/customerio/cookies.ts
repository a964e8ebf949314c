/** Cookies, on the widest domain that the browser allows, so that sub-domains share one visitor. */

export interface CookieOptions {
  /** Days. @default 365 */
  readonly maxage?: number;
  /** @default the widest that the browser allows, such as `example.com` on `shop.example.com` */
  readonly domain?: string;
  /** @default '/' */
  readonly path?: string;
  /** @default true on https */
  readonly secure?: boolean;
  /** @default 'Lax' */
  readonly sameSite?: string;
}

export interface CookieStore {
  get(name: string): string | null;
  set(name: string, value: string): void;
  /** On every domain level on which the browser may have it. */
  remove(name: string): void;
}

export interface CookieNeeds {
  readonly jar: { read(): string; write(cookie: string): void };
  readonly pageUrl: string;
  readonly options: CookieOptions;
}

const PROBE = 'cio_domain';
const DAY_SECONDS = 86_400;

export function createCookies({ jar, pageUrl, options }: CookieNeeds): CookieStore {
  const { protocol, hostname } = new URL(pageUrl);
  const { maxage = 365, path = '/', secure = protocol === 'https:', sameSite = 'Lax' } = options;
  const levels = domainLevels(hostname);
  let domain = options.domain;

  function put(name: string, value: string, onDomain: string | undefined, maxAgeSeconds: number): void {
    jar.write(
      `${name}=${encodeURIComponent(value)}; Path=${path}; Max-Age=${maxAgeSeconds}; SameSite=${sameSite}` +
        (onDomain ? `; Domain=${onDomain}` : '') +
        (secure ? '; Secure' : ''),
    );
  }

  function get(name: string): string | null {
    const pair = jar
      .read()
      .split('; ')
      .find((each) => each.startsWith(`${name}=`));
    if (!pair) return null;
    const value = pair.slice(name.length + 1);
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  }

  /** Browsers refuse cookies for public suffixes and say so only by not keeping them. https://publicsuffix.org/ */
  const widest = (): string | undefined =>
    levels.find((level) => {
      put(PROBE, '1', level, 9);
      const kept = get(PROBE);
      put(PROBE, '', level, 0);
      return kept;
    });

  return {
    get,
    set(name, value) {
      domain ??= widest() ?? '';
      put(name, value, domain, maxage * DAY_SECONDS);
    },
    remove(name) {
      if (get(name) === null) return;
      for (const level of new Set([undefined, options.domain, ...levels])) put(name, '', level, 0);
    },
  };
}

/** `example.co.uk`'s parents from the widest down; none for addresses and single names. */
function domainLevels(hostname: string): readonly string[] {
  const parts = hostname.split('.');
  if (/^[\d.]+$|:/.test(hostname)) return [];
  return parts.slice(0, -1).map((_, i) => parts.slice(-2 - i).join('.'));
}
