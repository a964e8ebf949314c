import { errorPage } from '../../protocol/links.ts';
import { BATCH_PATH } from '../../protocol/wire.ts';
import { type ProbeAnswer, inWords, type ProbeFailure } from './probe.ts';
import { fail, type Finding, pass, skip, warning } from './check-result.ts';
import type { CheckContext } from './check-context.ts';

const A_DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Advice for certificates that browsers refuse, by the error code of Node. */
const CERTIFICATE_ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'Use a certificate of a public authority: browsers refuse self-signed certificates.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'Use a certificate of a public authority. For an authority of your own, set NODE_EXTRA_CA_CERTS=file.pem.',
  CERT_HAS_EXPIRED: 'Renew the certificate.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use a certificate that names this host.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Serve the intermediate certificates too.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'Use a certificate of a public authority. For an authority of your own, set NODE_EXTRA_CA_CERTS=file.pem.',
};

/** Advice for failed connections, by the error code of Node. */
const CONNECTION_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: start the proxy, or correct the host and port.',
  ENOTFOUND: 'The host does not exist: correct the URL, or the DNS record of the host.',
  TIMEOUT: 'A server accepts connections and does not respond: check the servers in front of the proxy.',
};

/** Checks that a server accepts batches at the URL. If not, all other checks are skipped. */
export async function checkConnection(context: CheckContext): Promise<readonly Finding[]> {
  const reply = await context.postEvents([]);
  if (reply.kind === 'failure') return [unreachable(reply)];
  const findings = [
    pass('reachable', `responded after ${reply.ms} ms`),
    tls(context, reply),
    noRedirect(context, reply),
  ];
  if (findings.some(({ status, blocks }) => status === 'fail' || blocks !== undefined)) return findings;
  return [...findings, endpoint(reply)];
}

/** The finding when there was no answer: the cause, and what to do about it. */
export function unreachable(reply: ProbeFailure): Finding {
  const advice = CERTIFICATE_ADVICE[reply.code];
  // OpenSSL and Node have many more error codes for problems with TLS.
  if (advice !== undefined || /TLS|SSL|CERT/.test(reply.code)) {
    return fail('TLS', reply.code, advice ?? 'Correct the TLS settings of the server.', 'all');
  }
  return fail(
    'reachable',
    inWords(reply),
    CONNECTION_ADVICE[reply.code] ?? 'Read the logs of the proxy and of the servers in front of it.',
    'all',
  );
}

function tls({ url, origin }: CheckContext, { validUntil }: ProbeAnswer): Finding {
  if (url.protocol === 'http:') {
    // Browsers treat these hosts as secure; https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
    if (/^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname))
      return skip('TLS', 'plain HTTP on this machine');
    const advice =
      'Serve the proxy over https: browsers block requests from https pages to http, and http does not encrypt keys.';
    return origin.startsWith('https:')
      ? fail('TLS', 'plain HTTP, for pages that are https', advice)
      : warning('TLS', 'plain HTTP', advice);
  }
  if (validUntil === undefined) return pass('TLS', 'trusted');
  const days = Math.floor((validUntil - Date.now()) / A_DAY_MS);
  const detail = `trusted, ${days} days left`;
  return days < SOON_DAYS ? warning('TLS', detail, 'Renew the certificate.') : pass('TLS', detail);
}

function noRedirect(context: CheckContext, answer: ProbeAnswer): Finding {
  const name = 'no redirect';
  const { status } = answer;
  if (status < 300 || status > 399) return pass(name, 'none');
  const target = targetOf(context, answer);
  // The target of the redirect may repeat the client key.
  const shown =
    target && !target.href.includes(context.clientKey) ? `, to ${target.origin}${target.pathname}` : '';
  const detail = `returned ${status}${shown}`;
  if ((status === 307 || status === 308) && target?.origin === context.url.origin) {
    const advice =
      'Use the URL of the redirect as proxyUrl, and check that URL: the SDK follows the redirect, with two more requests for each page.';
    return { ...warning(name, detail, advice), blocks: 'all' };
  }
  return fail(
    name,
    detail,
    'Use the URL of the redirect as proxyUrl. The SDK follows only 307 and 308 to the same origin: other redirects may turn a POST into a GET, or send events to another site.',
    'all',
  );
}

function targetOf({ url }: CheckContext, answer: ProbeAnswer): URL | null {
  const location = answer.header('Location');
  return location !== null && URL.canParse(location, url) ? new URL(location, url) : null;
}

function endpoint(answer: ProbeAnswer): Finding {
  const name = `POST ${BATCH_PATH}`;
  const { status } = answer;
  const isPage = /^text\/html/i.test(answer.header('Content-Type') ?? '');
  if (status !== 404 && status !== 405 && !(isPage && status < 300)) return pass(name, 'found');
  return fail(
    name,
    `returned ${status}${isPage ? ' with an HTML page' : ''}`,
    `Correct the URL, to which the SDK adds ${BATCH_PATH}. Another server responds here, and the SDK keeps all events. More: ${errorPage(isPage ? 'not-a-proxy' : 'endpoint-refuses')}`,
    'all',
  );
}
