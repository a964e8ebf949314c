import { errorPage } from '../../../protocol/links.ts';
import {
  MESSAGES_FETCH_PATH,
  MESSAGES_METRIC_PATH,
  MESSAGES_SEEN_PATH,
  MESSAGES_STREAM_PATH,
} from '../../../protocol/wire.ts';
import { unreachable } from '../check-connection.ts';
import { fail, type Finding, pass, skip } from '../check-result.ts';
import { inWords, isDelivered, type ProbeAnswer, type Reply } from '../probe.ts';
import { CONFIGURE_IN_APP, isHtml, OTHER_SERVER, readErrorAnswer } from './error-answer.ts';
import type { InAppContext } from './in-app-context.ts';

const POST_PATHS = [MESSAGES_FETCH_PATH, MESSAGES_SEEN_PATH, MESSAGES_METRIC_PATH];
const CREDENTIAL_ERRORS = new Set(['invalid_token', 'invalid_client_key']);

/**
 * Checks that the calls about messages exist and refuse requests without credentials. The requests have no credentials, so that the
 * proxy sends nothing to Customer.io.
 */
export async function checkMessageCalls(context: InAppContext): Promise<readonly Finding[]> {
  const [fetchPath = '', ...otherPaths] = POST_PATHS;
  const first = await send(context, 'POST', fetchPath);
  const finding = judge(context, `POST ${fetchPath}`, first);
  if (finding.blocks === 'all') return [finding];
  const findings: Finding[] = [finding];
  for (const path of otherPaths)
    findings.push(judge(context, `POST ${path}`, await send(context, 'POST', path)));
  const stream = await send(context, 'GET', MESSAGES_STREAM_PATH);
  findings.push(judgeStream(context, stream), await preflight(context), readable(context, first));
  return findings;
}

function send(context: InAppContext, method: 'GET' | 'POST', path: string): Promise<Reply> {
  return context.probe({
    method,
    path: context.basePath + path,
    headers: {
      Origin: context.origin,
      'Sec-Fetch-Site': context.isCrossOrigin ? 'cross-site' : 'same-origin',
      'Sec-Fetch-Mode': 'cors',
      ...(method === 'POST' && { 'Content-Type': 'application/json' }),
    },
    ...(method === 'POST' && { body: '{}' }),
  });
}

function judge({ origin }: InAppContext, name: string, reply: Reply): Finding {
  if (reply.kind === 'failure') return unreachable(reply);
  const { status } = reply;
  const { code, missingOption } = readErrorAnswer(reply);
  const detail = `${inWords(reply)}${isHtml(reply) ? ' with an HTML page' : ''} without credentials`;
  if (status === 401 && CREDENTIAL_ERRORS.has(code)) return pass(name, detail);
  if (status === 404 && missingOption === 'inApp')
    return fail(name, 'returned 404: the option "inApp" is missing', CONFIGURE_IN_APP, 'all');
  if (status === 404 && missingOption === 'customerToken')
    return fail(
      name,
      'returned 404: the option "customerToken" is missing',
      'Set the option customerToken of createProxy; of the command "proxy", CIO_TOKEN_SECRET, CIO_TOKEN_PUBLIC_KEY or CIO_TOKEN_JWKS_URL. For anonymous visitors alone: inApp.anonymous or CIO_IN_APP_ANONYMOUS_SECRET.',
    );
  if (code === 'origin_not_allowed')
    return fail(
      name,
      inWords(reply),
      `Add ${origin} to the origins of the proxy (CIO_ORIGINS). More: ${errorPage('origin_not_allowed')}`,
    );
  if (isHtml(reply) || (status === 404 && code === '')) return fail(name, detail, OTHER_SERVER, 'all');
  if (status === 404)
    return fail(
      name,
      detail,
      'Correct the URL, which must have the base path of the proxy, or update the proxy.',
    );
  if (status === 401)
    return fail(
      name,
      `${detail}, and not by the proxy`,
      'Let the servers in front of the proxy ask for no password.',
    );
  if (status < 300)
    return fail(
      name,
      detail,
      'Return 401: a server in front adds credentials or responds by itself, and everybody can read messages.',
    );
  return fail(name, detail, 'Read the logs of the proxy and of the servers in front of it.');
}

/** Where the runtime of the proxy cannot stream, the path is missing, and the SDK polls instead. */
function judgeStream(context: InAppContext, reply: Reply): Finding {
  const name = `GET ${MESSAGES_STREAM_PATH}`;
  if (reply.kind === 'answer' && reply.status === 404) {
    const { code, missingOption } = readErrorAnswer(reply);
    if (missingOption === 'customerToken') return skip(name, 'needs the option "customerToken"');
    if (code === 'not_found' && missingOption === '')
      return skip(name, 'returned 404: this proxy cannot stream, so the SDK fetches messages every 30 s');
  }
  return judge(context, name, reply);
}

async function preflight(context: InAppContext): Promise<Finding> {
  const name = 'preflight';
  if (!context.isCrossOrigin)
    return skip(name, 'not needed for pages of the same origin; for others: --origin');
  const reply = await context.probe({
    method: 'OPTIONS',
    path: context.basePath + MESSAGES_FETCH_PATH,
    headers: {
      Origin: context.origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    },
  });
  if (reply.kind === 'answer' && isDelivered(reply) && allowsOrigin(context, reply))
    return pass(name, `allows ${context.origin}`);
  return fail(
    name,
    `${inWords(reply)}, and does not allow ${context.origin}`,
    `Let OPTIONS reach the proxy for ${MESSAGES_FETCH_PATH} too, and add ${context.origin} to its origins (CIO_ORIGINS).`,
  );
}

function readable(context: InAppContext, reply: Reply): Finding {
  const name = 'answers readable';
  if (!context.isCrossOrigin) return skip(name, 'by every page of the same origin');
  if (reply.kind === 'answer' && allowsOrigin(context, reply)) return pass(name, 'by the page');
  return fail(
    name,
    'not by the page',
    `Send Access-Control-Allow-Origin: ${context.origin} with all responses.`,
  );
}

function allowsOrigin({ origin }: InAppContext, answer: ProbeAnswer): boolean {
  const allowed = answer.header('Access-Control-Allow-Origin');
  return allowed === '*' || allowed === origin;
}
