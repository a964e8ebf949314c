import type { IncomingRequest } from '../../http/request.ts';

/**
 * The sandbox of the renderer's page. Messages hold scripts of their authors, so the page has no origin (`sandbox` without
 * `allow-same-origin`): it reads no cookie, no storage and nothing of the page around it, also where somebody opens it by its URL.
 */
const SANDBOX = 'sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox';

/** The origin of the proxy for this request, as a source of a policy. A page without an origin does not match `'self'` in all browsers. */
function ownSource({ url }: Pick<IncomingRequest, 'url'>): string {
  const { protocol, host } = new URL(url);
  // Policies have no sources with IPv6 addresses. https://www.w3.org/TR/CSP3/#grammardef-host-part
  return /^[\w.-]+(:\d+)?$/.test(host) ? `'self' ${protocol}//${host}` : "'self'";
}

/**
 * The headers of the page.
 *
 * @param origins the origins whose pages may show messages, besides the proxy's own
 * @param isIsolated whether the page around it is cross-origin isolated, and needs the same of its frames
 */
export function pageHeaders(
  incoming: Pick<IncomingRequest, 'url'>,
  origins: readonly string[],
  isIsolated: boolean,
): Readonly<Record<string, string>> {
  const own = ownSource(incoming);
  const policy = [
    SANDBOX,
    "default-src 'none'",
    `script-src ${own} 'unsafe-inline' 'wasm-unsafe-eval'`,
    `style-src ${own} 'unsafe-inline'`,
    `img-src ${own} https: data:`,
    `font-src ${own} data:`,
    'media-src https:',
    `connect-src ${own}`,
    `base-uri ${own}`,
    `frame-ancestors ${[own, ...origins].join(' ')}`,
  ];
  return {
    ...COMMON,
    'Content-Security-Policy': policy.join('; '),
    ...(isIsolated && {
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    }),
  };
}

/** The headers of the other files. A frame without an origin loads scripts, fonts and wasm as a page of another origin. */
export function fileHeaders(): Readonly<Record<string, string>> {
  return {
    ...COMMON,
    // An image or a script that somebody opens by its URL runs no script of the site.
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  };
}

const COMMON = { 'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff' };
