import { BATCH_PATH } from '../../protocol/wire.ts';
import { type ProbeAnswer, inWords, isDelivered, type Reply } from './probe.ts';
import { fail, type Finding, pass, skip, warning } from './check-result.ts';
import type { CheckContext } from './check-context.ts';

/**
 * The request headers of every batch that need permission:
 * https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
 */
const NEEDED = ['authorization', 'content-type'];
/** Headers that tracing scripts add to every request of a page: OpenTelemetry and W3C Trace Context, Sentry. */
const TRACING = ['baggage', 'sentry-trace', 'traceparent'];

/** Checks that browsers let pages of another origin send batches, and read the answers. */
export async function checkPreflight(context: CheckContext): Promise<readonly Finding[]> {
  if (!context.isCrossOrigin)
    return [skip('preflight', 'not needed for pages of the same origin; for others: --origin')];
  const reply = await preflight(context, NEEDED);
  const verdict = permission(context, reply);
  const answered = await context.postEvents([]);
  const refused = await context.postEvents([], { authorization: null });
  return [
    verdict,
    ...(verdict.status === 'pass' && reply.kind === 'answer'
      ? [remembered(reply), await traced(context), withCookies(reply, answered)]
      : []),
    readable(context, answered),
    readableRefusal(context, refused),
    await exposed(context, answered),
  ];
}

function preflight({ probe, origin }: CheckContext, headers: readonly string[]): Promise<Reply> {
  return probe({
    method: 'OPTIONS',
    path: BATCH_PATH,
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': headers.join(','),
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'cors',
    },
  });
}

function permission(context: CheckContext, reply: Reply): Finding {
  const no = (detail: string, advice: string): Finding => fail('preflight', detail, advice);
  if (reply.kind === 'failure' || !isDelivered(reply))
    return no(
      inWords(reply),
      'Return 204 and the Access-Control headers for OPTIONS, without a check of the key: browsers send no key with OPTIONS.',
    );
  if (!allowsOrigin(context, reply))
    return no(`does not allow ${context.origin}`, `Send Access-Control-Allow-Origin: ${context.origin}`);
  const missing = NEEDED.filter((name) => !allowsHeader(reply, name));
  if (missing.length > 0)
    return no(
      `does not allow the header ${missing.join(', ')}`,
      `Send Access-Control-Allow-Headers: Authorization, Content-Type. The wildcard * does not include Authorization.`,
    );
  return pass('preflight', `allows ${context.origin}`);
}

/** By default the SDK sends no cookies, so `*` is enough. */
function allowsOrigin({ origin }: CheckContext, answer: ProbeAnswer): boolean {
  const allowed = answer.header('Access-Control-Allow-Origin');
  return allowed === '*' || allowed === origin;
}

function allowsHeader(answer: ProbeAnswer, name: string): boolean {
  const allowed = listIn(answer, 'Access-Control-Allow-Headers');
  return allowed.includes(name) || (name !== 'authorization' && allowed.includes('*'));
}

function listIn(answer: ProbeAnswer, name: string): readonly string[] {
  return (answer.header(name) ?? '').split(',').map((item) => item.trim().toLowerCase());
}

function remembered(answer: ProbeAnswer): Finding {
  const seconds = Number(answer.header('Access-Control-Max-Age') ?? 0);
  if (seconds > 0) return pass('preflight kept', `for ${seconds} s`);
  const advice = 'Send Access-Control-Max-Age: 7200. Without it, browsers send a preflight every 5 seconds.';
  return warning('preflight kept', 'no Access-Control-Max-Age', advice);
}

/** Few pages send cookies, so this is never a failure. https://fetch.spec.whatwg.org/#cors-protocol-and-credentials */
function withCookies(preflight: ProbeAnswer, answered: Reply): Finding {
  const allow = (reply: Reply): boolean =>
    reply.kind === 'answer' &&
    reply.header('Access-Control-Allow-Credentials') === 'true' &&
    reply.header('Access-Control-Allow-Origin') !== '*';
  const name = 'cookies';
  if (allow(preflight) && allow(answered)) return pass(name, "delivery.credentials may be 'include'");
  return skip(name, "not allowed, which only delivery.credentials: 'include' needs");
}

async function traced(context: CheckContext): Promise<Finding> {
  const name = 'tracing headers';
  const reply = await preflight(context, [...NEEDED, ...TRACING].sort());
  const missing = TRACING.filter((header) => reply.kind === 'failure' || !allowsHeader(reply, header));
  if (missing.length === 0) return pass(name, TRACING.join(', '));
  return warning(
    name,
    `does not allow ${missing.join(', ')}`,
    'Allow the headers that Access-Control-Request-Headers names. Tracing scripts add these headers to every request of a page, and the browser then sends no request.',
  );
}

function readable(context: CheckContext, reply: Reply): Finding {
  if (reply.kind === 'answer' && allowsOrigin(context, reply)) return pass('answers readable', 'by the page');
  return fail(
    'answers readable',
    reply.kind === 'answer' ? 'not by the page' : inWords(reply),
    'Send Access-Control-Allow-Origin with responses to POST too: without it, the SDK cannot read that events were accepted.',
  );
}

function readableRefusal(context: CheckContext, reply: Reply): Finding {
  if (reply.kind === 'answer' && allowsOrigin(context, reply))
    return pass('refusals readable', 'by the page');
  return warning(
    'refusals readable',
    reply.kind === 'answer' ? 'not by the page' : inWords(reply),
    'Send Access-Control-Allow-Origin with errors too: without it, a wrong key looks like a broken network.',
  );
}

async function exposed(context: CheckContext, reply: Reply): Promise<Finding> {
  const name = 'exposed headers';
  if (reply.kind === 'failure') return skip(name, inWords(reply));
  const readable = listIn(reply, 'Access-Control-Expose-Headers');
  const readsGzip = /\bgzip\b/i.test(reply.header('Accept-Encoding') ?? '');
  const wanted = ['retry-after', 'date', ...(readsGzip ? ['accept-encoding'] : [])];
  const missing = readable.includes('*') ? [] : wanted.filter((header) => !readable.includes(header));
  if (missing.length > 0)
    return warning(
      name,
      `not ${missing.join(', ')}`,
      `Send Access-Control-Expose-Headers: ${wanted.join(', ')}. Without it, the SDK cannot read them, and chooses its own delays.`,
    );
  if (readsGzip) {
    const packed = await preflight(context, ['authorization', 'content-encoding', 'content-type']);
    if (packed.kind === 'failure' || !allowsHeader(packed, 'content-encoding'))
      // The SDK on the page has read that gzip is supported, and the browser then refuses to send the header.
      return fail(
        name,
        'gzip is announced, and the header content-encoding is not allowed',
        'Add Content-Encoding to Access-Control-Allow-Headers.',
      );
  }
  return pass(name, wanted.join(', '));
}
