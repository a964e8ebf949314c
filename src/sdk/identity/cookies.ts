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
  /** Of several, which can only be told apart by deleting them, the one that this store writes, or the widest. */
  get(name: string): string | null;
  /** Leaves no other cookie of that name. */
  set(name: string, value: string): void;
  /** On every domain level and path on which the browser may have it. */
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
  const { protocol, hostname, pathname } = new URL(pageUrl);
  const { maxage = 365, path: ownPath = '/', secure = protocol === 'https:', sameSite = 'Lax' } = options;
  const levels = domainLevels(hostname);
  // As browsers keep it. https://www.rfc-editor.org/rfc/rfc6265#section-5.2.3
  let domain = options.domain?.replace(/^\./, '').toLowerCase();

  function put(name: string, value: string, level = domain, maxAgeSeconds = 0, path = ownPath): void {
    jar.write(
      `${name}=${encodeURIComponent(value)}; Path=${path}; Max-Age=${maxAgeSeconds}; SameSite=${sameSite}` +
        (level ? `; Domain=${level}` : '') +
        (secure ? '; Secure' : ''),
    );
  }

  const all = (name: string): readonly string[] =>
    jar
      .read()
      .split('; ')
      .filter((each) => each.startsWith(`${name}=`));

  /** Browsers refuse cookies for public suffixes and say so only by not keeping them. https://publicsuffix.org/ */
  const widest = (): string | undefined =>
    levels.find((level) => {
      put(PROBE, '1', level, 9);
      const kept = all(PROBE)[0];
      put(PROBE, '', level);
      return kept;
    });

  /** Deletes cookies of this name, the narrowest first and ours never, until so many are left; 0: all of them. */
  function reduce(name: string, most: number): void {
    if (all(name).length <= most) return;
    domain ??= widest();
    for (const path of pathsOf(pathname))
      for (let i = levels.length; i--;) {
        const level = levels[i];
        const isOurs = level === domain && path === ownPath;
        if (all(name).length > most && !(most && isOurs)) put(name, '', level, 0, path);
      }
  }

  return {
    get(name) {
      reduce(name, 1);
      const value = all(name)[0]?.slice(name.length + 1);
      if (value === undefined) return null;
      try {
        return decodeURIComponent(value);
      } catch {
        return value;
      }
    },
    set(name, value) {
      domain ??= widest();
      put(name, value, domain, maxage * DAY_SECONDS);
      reduce(name, 1);
    },
    remove: (name) => reduce(name, 0),
  };
}

/** The paths for which a cookie of the page may be, the longest first. */
function pathsOf(pathname: string): readonly string[] {
  const parts = pathname.split('/');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('/') || '/');
}

/** `example.co.uk`'s parents from the widest down, and `''` for the host alone. */
function domainLevels(hostname: string): readonly string[] {
  const parts = /^[\d.]+$|:/.test(hostname) ? [] : hostname.split('.');
  return [...parts.slice(0, -1).map((_, i) => parts.slice(-2 - i).join('.')), ''];
}
