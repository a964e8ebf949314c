import type { ErrorBody, TokenRejection } from '../../protocol/wire.ts';
import type { Bytes } from '../lib/bytes.ts';

/** The field `error` in the body of a response that is not 2xx ({@link ErrorBody}). Compare these codes; messages may change. */
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
  | 'invalid_handle'
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

/** A response in the proxy's own form, from which the adapters make a `Response` or call `http.ServerResponse`. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Bytes | null;
  /** The body of an answer that does not end by itself, in the place of `body`. */
  readonly stream?: ReadableStream<Bytes>;
  /** Whether this object is the response to many requests, so that headers made for it are worth storing. */
  readonly isShared?: true;
}

/** The refusal of a request: status, code and message of the response. */
export interface Refusal {
  readonly kind: 'refused';
  readonly status: number;
  readonly code: ProxyErrorCode;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The cause in words. The text is only in the operator's log, never in the response. */
  readonly detail?: string;
  /** The fault of the token: with the code `invalid_token` only. */
  readonly reason?: TokenRejection;
}

/** The optional fields of a refusal, in addition to its status, code and message. */
type Extra = Pick<Refusal, 'headers' | 'detail' | 'reason'>;

/** Makes a refusal. */
export function refuse(status: number, code: ProxyErrorCode, message: string, extra: Extra = {}): Refusal {
  return { kind: 'refused', status, code, message, ...extra };
}

export function isRefusal(outcome: object): outcome is Refusal {
  return 'kind' in outcome && outcome.kind === 'refused';
}

/** Makes a refusal with 401 `invalid_token`: the SDK then requests another token. */
export function refuseToken(message: string, reason?: TokenRejection, detail?: string): Refusal {
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
  return refuse(401, 'invalid_token', message, {
    headers,
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail }),
  });
}

// A random delay of 5 to 15 seconds: with a fixed one, all browsers would send again at the same moment.
const anyRetryDelay = (): string => String(5 + Math.floor(Math.random() * 11));

/**
 * Makes a refusal with 503: the browser keeps its events and sends them again.
 *
 * @param extra `retryAfter`: the value of the header `Retry-After` (RFC 9110 10.2.3), by default 5 to 15 seconds
 */
export function comeBackLater(
  code: ProxyErrorCode,
  message: string,
  extra: { retryAfter?: string | undefined; detail?: string } = {},
): Refusal {
  const { retryAfter = anyRetryDelay(), ...rest } = extra;
  return refuse(503, code, message, { ...rest, headers: { 'Retry-After': retryAfter } });
}

/** Makes a response; without `body` it has no body. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Answer['body'] = null,
): Answer {
  return { kind: 'answer', status, headers, body };
}

/** Makes a response whose body is `body` as JSON. */
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

/** Makes the response to a request that was refused. */
export function answerRefusal({ status, code, message, headers, reason }: Refusal): Answer {
  const body: ErrorBody = { error: code, message, serverTime: Date.now(), ...(reason && { reason }) };
  return answerJson(status, body, headers);
}
