import type { ProxyErrorCode, ProxyLogEntry } from '../../src/proxy.ts';
import { basicAuthorization } from '../../src/protocol/wire.ts';
import { isObject, isOfAnother, judge, type Judgement, whyNot } from './judge.ts';
import { problemsOfMessageCall } from './check-message.ts';
import { isMetric, isReport, reportKey, reportOf } from './metrics.ts';
import { type Plan, UPSTREAM_URL, VISITOR_IP } from './plan.ts';
import type { FuzzRequest } from './request.ts';
import { WRITE_KEY } from './secrets.ts';
import { type Call, HOOK, type Mood } from './upstream.ts';

/** A response, read to its end. `body` is `''` when Node's HTTP server has responded instead of the proxy. */
export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Everything that is known about one request when it has ended. */
export interface Story {
  readonly plan: Plan;
  readonly mood: Mood;
  readonly request: FuzzRequest;
  readonly answer: FuzzAnswer;
  readonly calls: readonly Call[];
  readonly log: readonly ProxyLogEntry[];
  readonly forbidden: readonly string[];
  /** The ids of the events that had been accepted before this request. */
  readonly accepted: ReadonlySet<string>;
}

/** The error codes of responses to batches, with the status of each. */
const CODES: Readonly<Partial<Record<ProxyErrorCode, readonly number[]>>> = {
  not_found: [404],
  method_not_allowed: [405],
  origin_not_allowed: [403],
  invalid_client_key: [401],
  invalid_token: [401],
  unsupported_media_type: [415],
  unsupported_encoding: [415],
  body_too_large: [413],
  body_timeout: [408],
  invalid_encoding: [400],
  invalid_utf8: [400],
  invalid_json: [400],
  invalid_batch: [400],
  too_many_events: [413],
  event_too_large: [413],
  invalid_event: [400],
  privileged_event: [400],
  rejected: [400],
  batch_too_large: [413],
  upstream_unavailable: [503],
  upstream_misconfigured: [503],
  rate_limited: [429],
  invalid_body: [400],
  invalid_handle: [400],
  subject_mismatch: [403],
};

/** Returns all violations of the rules by this request; an empty list means that everything is right. */
export function problemsOf(story: Story): readonly string[] {
  const { call } = story.request;
  if (call) return [...formOf(story), ...secretsIn(story), ...problemsOfMessageCall(story, call)];
  const judgement = judge(story.request.body);
  return [
    ...formOf(story),
    ...secretsIn(story),
    ...story.calls.flatMap((each) => problemsOfCall(each, story, judgement)),
    ...outcomeOf(story, judgement),
  ];
}

/** Checks that the response has a form that a client can read. */
function formOf({ request, answer, log }: Story): readonly string[] {
  const { status, headers, body } = answer;
  const isFrame = request.call !== null && ['page', 'file', 'no-file'].includes(request.call.path);
  const problems: string[] = [];
  if (log.length !== 1 || log[0]?.status !== status) problems.push(`${log.length} log lines`);
  if (headers['vary']?.includes('Origin') !== true && !isFrame && !/cio.*js/.test(request.target))
    problems.push('no Vary');
  const allowed = headers['access-control-allow-origin'];
  // The files of the renderer are public: a frame without an origin loads them.
  if (allowed !== undefined && !isFrame && (allowed !== request.origin || !request.isOriginGood))
    problems.push('an origin that is not allowed');
  const sendsCookies = headers['access-control-allow-credentials'] !== undefined;
  if (sendsCookies && (headers['access-control-allow-origin'] ?? '*') === '*')
    problems.push('credentials allowed to a page that is not');
  if (/basic/i.test(headers['www-authenticate'] ?? '')) problems.push('a prompt for a password');
  if (status < 400) return problems;
  // A health response has the words of the health check instead of an error code.
  const isHealth = log[0]?.path.endsWith('/v1/health/ready') === true && log[0].error === undefined;
  if (request.method === 'HEAD' || isHealth) return problems;
  const { error = '', message, serverTime } = parsed(body);
  const statuses = CODES[error as ProxyErrorCode];
  if (!statuses?.includes(status)) problems.push(`${status} ${String(error)} is no answer`);
  if (typeof message !== 'string' || typeof serverTime !== 'number')
    problems.push('an answer without its words');
  if (headers['content-type'] !== 'application/json') problems.push('an answer that is not JSON');
  if (headers['x-content-type-options'] !== 'nosniff') problems.push('an answer that may be sniffed');
  if ([408, 429, 503].includes(status) && !headers['retry-after']) problems.push('no Retry-After');
  return problems;
}

function secretsIn({ answer, log, forbidden, calls }: Story): readonly string[] {
  const told = `${JSON.stringify(answer.headers)}${answer.body}${JSON.stringify(log)}`;
  const sent = calls.map(({ url, body }) => url + body).join('');
  return forbidden.flatMap((secret) => [
    ...(told.includes(secret) ? [`told "${secret}"`] : []),
    ...(sent.includes(secret) ? [`sent "${secret}"`] : []),
  ]);
}

function problemsOfCall(call: Call, story: Story, judgement: Judgement): readonly string[] {
  return [...(call.url === HOOK ? [] : problemsOfRequest(call)), ...problemsOfBatch(call, story, judgement)];
}

function problemsOfRequest({ url, init }: Call): readonly string[] {
  const problems: string[] = [];
  if (!/^https:\/\/pipelines\.example\.com\/v1\/batch(\?again)?$/.test(url)) problems.push(`asked ${url}`);
  if (!url.startsWith(UPSTREAM_URL) || init.method !== 'POST' || init.redirect !== 'manual')
    problems.push(`asked by ${init.method}, ${init.redirect}`);
  const headers = {
    authorization: basicAuthorization(WRITE_KEY),
    'content-type': 'application/json',
    'x-strict-mode': '1',
  };
  if (JSON.stringify([...new Headers(init.headers)]) !== JSON.stringify(Object.entries(headers)))
    problems.push('other headers went on');
  return problems;
}

function problemsOfBatch({ body }: Call, { plan, request }: Story, judgement: Judgement): readonly string[] {
  const metrics = judgement.kind === 'good' ? judgement.events.filter(isMetric) : [];
  const reports = new Set(metrics.flatMap((metric) => keyOfMetric(metric, request.subject) ?? []));
  const problems: string[] = [];
  const { batch, sentAt, ...rest } = parsed(body);
  if (Object.keys(rest).length > 0) problems.push(`"${Object.keys(rest).join()}" went on`);
  if (sentAt !== undefined && typeof sentAt !== 'string') problems.push('a strange sentAt went on');
  if (!Array.isArray(batch) || batch.length === 0) return [...problems, 'no batch went on'];
  for (const event of batch as readonly unknown[]) {
    if (isObject(event) && isReport(event)) {
      if (!reports.has(reportKey(event))) problems.push('sent a forged report');
      continue;
    }
    const why = whyNot(event);
    // The proxy adds fields to an event, which can make the event too large.
    if (why !== null && !(plan.readsIp && why === 'an event too large')) problems.push(`sent ${why}`);
    if (!isObject(event)) continue;
    if (isOfAnother(event, request.subject, plan.tokens)) problems.push('sent of another person');
    if (plan.filters && event['event'] === 'Debug') problems.push('sent what "filter" keeps back');
    const ips = Object.entries(isObject(event['context']) ? event['context'] : {}).filter(([key]) =>
      /^ip$/i.test(key),
    );
    if (plan.readsIp && ips.some(([, ip]) => ip !== VISITOR_IP))
      problems.push('sent an address that is claimed');
  }
  return problems;
}

/** Checks that a bad request was refused and a good request was accepted. */
function outcomeOf(story: Story, judgement: Judgement): readonly string[] {
  const { plan, mood, request, answer, calls } = story;
  const isTaken = request.isBatch && answer.status >= 200 && answer.status < 300;
  if (!request.isHeadGood || judgement.kind === 'bad') {
    const why = request.isHeadGood && judgement.kind === 'bad' ? judgement.why : 'its head';
    return [
      ...(isTaken ? [`answered ${answer.status} in spite of ${why}`] : []),
      ...(calls.length > 0 ? [`asked upstream in spite of ${why}`] : []),
    ];
  }
  const passing = judgement.events.filter(
    (event) =>
      !isOfAnother(event, request.subject, plan.tokens) &&
      (!isMetric(event) || keyOfMetric(event, request.subject) !== null),
  );
  const wanted = passing.filter((event) => !(plan.filters && event['event'] === 'Debug'));
  if (!isTaken) {
    const mayFail = mood !== 'good' && wanted.length > 0;
    // A good request may still be refused: the circuit breaker opens after failures, and the rate limit
    // applies.
    return mayFail || plan.breakAfter < 10 || isLimited(story)
      ? []
      : [`answered ${answer.status} though nothing was wrong`];
  }

  const { success, rejected = [] } = parsed(answer.body);
  if (success !== true || !Array.isArray(rejected)) return ['a 2xx that says nothing'];
  const left = new Map<string, number>();
  for (const event of judgement.events)
    add(left, keyOfMetric(event, request.subject) ?? essenceOf(event, plan), 1);
  const arrived = calls.filter((call) => call.accepted).flatMap(({ body }) => eventsIn(body));
  for (const event of arrived) add(left, essenceOf(event, plan), -1);

  const problems: string[] = [];
  if ([...left.values()].some((count) => count < 0))
    problems.push('something arrived that was never sent, or twice');
  const missing = [...left.values()].reduce((sum, count) => sum + Math.max(0, count), 0);
  const filtered = passing.length - wanted.length;
  const again = plan.deduplicates ? repeatsIn(passing, story.accepted) : 0;
  const lost = missing - rejected.length - filtered;
  if (lost < 0 || lost > again)
    problems.push(
      `${missing} did not arrive, ${rejected.length} were rejected, ${filtered} filtered and ${again} came again`,
    );
  if (mood === 'good' && arrived.length < wanted.length - again)
    problems.push(`${arrived.length} of ${wanted.length} arrived`);
  const ids = judgement.events.map(({ messageId }) =>
    typeof messageId === 'string' && messageId !== '' ? messageId : null,
  );
  for (const each of rejected as readonly Record<string, unknown>[])
    if (!ids.some((id) => id === each['messageId'])) problems.push('an id was rejected that never came');
  return problems;
}

function isLimited({ plan, log }: Story): boolean {
  return plan.perKey !== false && log[0]?.error === 'rate_limited';
}

export function acceptedIds(calls: readonly Call[]): readonly string[] {
  return calls
    .filter(({ accepted, url }) => accepted && (url === HOOK || url.startsWith(UPSTREAM_URL)))
    .flatMap(({ body }) => eventsIn(body))
    .flatMap(({ messageId }) => (typeof messageId === 'string' ? [messageId] : []));
}

function eventsIn(body: string): readonly Readonly<Record<string, unknown>>[] {
  return parsed(body)['batch'] as readonly Readonly<Record<string, unknown>>[];
}

/** Counts the events that were accepted before, or are in this batch twice. */
function repeatsIn(
  events: readonly Readonly<Record<string, unknown>>[],
  before: ReadonlySet<string>,
): number {
  const ids = events.flatMap(({ messageId }) => (typeof messageId === 'string' ? [messageId] : []));
  return ids.filter((id, index) => before.has(id) || ids.indexOf(id) < index).length;
}

/** The key of the event that Customer.io must get for a metric; `null`: it must get none. */
function keyOfMetric(event: Readonly<Record<string, unknown>>, subject: string | null): string | null {
  const report = isMetric(event) ? reportOf(event, subject) : null;
  return report && reportKey(report);
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** Returns the event without the IP address that the proxy writes into it. */
function essenceOf(event: Readonly<Record<string, unknown>>, { readsIp }: Plan): string {
  if (isReport(event)) return reportKey(event);
  // 1e999 is read as Infinity, which JSON cannot write, so the event is written and read again.
  const { context, ...rest } = parsed(JSON.stringify(event));
  if (!readsIp || (context !== undefined && context !== null && !isObject(context))) {
    return JSON.stringify({ ...rest, context });
  }
  const fields = Object.entries(context ?? {}).filter(([key]) => key.toLowerCase() !== 'ip');
  return JSON.stringify({ ...rest, context: Object.fromEntries(fields) });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
