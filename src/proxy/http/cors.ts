import { CLIENT_KEY_HEADER } from '../../protocol/wire.ts';
import { type Answer, answer } from './response.ts';
import type { IncomingRequest } from './request.ts';

/** The headers that the SDK sends. */
const ALLOW_HEADERS = [
  'Authorization',
  'Content-Type',
  'Content-Encoding',
  'Idempotency-Key',
  CLIENT_KEY_HEADER,
];
/**
 * The name of a header: https://www.rfc-editor.org/rfc/rfc9110#name-tokens. Without `*`, which in a response would allow every
 * header.
 */
const NAME = /^[\w!#$%&'+.^`|~-]{1,100}$/;
const MAX_ASKED_HEADERS = 50;
const EXPOSE_HEADERS = 'Accept-Encoding, Retry-After, Date, WWW-Authenticate';
const VARY = 'Origin';
const VARY_OPTIONS = 'Origin, Access-Control-Request-Headers';
/** The headers of a response that no other origin may read. */
const NOT_ALLOWED = { Vary: VARY };
/** Most sets of headers that are stored, by method and origin. */
const MOST_REMEMBERED = 100;
/** How long browsers may cache a preflight: the most that Chromium allows. Other browsers apply a limit of their own. */
const MAX_AGE_SECONDS = 7200;

/** Decides which origins may use the proxy, and makes the CORS headers for the browser. */
export interface Cors {
  /** Whether the origin of the request is allowed. A request without `Origin` comes from no page of another site, and is allowed. */
  allows(incoming: IncomingRequest): boolean;
  /** The response to a preflight for a path that accepts `methods`. */
  preflight(incoming: IncomingRequest, methods: readonly string[]): Answer;
  /** The CORS headers of every response: mostly the same object for requests of one origin. */
  headersFor(incoming: IncomingRequest): Readonly<Record<string, string>>;
}

/**
 * The origin of a request for the log, quoted, at most 200 characters. A client may send any text as `Origin`: the part before an
 * `@`, a path and a query are left out, because they may be credentials.
 */
export function describeOrigin({ headers }: Pick<IncomingRequest, 'headers'>): string {
  const origin = headers.get('Origin') ?? '';
  return `"${origin.replace(/^(\w+:\/\/)?(?:.*@)?([^/?#\\]*).*$/, '$1$2').slice(0, 198)}"`;
}

/**
 * Makes the check of origins. The proxy's own origin is always allowed.
 *
 * @param origins as a browser sends them, e.g. `https://shop.example.com`
 */
export function createCors(origins: readonly string[]): Cors {
  const known = new Set(origins);
  const remembered = new Map<string, Readonly<Record<string, string>>>();

  function allows(incoming: IncomingRequest): boolean {
    const origin = incoming.headers.get('Origin');
    return origin === null || known.has(origin) || isSameOrigin(origin, incoming);
  }

  return {
    allows,
    headersFor(incoming): Readonly<Record<string, string>> {
      const { method } = incoming;
      const origin = incoming.headers.get('Origin');
      if (origin === null || !allows(incoming))
        return method === 'OPTIONS' ? { Vary: VARY_OPTIONS } : NOT_ALLOWED;
      const key = `${method} ${origin}`;
      const known = remembered.get(key);
      if (known) return known;
      const Vary = method === 'OPTIONS' ? VARY_OPTIONS : VARY;
      const headers = {
        Vary,
        // Credentials are allowed for pages behind a gateway that needs its cookie with every request (`delivery.credentials`).
        // Credentials are safe for POST: no response of the proxy to a POST depends on a cookie. Metrics and health, which a gateway may
        // guard, are read with GET, for which credentials are not allowed.
        ...(/^(POST|OPTIONS)$/.test(method) && { 'Access-Control-Allow-Credentials': 'true' }),
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Expose-Headers': EXPOSE_HEADERS,
      };
      // A client that claims ever new origins can only clear this memory, not fill it.
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(key, headers);
      return headers;
    },
    preflight({ headers: requestHeaders }, methods) {
      const headers = {
        Allow: methods.join(', '),
        'Access-Control-Allow-Methods': methods.join(', '),
        'Access-Control-Allow-Headers': [
          ...ALLOW_HEADERS,
          ...foreignHeaders(requestHeaders.get('Access-Control-Request-Headers') ?? ''),
        ].join(', '),
        'Access-Control-Max-Age': String(MAX_AGE_SECONDS),
      };
      return answer(204, headers);
    },
  };
}

/**
 * The headers that a preflight requests in addition to those of the SDK. Scripts for tracing add some to every request of a page
 * (`sentry-trace`, `baggage`, `traceparent`), and a browser sends no request if one of its headers is not allowed. So all of them
 * are allowed; the proxy reads none of them.
 */
function foreignHeaders(requested: string): readonly string[] {
  const known = new Set(ALLOW_HEADERS.map((name) => name.toLowerCase()));
  const names = requested.split(',').map((name) => name.trim());
  return names
    .filter((name) => NAME.test(name) && !known.has(name.toLowerCase()))
    .slice(0, MAX_ASKED_HEADERS);
}

/**
 * Whether the request comes from a page of the proxy's own origin. A page of another site cannot set the headers that are read here
 * without a preflight, and a client that is not a browser can claim any `Origin` anyway.
 */
export function isSameOrigin(
  origin: string,
  { headers, url }: Pick<IncomingRequest, 'headers' | 'url'>,
): boolean {
  // `Sec-Fetch-Site`, which only the browser sets, is right even where a reverse proxy has rewritten the host.
  if (headers.get('Sec-Fetch-Site') === 'same-origin') return true;
  const own = new URL(url);
  const page = parse(origin);
  // TLS often ends before the proxy, so a page of https may have the origin of a request that arrives by http. A page of http never
  // has the origin of a request that arrives by https.
  const schemes = own.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
  if (page === null || !schemes.includes(page.protocol)) return false;
  const hosts = [own.host, headers.get('Host'), headers.get('X-Forwarded-Host')];
  return hosts.some(
    (host) => host !== null && parse(`${page.protocol}//${host.split(',')[0]?.trim()}`)?.host === page.host,
  );
}

function parse(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}
