/** Cookies, on the widest domain that the browser allows, so that sub-domains share one visitor. */

/** Attributes of the cookies with the visitor's ids. */
export interface CookieOptions {
  /** How long a cookie lives after the last visit, in days. @default 365 */
  readonly maxage?: number;
  /** Domain of the cookies. @default the widest that the browser allows, such as `example.com` on `shop.example.com` */
  readonly domain?: string;
  /** Path of the cookies. @default '/' */
  readonly path?: string;
  /** Whether the cookies are sent over https alone. @default true on https */
  readonly secure?: boolean;
  /** `SameSite` of the cookies. @default 'Lax' */
  readonly sameSite?: string;
}

export interface CookieStore {
  /**
   * Reads a cookie. If there are several cookies of this name, the store keeps the one that it writes itself, or else the one on
   * the widest domain, and deletes the others. `document.cookie` does not show the domain of a cookie.
   */
  get(name: string): string | null;
  /** Writes a cookie, and deletes every other cookie of this name. */
  set(name: string, value: string): void;
  /** Deletes the cookies of this name, on every domain level and path on which the browser may have one. */
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
  // Browsers store a domain without its leading dot, in lower case. https://www.rfc-editor.org/rfc/rfc6265#section-5.2.3
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

  /**
   * Finds the widest domain on which the browser stores a cookie, by writing one. Browsers refuse cookies for public suffixes
   * without an error. https://publicsuffix.org/
   */
  const widest = (): string | undefined =>
    levels.find((level) => {
      put(PROBE, '1', level, 9);
      const kept = all(PROBE)[0];
      put(PROBE, '', level);
      return kept;
    });

  /**
   * Deletes cookies of this name until at most `most` are left, the narrowest domain first. The cookie that this store writes is
   * deleted only with 0.
   */
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

/** The paths that a cookie which this page can see may have, the longest first. */
function pathsOf(pathname: string): readonly string[] {
  const parts = pathname.split('/');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('/') || '/');
}

/** The domains of a host name, the widest first; `''` at the end is the host alone. An IP address has no domains. */
function domainLevels(hostname: string): readonly string[] {
  const parts = /^[\d.]+$|:/.test(hostname) ? [] : hostname.split('.');
  return [...parts.slice(0, -1).map((_, i) => parts.slice(-2 - i).join('.')), ''];
}
