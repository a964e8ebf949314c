import type { Random } from '../fakes/random.ts';
import { type Body, wholeBody, spoiltBody } from './body.ts';
import { BAD_ORIGINS, BAD_TYPES, GOOD_ORIGINS, GOOD_TYPES, makeCredentials } from './credentials.ts';
import type { Fields } from './events.ts';
import { makeMetric } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { FuzzRequest } from './request.ts';
import { COOKIE, MINE, type Tokens } from './secrets.ts';

/** A request to a path of messages. */
export interface MessageCall {
  readonly path: 'fetch' | 'seen' | 'metric' | 'inbox' | 'stream' | 'page' | 'file' | 'no-file';
  readonly fields: Readonly<Fields>;
  /** Whether the body arrives as it was made, so that the fields are what the proxy reads. */
  readonly isIntact: boolean;
}

const TARGETS = {
  fetch: ['/v1/messages/fetch', '//v1/messages//fetch/'],
  seen: ['/v1/messages/seen'],
  metric: ['/v1/messages/metric', '/v1/messages/metric?handle=x'],
  inbox: ['/v1/inbox/fetch'],
  stream: ['/v1/messages/stream', '/v1/messages/stream?sessionId=u2&userToken=dTI='],
  page: ['/v1/frame/index.html', '/v1/frame/index.html?coi=1', '/v1/frame/index.html?userToken=dTI='],
  file: ['/v1/frame/c/renderer/1.2.3/main.js', '/v1/frame/r/main.js'],
  'no-file': [
    '/v1/frame/c/..%2fx.js',
    '/v1/frame/c/%2e%2e/%2e%2e/x/main.js',
    '/v1/frame/x/main.js',
    '/v1/frame/https://evil.example/main.js',
    '/v1/frame/c/@evil.example/main.js',
    '/v1/frame/c/main.js;x',
    '/v1/frame/',
  ],
} as const;

const ANONYMOUS = ['anonymous-1', MINE, 'u2', '', 7, 'a\u0000b', 'x'.repeat(201)] as const;

function fieldsOf(path: MessageCall['path'], random: Random): Fields {
  if (path === 'metric') return makeMetric(random);
  return {
    ...(path === 'seen' && { id: random.pick<unknown>(['q1', 'q/1', '..', 'ü', '', 7, 'x'.repeat(201)]) }),
    ...(random.chance(0.3) && { userId: random.pick<unknown>([MINE, 'u2', null, 7]) }),
    ...(random.chance(0.7) && { anonymousId: random.pick<unknown>(ANONYMOUS) }),
    ...(random.chance(0.3) && { sessionId: random.pick<unknown>(['u2&userToken=dTI=', 7]) }),
  };
}

/** Makes a request to a path of messages, mostly a good one. */
export function makeMessageCall(plan: Plan, tokens: Tokens, random: Random): FuzzRequest {
  const path = random.pick(Object.keys(TARGETS) as [MessageCall['path'], ...MessageCall['path'][]]);
  const isFrame = ['page', 'file', 'no-file'].includes(path);
  const hasBody = !isFrame && path !== 'stream';
  const isMethodGood = random.chance(0.95);
  const method = isMethodGood === hasBody ? 'POST' : 'GET';
  const isOriginGood = random.chance(0.93);
  const origin = random.pick(isOriginGood ? GOOD_ORIGINS : BAD_ORIGINS);
  const credentials = makeCredentials(plan, tokens, origin, random);
  const isTypeGood = random.chance(0.95);
  const type = random.pick(isTypeGood ? GOOD_TYPES : BAD_TYPES);
  const fields = fieldsOf(path, random);
  const text = JSON.stringify(fields);
  const isIntact = random.chance(0.8);
  const body: Body = isIntact ? wholeBody(text) : spoiltBody(text, random);
  const headers: [string, string][] = [...credentials.headers, ['Cookie', COOKIE], ['X-Custom', COOKIE]];
  if (type !== null) headers.push(['Content-Type', type]);
  if (origin !== null) headers.push(['Origin', origin]);
  if (body.encoding !== null) headers.push(['Content-Encoding', body.encoding]);
  const isHeadGood =
    isMethodGood && (isFrame || (isOriginGood && credentials.isKeyGood && credentials.token !== 'bad'));
  return {
    method,
    target: plan.basePath + random.pick<string>(TARGETS[path]),
    headers,
    body,
    isHeadGood: isHeadGood && (!hasBody || isTypeGood),
    isBatch: false,
    subject: credentials.subject,
    origin,
    isOriginGood,
    call: { path, fields: JSON.parse(text) as Fields, isIntact },
  };
}
