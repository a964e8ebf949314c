/** The cookie store of a browser, with the rules that matter here: RFC 6265, public suffixes, `Secure`. */
export interface FakeCookieJar {
  read(): string;
  write(cookie: string): void;
  /** The stored cookies, by `name@domain`; a cookie of this host only has the key `name`. */
  kept(): Readonly<Record<string, string>>;
  /** Deletes all cookies, as a visitor can. */
  clear(): void;
  /** Every line that was written to `document.cookie`. */
  readonly written: readonly string[];
}

const SUFFIXES = new Set(['com', 'co.uk', 'uk', 'io', 'github.io', 'localhost']);

export function fakeCookieJar(pageUrl: string): FakeCookieJar {
  const { hostname, protocol } = new URL(pageUrl);
  const cookies = new Map<string, string>();
  const written: string[] = [];
  const isAddress = /^[\d.]+$/.test(hostname) || hostname.startsWith('[');

  function accepts(domain: string): boolean {
    if (SUFFIXES.has(domain) || isAddress) return false;
    return hostname === domain || hostname.endsWith(`.${domain}`);
  }

  return {
    written,
    read: () => [...cookies].map(([key, value]) => `${key.split('@')[0]}=${value}`).join('; '),
    write(cookie) {
      written.push(cookie);
      const [pair = '', ...rest] = cookie.split('; ');
      const at = pair.indexOf('=');
      const attributes = new Map(rest.map((each) => [each.split('=')[0]?.toLowerCase(), each.split('=')[1]]));
      const domain = attributes.get('domain');
      if (domain && !accepts(domain)) return;
      if (attributes.has('secure') && protocol !== 'https:') return;
      const key = pair.slice(0, at) + (domain ? `@${domain}` : '');
      if (Number(attributes.get('max-age')) > 0) cookies.set(key, pair.slice(at + 1));
      else cookies.delete(key);
    },
    clear: () => cookies.clear(),
    kept: () => Object.fromEntries(cookies),
  };
}
