import { unreachable } from '../check-connection.ts';
import { fail, type Finding, pass, warning } from '../check-result.ts';
import { inWords, type ProbeAnswer, type Reply } from '../probe.ts';
import { readPolicies } from './content-policy.ts';
import { CONFIGURE_IN_APP, isHtml, OTHER_SERVER, readErrorAnswer } from './error-answer.ts';
import { findInHtml } from './find-in-html.ts';
import type { InAppContext } from './in-app-context.ts';

const NAME = 'page';
const DAY_S = 86_400;

/** Checks that the page of the renderer arrives, from the proxy and not from another server. */
export function checkFramePage(context: InAppContext, reply: Reply): Finding {
  if (reply.kind === 'failure') return unreachable(reply);
  const { status, text, bytes, ms } = reply;
  const no = (detail: string, advice: string): Finding => fail(NAME, detail, advice, 'all');
  if (status >= 300 && status < 400)
    return no(`${inWords(reply)}, a redirect`, 'Use the URL to which the redirect leads as proxyUrl.');
  if (status !== 200) return refused(reply);
  const type = (reply.header('Content-Type') ?? 'no type').split(';')[0] ?? '';
  if (!isHtml(reply)) return no(`${inWords(reply)} with ${type} instead of an HTML page`, OTHER_SERVER);
  const { base } = findInHtml(text);
  const isOurs = base !== undefined && new URL(base, context.pageUrl).pathname.startsWith(context.framePath);
  const isSandboxed = readPolicies(reply.header('Content-Security-Policy')).some((each) =>
    each.has('sandbox'),
  );
  if (!isOurs && !isSandboxed)
    return no(`${inWords(reply)} with an HTML page that is not from the proxy`, OTHER_SERVER);
  return pass(NAME, `${inWords(reply)} with ${type}, ${bytes} bytes after ${ms} ms`);
}

function refused(answer: ProbeAnswer): Finding {
  const { code, missingOption } = readErrorAnswer(answer);
  const no = (detail: string, advice: string): Finding => fail(NAME, detail, advice, 'all');
  if (missingOption === 'inApp')
    return no(`${inWords(answer)}: the option "inApp" is missing`, CONFIGURE_IN_APP);
  if (code === 'not_found')
    return no(
      `${inWords(answer)}: the server of the renderer has no page, or the proxy has no such path`,
      'Compare inApp.rendererUrl (CIO_IN_APP_RENDERER_URL) with the URL of the renderer, update the proxy, and correct the base path in the URL.',
    );
  if (code === 'upstream_unavailable')
    return no(
      `${inWords(answer)}: the proxy cannot load the page of the renderer`,
      'Read "detail" in the log of the proxy: the server of the renderer does not respond, redirects to a third host, or its page has more than 2 MB.',
    );
  const detail = isHtml(answer) ? ' with an HTML page' : code === '' ? '' : ` (${code})`;
  return no(
    `${inWords(answer)}${detail}`,
    isHtml(answer) || answer.status === 404
      ? OTHER_SERVER
      : 'Read the logs of the proxy and of the servers in front of it.',
  );
}

/** Checks how long caches keep the page: it names the version of the renderer, so that an old page draws with an old renderer. */
export function checkFrameCache(answer: ProbeAnswer): Finding {
  const name = 'cache';
  const control = answer.header('Cache-Control') ?? '';
  const maxAge = Math.max(
    ...[...control.matchAll(/\b(?:s-maxage|max-age)=(\d+)/gi)].map(([, seconds]) => Number(seconds)),
    0,
  );
  const age = Number(answer.header('Age') ?? 0);
  const advice = `Let the caches in front of the proxy keep the header Cache-Control of the proxy, which allows 5 minutes.`;
  if (maxAge > DAY_S || /\bimmutable\b/i.test(control))
    return warning(name, `may be cached for ${maxAge} s`, advice);
  if (age > DAY_S) return warning(name, `is ${age} s old: a cache in front of the proxy keeps it`, advice);
  return pass(
    name,
    control === '' ? 'no Cache-Control' : `for ${maxAge} s${age > 0 ? `, now ${age} s old` : ''}`,
  );
}

/** Checks that the query reaches the proxy: for a page that is cross-origin isolated, the frame needs other headers. */
export async function checkIsolation({ getPage, pageUrl }: InAppContext): Promise<Finding> {
  const name = 'isolated pages';
  const reply = await getPage(new URL('?coi=1', pageUrl));
  const isIsolated =
    reply.kind === 'answer' &&
    reply.header('Cross-Origin-Embedder-Policy') === 'require-corp' &&
    reply.header('Cross-Origin-Resource-Policy') === 'cross-origin';
  if (isIsolated) return pass(name, 'Cross-Origin-Embedder-Policy with ?coi=1');
  return warning(
    name,
    'no Cross-Origin-Embedder-Policy and Cross-Origin-Resource-Policy with ?coi=1',
    'Let the servers in front of the proxy pass the query and these headers, and cache by query. Pages that are cross-origin isolated show no message otherwise.',
  );
}
