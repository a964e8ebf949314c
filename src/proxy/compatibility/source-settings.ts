import { isHttps } from '../files/anonymous-id-cookie.ts';
import { type Answer, answerJson } from '../http/response.ts';
import type { IncomingRequest } from '../http/request.ts';
import { isLoopback } from '../lib/is-loopback.ts';

/** The name of the destination under which the SDKs of Customer.io look for their own settings. */
const DESTINATION = 'Customer.io Data Pipelines';
/** Only the browser may store the settings: `apiHost` depends on the host by which the page has reached the proxy. */
const HEADERS = { 'Cache-Control': 'private, max-age=300' };

/**
 * The settings of a source, in the form that Customer.io's SDKs read before their first event.
 *
 * Pages get `apiHost` and `protocol` too, so that the web SDK needs only `cdnURL`. Apps name both hosts in their own settings, and
 * a host of the response would replace theirs. No metrics about the SDK are sent (`sampleRate`): their host is not this proxy.
 */
export function answerSettings(key: string, incoming: IncomingRequest): Answer {
  const host = isFromPage(incoming) ? hostOf(incoming) : {};
  const integrations = { [DESTINATION]: { apiKey: key, ...host } };
  return answerJson(200, { integrations, metrics: { sampleRate: 0 } }, HEADERS);
}

/** Whether a browser has sent the request: apps send none of these headers. */
function isFromPage({ headers }: IncomingRequest): boolean {
  return ['Origin', 'Sec-Fetch-Site', 'Referer'].some((name) => headers.get(name) !== null);
}

/** The host and the path by which the page has reached the proxy. A server in front of the proxy may have changed `Host`. */
function hostOf(incoming: IncomingRequest): { readonly apiHost: string; readonly protocol: string } {
  const { headers, pathname, url } = incoming;
  const referer = headers.get('Referer') ?? '';
  const isSame = headers.get('Sec-Fetch-Site') === 'same-origin' && URL.canParse(referer);
  const page = isSame ? new URL(referer) : null;
  const [forwarded = ''] = (headers.get('X-Forwarded-Host') ?? headers.get('Host') ?? '').split(',');
  const host = page?.host ?? (forwarded.trim() || new URL(url).host);
  const below = pathname.replace(/\/+projects\/.*$/, '');
  const isPlain = page ? page.protocol === 'http:' : !isHttps(incoming) && isLoopback(hostnameOf(host));
  return { apiHost: `${host}${below}`, protocol: isPlain ? 'http' : 'https' };
}

function hostnameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}
