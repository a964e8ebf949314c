import type { FuzzAnswer, Story } from './check.ts';
import { CODE_URL, GUEST_SECRET, IN_APP_URL, REALTIME_URL, RENDERER_URL, SITE_ID } from './in-app.ts';
import { isObject } from './judge.ts';
import type { MessageCall } from './message-call.ts';
import { reportKey, reportOf } from './metrics.ts';
import { UPSTREAM_URL } from './plan.ts';
import { MINE } from './secrets.ts';
import { type Call, HOOK } from './upstream.ts';

/** The services that a call may ask. */
const SERVICES: Readonly<Record<MessageCall['path'], readonly string[]>> = {
  fetch: [IN_APP_URL],
  seen: [IN_APP_URL],
  inbox: [IN_APP_URL],
  stream: [REALTIME_URL],
  metric: [UPSTREAM_URL, HOOK],
  page: [RENDERER_URL, CODE_URL],
  file: [RENDERER_URL, CODE_URL],
  'no-file': [],
};
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Returns all violations of the rules by a request to a path of messages. */
export function problemsOfMessageCall(story: Story, call: MessageCall): readonly string[] {
  const { answer, calls } = story;
  return [
    ...calls.flatMap((each) => problemsOfService(each, story, call)),
    ...secretsOfServices(answer),
    ...outcomeOf(story, call),
    ...(call.path === 'page' || call.path === 'file' ? sandboxOf(answer) : []),
  ];
}

function problemsOfService({ url, init, body }: Call, story: Story, call: MessageCall): readonly string[] {
  const { forbidden } = story;
  const problems: string[] = [];
  if (!SERVICES[call.path].some((service) => url === service || url.startsWith(`${service}/`)))
    problems.push(`asked ${url}`);
  if (call.path === 'metric') return [...problems, ...problemsOfReport(body, story, call)];
  if (init.redirect !== 'manual') problems.push('would follow redirects');
  const headers = new Headers(init.headers);
  const sent = `${url}${body}${JSON.stringify([...headers])}`;
  if (forbidden.some((secret) => sent.includes(secret))) problems.push('sent a secret to a service');
  if (headers.has('cookie') || headers.has('authorization')) problems.push('sent credentials to a service');
  const token =
    headers.get('X-Gist-Encoded-User-Token') ?? new URL(url, UPSTREAM_URL).searchParams.get('userToken');
  if (token !== null && !mayAskAs(Buffer.from(token, 'base64').toString(), headers, story))
    problems.push(`asked as ${token}`);
  if (token === null && !['page', 'file'].includes(call.path)) problems.push('asked as nobody');
  return problems;
}

function mayAskAs(person: string, headers: Headers, { plan, request }: Story): boolean {
  if (request.subject !== null) return person === request.subject && plan.tokens !== 'off';
  return plan.anonymous && UUID.test(person) && headers.get('X-Gist-User-Anonymous') === 'true';
}

function problemsOfReport(
  body: string,
  { request }: Story,
  { fields, isIntact }: MessageCall,
): readonly string[] {
  const { batch = [] } = JSON.parse(body) as { batch?: unknown };
  const [event, ...more] = Array.isArray(batch) ? (batch as readonly unknown[]) : [];
  if (!isObject(event) || more.length > 0) return ['sent something else than a report'];
  const expected = reportOf(fields, request.subject);
  const isRight = expected !== null && reportKey(event) === reportKey(expected);
  return isRight || !isIntact ? [] : ['sent a forged report'];
}

function secretsOfServices({ headers, body }: FuzzAnswer): readonly string[] {
  const told = JSON.stringify(headers) + body;
  return [SITE_ID, GUEST_SECRET, 'id-of-the-service'].flatMap((text) =>
    told.includes(text) ? [`told "${text}"`] : [],
  );
}

/** Whether the call, as it was made, must be answered with 200 by services that work. */
function isAllowed({ plan, request }: Story, { path, fields }: MessageCall): boolean {
  if (!request.isHeadGood) return false;
  if (path === 'metric') return reportOf(fields, request.subject) !== null;
  if (path === 'no-file' || !plan.hasMessages) return false;
  if (path === 'page' || path === 'file') return true;
  const hasToken = plan.tokens !== 'off' && request.subject === MINE;
  if (path === 'stream') return hasToken;
  const { userId = null, anonymousId, id } = fields;
  if (path === 'seen' && !isId(id)) return false;
  if (hasToken) return userId === null || userId === MINE;
  return path !== 'inbox' && plan.anonymous && userId === null && isId(anonymousId);
}

function isId(id: unknown): boolean {
  return typeof id === 'string' && id !== '' && id.length <= 200 && !id.includes('\u0000');
}

function outcomeOf(story: Story, call: MessageCall): readonly string[] {
  const { mood, request, answer, calls, log, plan } = story;
  const isRead = call.isIntact || request.method === 'GET';
  const isTaken = answer.status < 400;
  if (!request.isHeadGood || (isRead && !isAllowed(story, call))) {
    return [
      ...(isTaken ? [`answered ${answer.status} to a call that is not allowed`] : []),
      ...(calls.length > 0 ? ['asked a service for a call that is not allowed'] : []),
    ];
  }
  const mayFail = mood !== 'good' || log[0]?.error === 'rate_limited' || plan.breakAfter < 10;
  return isTaken || mayFail || !isRead ? [] : [`answered ${answer.status} though nothing was wrong`];
}

/** Checks that a page cannot be script of the site. */
function sandboxOf({ status, headers }: FuzzAnswer): readonly string[] {
  const policy = headers['content-security-policy'] ?? '';
  if (status >= 400) return [];
  const isSandboxed = policy.startsWith('sandbox') && !policy.includes('allow-same-origin');
  return [
    ...(isSandboxed ? [] : ['a frame without a sandbox']),
    ...(headers['x-content-type-options'] === 'nosniff' ? [] : ['a frame that may be sniffed']),
    ...(headers['set-cookie'] === undefined ? [] : ['a frame with a cookie']),
  ];
}
