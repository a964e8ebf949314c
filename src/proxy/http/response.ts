import type { ErrorBody, TokenRejection } from '../../protocol/wire.ts';
import type { Bytes } from './body.ts';

/** What the proxy says in `error` when it does not answer 2xx. Compare these, never messages. */
export type ProxyErrorCode =
  | 'not_found'
  | 'method_not_allowed'
  | 'origin_not_allowed'
  | 'invalid_client_key'
  | 'invalid_token'
  | 'subject_mismatch'
  | 'insufficient_scope'
  | 'unsupported_media_type'
  | 'unsupported_encoding'
  | 'body_too_large'
  | 'body_timeout'
  | 'body_already_read'
  | 'invalid_encoding'
  | 'invalid_utf8'
  | 'invalid_json'
  | 'invalid_body'
  | 'invalid_batch'
  | 'too_many_events'
  | 'event_too_large'
  | 'invalid_event'
  | 'privileged_event'
  | 'rejected'
  | 'batch_too_large'
  | 'upstream_unavailable'
  | 'upstream_misconfigured'
  | 'key_check_failed'
  | 'token_check_failed'
  | 'hook_failed'
  | 'rate_limited'
  | 'overloaded'
  | 'closing'
  | 'internal';

/** What is answered, before a door gives it the form of its runtime. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Bytes | null;
  /** It is the answer to many requests: what is made of it may be remembered. */
  readonly isShared?: true;
}

/** A request that ends here, and why. `detail` is for the operator's log only. */
export interface Refusal {
  readonly kind: 'refused';
  readonly status: number;
  readonly code: ProxyErrorCode;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly detail?: string;
  /** With `invalid_token` only. */
  readonly reason?: TokenRejection;
}

/** What a refusal may carry besides its status, code and message. */
type Extra = Pick<Refusal, 'headers' | 'detail' | 'reason'>;

export function refuse(status: number, code: ProxyErrorCode, message: string, extra: Extra = {}): Refusal {
  return { kind: 'refused', status, code, message, ...extra };
}

export function isRefusal(outcome: object): outcome is Refusal {
  return 'kind' in outcome && outcome.kind === 'refused';
}

/** 401: the token is at fault, and another one may be taken. */
export function refuseToken(message: string, reason?: TokenRejection): Refusal {
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
  return refuse(401, 'invalid_token', message, reason === undefined ? { headers } : { headers, reason });
}

// A fixed delay would bring every browser back at the same moment.
const anyRetryDelay = (): string => String(5 + Math.floor(Math.random() * 11));

/** 503: the browser keeps its events and comes back. `retryAfter` as in RFC 9110 10.2.3; by itself 5 to 15 seconds. */
export function comeBackLater(
  code: ProxyErrorCode,
  message: string,
  extra: { retryAfter?: string | undefined; detail?: string } = {},
): Refusal {
  const { retryAfter = anyRetryDelay(), ...rest } = extra;
  return refuse(503, code, message, { ...rest, headers: { 'Retry-After': retryAfter } });
}

export function answer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Answer['body'] = null,
): Answer {
  return { kind: 'answer', status, headers, body };
}

export function answerJson(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const all = { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff', ...headers };
  return answer(status, all, JSON.stringify(body));
}

export function isAnswer(outcome: object): outcome is Answer {
  return 'kind' in outcome && outcome.kind === 'answer';
}

export function answerRefusal({ status, code, message, headers, reason }: Refusal): Answer {
  const body: ErrorBody = { error: code, message, serverTime: Date.now(), ...(reason && { reason }) };
  return answerJson(status, body, headers);
}
