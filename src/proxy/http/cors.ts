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
/** A name of a header: https://www.rfc-editor.org/rfc/rfc9110#name-tokens. No `*`, which would allow whatever there is. */
const NAME = /^[\w!#$%&'+.^`|~-]{1,100}$/;
const MAX_ASKED_HEADERS = 50;
const EXPOSE_HEADERS = 'Accept-Encoding, Retry-After, Date, WWW-Authenticate';
const VARY = 'Origin';
const VARY_OPTIONS = 'Origin, Access-Control-Request-Headers';
const OF_NOBODY = { Vary: VARY };
/** As many headers as are remembered, by method and origin. */
const MOST_MADE = 100;
/** The longest that Chromium caches a preflight; others cap it by themselves. */
const MAX_AGE_SECONDS = 7200;

/** Which origins may talk to the proxy, and the headers that tell the browser so. */
export interface Cors {
  /** A request without `Origin` comes from no other site's page, and passes. */
  allows(incoming: IncomingRequest): boolean;
  preflight(incoming: IncomingRequest, methods: readonly string[]): Answer;
  /** The headers of every answer: mostly the same object for requests of one origin. */
  headersFor(incoming: IncomingRequest): Readonly<Record<string, string>>;
}

/** `origins`: serialised as a browser sends them, e.g. `https://shop.example.com`. The proxy's own is always allowed. */
export function createCors(origins: readonly string[]): Cors {
  const known = new Set(origins);
  const made = new Map<string, Readonly<Record<string, string>>>();

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
        return method === 'OPTIONS' ? { Vary: VARY_OPTIONS } : OF_NOBODY;
      const key = `${method} ${origin}`;
      const before = made.get(key);
      if (before) return before;
      const Vary = method === 'OPTIONS' ? VARY_OPTIONS : VARY;
      const headers = {
        Vary,
        // For pages behind a gateway that wants its cookie with every request (`delivery.credentials`). Nothing that the proxy says in
        // answer to a POST depends on a cookie. Metrics and health, which a gateway may guard, are read with GET.
        ...(/^(POST|OPTIONS)$/.test(method) && { 'Access-Control-Allow-Credentials': 'true' }),
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Expose-Headers': EXPOSE_HEADERS,
      };
      // Whoever claims new origins all the time only makes the memory shorter.
      if (made.size >= MOST_MADE) made.clear();
      made.set(key, headers);
      return headers;
    },
    preflight({ headers: asked }, methods) {
      const headers = {
        Allow: methods.join(', '),
        'Access-Control-Allow-Methods': methods.join(', '),
        'Access-Control-Allow-Headers': [
          ...ALLOW_HEADERS,
          ...othersIn(asked.get('Access-Control-Request-Headers') ?? ''),
        ].join(', '),
        'Access-Control-Max-Age': String(MAX_AGE_SECONDS),
      };
      return answer(204, headers);
    },
  };
}

/**
 * The headers that a preflight asks for besides those of the SDK. Scripts for tracing put some on every request of a page
 * (`sentry-trace`, `baggage`, `traceparent`), and a browser that is refused one of them sends nothing. The proxy reads none.
 */
function othersIn(asked: string): readonly string[] {
  const known = new Set(ALLOW_HEADERS.map((name) => name.toLowerCase()));
  const names = asked.split(',').map((name) => name.trim());
  return names
    .filter((name) => NAME.test(name) && !known.has(name.toLowerCase()))
    .slice(0, MAX_ASKED_HEADERS);
}

/**
 * Whether a page of `origin` asks its own server. Neither header that answers this can be set by a page of another site without a preflight, and a caller that is no
 * browser can claim any `Origin` anyway.
 */
export function isSameOrigin(
  origin: string,
  { headers, url }: Pick<IncomingRequest, 'headers' | 'url'>,
): boolean {
  // What the browser itself says holds even where a reverse proxy has rewritten the host.
  if (headers.get('Sec-Fetch-Site') === 'same-origin') return true;
  const here = new URL(url);
  const page = parse(origin);
  // TLS often ends before the proxy, so an https page may well be at home here; an http page below https is not.
  const schemes = here.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
  if (page === null || !schemes.includes(page.protocol)) return false;
  const hosts = [here.host, headers.get('Host'), headers.get('X-Forwarded-Host')];
  return hosts.some(
    (host) => host !== null && parse(`${page.protocol}//${host.split(',')[0]?.trim()}`)?.host === page.host,
  );
}

function parse(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}
