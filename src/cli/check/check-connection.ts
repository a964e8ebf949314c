import { BATCH_PATH } from '../../protocol/wire.ts';
import { type ProbeAnswer, inWords, type ProbeFailure } from './probe.ts';
import { fail, type Finding, pass, skip, warning } from './check-result.ts';
import type { CheckContext } from './check-context.ts';

const A_DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Advice for certificates that browsers refuse, by the error code of Node. */
const CERTIFICATE_ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'Use a certificate that an authority has signed: browsers refuse one that signs itself.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'Use a certificate that a public authority has signed. For one of your own: NODE_EXTRA_CA_CERTS=file.pem.',
  CERT_HAS_EXPIRED: 'Renew the certificate.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use a certificate that names this host.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Serve the intermediate certificates too.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'Use a certificate of a public authority. For one of your own: NODE_EXTRA_CA_CERTS=file.pem.',
};

/** Advice for failed connections, by the error code of Node. */
const CONNECTION_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: start the proxy, or correct the host and port.',
  ENOTFOUND: 'There is no such host: correct the address, or its DNS record.',
  TIMEOUT: 'Something accepts connections and says nothing: look at what stands in front of the proxy.',
};

/** Checks that a server accepts batches at the URL. If not, all other checks are skipped. */
export async function checkConnection(context: CheckContext): Promise<readonly Finding[]> {
  const reply = await context.postEvents([]);
  if (reply.kind === 'failure') return [unreachable(reply)];
  const findings = [
    pass('reachable', `answered after ${reply.ms} ms`),
    tls(context, reply),
    noRedirect(context, reply),
  ];
  if (findings.some(({ status, blocks }) => status === 'fail' || blocks !== undefined)) return findings;
  return [...findings, endpoint(reply)];
}

function unreachable(reply: ProbeFailure): Finding {
  const advice = CERTIFICATE_ADVICE[reply.code];
  // OpenSSL and Node have many more error codes for problems with TLS.
  if (advice !== undefined || /TLS|SSL|CERT/.test(reply.code)) {
    return fail('TLS', reply.code, advice ?? 'Correct the TLS settings of the server.', 'all');
  }
  return fail(
    'reachable',
    inWords(reply),
    CONNECTION_ADVICE[reply.code] ?? 'Look into the log of the proxy and of what stands in front of it.',
    'all',
  );
}

function tls({ url, origin }: CheckContext, { validUntil }: ProbeAnswer): Finding {
  if (url.protocol === 'http:') {
    // Browsers treat these hosts as secure; https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
    if (/^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname))
      return skip('TLS', 'plain HTTP on this machine');
    const advice = 'Serve it over https: browsers let no https page send to http, and keys travel readable.';
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
  const detail = `answered ${status}${shown}`;
  if ((status === 307 || status === 308) && target?.origin === context.url.origin) {
    const advice =
      'Use the address that it leads to, and check that one: the SDK follows it, with two requests more for each page.';
    return { ...warning(name, detail, advice), blocks: 'all' };
  }
  return fail(
    name,
    detail,
    'Use the address that it leads to. The SDK follows only 307 and 308 to the same origin: otherwise a POST may become a GET whose 200 would pass for a delivery, or events go to somebody else.',
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
  if (status !== 404 && status !== 405 && !(isPage && status < 300)) return pass(name, 'there');
  return fail(
    name,
    `answered ${status}${isPage ? ' with an HTML page' : ''}`,
    `Correct the address: ${BATCH_PATH} comes after it. Something else answers here, and the SDK keeps all events (errors endpoint-refuses, not-a-proxy).`,
    'all',
  );
}
