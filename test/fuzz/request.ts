import type { Random } from '../fakes/random.ts';
import { type Body, makeBody } from './body.ts';
import { BAD_ORIGINS, BAD_TYPES, GOOD_ORIGINS, GOOD_TYPES, makeCredentials, OFTEN } from './credentials.ts';
import { makeMessageCall, type MessageCall } from './message-call.ts';
import type { Plan } from './plan.ts';
import { VISITOR_IP } from './plan.ts';
import { COOKIE, type Tokens } from './secrets.ts';

/**
 * A request and the verdict on its head. The verdict is known from how the head was made, not from reading
 * it.
 */
export interface FuzzRequest {
  readonly method: string;
  /** The request target as it is sent. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Body;
  /** Whether no header or path makes the proxy refuse the request. */
  readonly isHeadGood: boolean;
  /** Whether a 2xx response means that events were accepted. */
  readonly isBatch: boolean;
  /** The subject of the customer token; null without a valid token. */
  readonly subject: string | null;
  readonly origin: string | null;
  readonly isOriginGood: boolean;
  /** `null`: the request is a batch, or to another path. */
  readonly call: MessageCall | null;
}

export function makeRequest(plan: Plan, tokens: Tokens, random: Random): FuzzRequest {
  if (random.chance(0.2)) return makeMessageCall(plan, tokens, random);
  const isMethodGood = random.chance(0.97);
  const method = isMethodGood ? 'POST' : random.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']);
  const isTargetGood = random.chance(OFTEN);
  const target = plan.basePath + (isTargetGood ? random.pick(GOOD_TARGETS) : random.pick(BAD_TARGETS));
  const isOriginGood = random.chance(OFTEN);
  const origin = random.pick(isOriginGood ? GOOD_ORIGINS : BAD_ORIGINS);
  const credentials = makeCredentials(plan, tokens, origin, random);
  const isTypeGood = random.chance(0.95);
  const type = isTypeGood ? random.pick(GOOD_TYPES) : random.pick(BAD_TYPES);
  const body = makeBody(random);
  const announced = random.chance(0.02) ? random.pick(['20001', '1e9', '5', '-1', 'x']) : null;

  const headers: [string, string][] = [
    ...credentials.headers,
    ['Cookie', COOKIE],
    ['X-Custom', COOKIE],
    ...NOISE.filter(() => random.chance(0.1)),
  ];
  if (type !== null) headers.push(['Content-Type', type]);
  if (origin !== null) headers.push(['Origin', origin]);
  if (body.encoding !== null) headers.push(['Content-Encoding', body.encoding]);
  if (announced !== null) headers.push(['Content-Length', announced]);
  if (random.chance(0.3)) headers.push(['X-Forwarded-For', random.pick(FORWARDED)]);

  const isTooLong = announced !== null && Number(announced) > 20_000;
  return {
    method,
    target,
    headers,
    body,
    isHeadGood:
      method === 'POST' && isTargetGood && isOriginGood && credentials.areGood && isTypeGood && !isTooLong,
    isBatch: isTargetGood && method === 'POST',
    subject: credentials.subject,
    origin,
    isOriginGood,
    call: null,
  };
}

const GOOD_TARGETS = [
  '/v1/batch',
  '/v1/batch',
  '/v1/batch',
  '/v1/batch/',
  '//v1//batch',
  '/v1/batch?x=/v1/health',
  '/%2e/v1/batch',
  '/x/%2e%2e/v1/batch',
] as const;
const BAD_TARGETS = [
  '/',
  '/v1',
  '/v1/identify',
  '/v1/b',
  '/v1/batch/more',
  '/v1%2Fbatch',
  '/v1/batch%2f',
  '/v1/batch;x',
  '/V1/batch',
  '/v1/bat%63h',
  '/v1/health',
  '/v1/health/ready',
  '/cio.js',
  '/v1/customers/attributes',
  '/v1/batch/..',
  '/?/v1/batch',
] as const;
const FORWARDED = [
  VISITOR_IP,
  `6.6.6.6, ${VISITOR_IP}`,
  'unknown',
  '1.1.1.1","userId":"u2',
  '',
  ',',
] as const;
const NOISE: readonly [string, string][] = [
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-Host', 'other.example'],
  ['X-Strict-Mode', '0'],
  ['Proxy-Authorization', COOKIE],
  ['Idempotency-Key', 'x'],
  ['Accept-Encoding', 'gzip'],
];
