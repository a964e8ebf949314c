/** The requests that the proxy refuses. A test sends such requests to a proxy and compares status, code and message. */
import type { ProxyErrorCode } from '../../src/proxy.ts';
import { outcomeOf } from '../../src/sdk/sender/outcome.ts';
import { cell } from './page.ts';

interface Refusal {
  /** The request that is refused. */
  readonly request: string;
  readonly status: number;
  /** The code of the response, or of the events that a response with 200 lists. */
  readonly error: ProxyErrorCode | 'token_required';
  /** The message of the response. Parts that depend on the request or the options are those of the test. */
  readonly message?: string;
  /** A private call of a person, whose promise rejects. */
  readonly isPrivate?: true;
  /** A report about a message: the reaction of the SDK, which sends reports outside of batches. */
  readonly sdk?: string;
}

const row = (status: number, error: Refusal['error'], request: string, message?: string): Refusal => ({
  request,
  status,
  error,
  ...(message !== undefined && { message }),
});
const privateRow = (...values: Parameters<typeof row>): Refusal => ({ ...row(...values), isPrivate: true });

const REFUSALS: readonly Refusal[] = [
  row(
    404,
    'not_found',
    'a path that the proxy does not serve, also with `%2F` or in upper case',
    'The proxy serves nothing at this path.',
  ),
  row(
    405,
    'method_not_allowed',
    'another method, also with `X-HTTP-Method-Override`',
    'The methods of this path are POST, OPTIONS.',
  ),
  row(
    403,
    'origin_not_allowed',
    'a page, or its preflight, of an origin that is not allowed; also the origin `null`',
    'The proxy does not take requests from pages of this origin.',
  ),
  row(
    401,
    'invalid_client_key',
    'no client key, or one that is wrong, malformed or very long',
    'This proxy does not know the client key.',
  ),
  row(
    403,
    'origin_not_allowed',
    'a client key that is for pages of another origin',
    'The client key is not for pages of this origin.',
  ),
  row(401, 'invalid_client_key', '`Authorization` twice'),
  row(
    503,
    'key_check_failed',
    'any, while the function `clientKeys` throws',
    'The client key could not be checked now.',
  ),
  row(
    401,
    'invalid_token',
    'a customer token where none are configured',
    'Customer tokens are not configured on this proxy: send the client key as Basic.',
  ),
  row(
    401,
    'invalid_token',
    'a customer token that is forged, expired, malformed, or without a person',
    'The customer token has expired.',
  ),
  row(
    403,
    'insufficient_scope',
    'a customer token with less than `customerToken.scope`',
    'The customer token must have the scope "events".',
  ),
  row(
    503,
    'token_check_failed',
    'a customer token, while the keys of the issuer cannot be fetched',
    'The customer token could not be checked now.',
  ),
  row(200, 'token_required', "with `mode: 'required'`, events of a person without a token"),
  row(200, 'subject_mismatch', "with `mode: 'required'`, events of another person than that of the token"),
  row(
    200,
    'token_required',
    "with `mode: 'required'`, a `group`, or traits `id` or `cio_id`, without a token",
  ),
  row(
    200,
    'subject_mismatch',
    "with `mode: 'required'`, traits `id`, `cio_id` or `email` of another person than that of the token",
  ),
  row(200, 'token_required', 'an `alias` of another person (see [Alias](#alias)), without a token'),
  row(200, 'subject_mismatch', 'an `alias` of another person than that of the token'),
  row(429, 'rate_limited', 'more requests than `rateLimit` allows'),
  row(
    415,
    'unsupported_media_type',
    'another type than JSON, or another charset than UTF-8',
    'Content-Type must be application/json, in UTF-8.',
  ),
  row(
    415,
    'unsupported_encoding',
    'another compression than gzip',
    'Content-Encoding must be gzip, or absent.',
  ),
  row(
    413,
    'body_too_large',
    'more bytes than `maxBodyBytes`, compressed or decompressed; the proxy stops reading there',
    'The body may have at most 500000 bytes, also after decompression.',
  ),
  row(
    408,
    'body_timeout',
    'a body that has not arrived within `bodyTimeoutMs`',
    'The body has not arrived within 20 ms.',
  ),
  row(
    503,
    'body_already_read',
    'a body that middleware before the proxy has read without keeping it',
    'The body was read before the proxy got the request, and was not kept: put the proxy before body parsers, or pass it an unread request.',
  ),
  row(
    503,
    'overloaded',
    'a body for which `maxInFlightBytes` leaves no room',
    'The proxy is overloaded: send the request again.',
  ),
  row(
    400,
    'invalid_encoding',
    'a body that is cut off, or is not gzip although its header says so',
    'The body is not valid gzip.',
  ),
  row(400, 'invalid_utf8', 'a body that is not UTF-8', 'The body is not valid UTF-8.'),
  row(400, 'invalid_json', 'a body that is not JSON', 'The body is not valid JSON.'),
  row(
    400,
    'invalid_batch',
    'JSON without a `batch`, or with more than 50 fields or 100 levels',
    'The body must be {"batch": [events]}.',
  ),
  row(
    413,
    'too_many_events',
    'more events than `maxEvents`, or more than 64 KB of events that the proxy has to rewrite',
    'A batch may have at most 500 events.',
  ),
  row(
    413,
    'event_too_large',
    'an event of more than `maxEventBytes`',
    'batch[0] may have at most 32000 bytes of JSON.',
  ),
  row(
    400,
    'invalid_event',
    'an unknown type, such as `{ "type": "closeAndFlush" }`',
    'batch[0].type must be one of identify, track, page, screen, group, alias.',
  ),
  row(
    400,
    'invalid_event',
    'an event that is not an object, has look-alike fields, more than 1 000 fields or 100 levels, or a long `messageId`',
    'batch[0] may not have a field "Event".',
  ),
  row(
    400,
    'privileged_event',
    'an event that a client key must never send',
    'batch[0]: a client key may not send "User Deleted". Send it from your server.',
  ),
  row(400, 'rejected', 'a batch that Customer.io refuses (400)', 'Customer.io rejected the batch.'),
  row(
    413,
    'batch_too_large',
    'a batch that is too large for Customer.io (413)',
    'The batch is too large for Customer.io.',
  ),
  row(
    503,
    'upstream_unavailable',
    'a batch, while Customer.io does not respond, or responds with 429 or 5xx',
    'Customer.io has not accepted the batch: send it again.',
  ),
  row(
    503,
    'upstream_misconfigured',
    'a batch, while Customer.io refuses the write key or the URL',
    'The proxy cannot deliver until its operator corrects it.',
  ),
  row(
    503,
    'hook_failed',
    'a batch, while your hook throws for every event',
    'A hook of the proxy failed: send the batch again.',
  ),
  row(
    503,
    'closing',
    'a batch that arrives after `close` was called',
    'The proxy is stopping: send the request again.',
  ),
  row(
    500,
    'internal',
    'a request during which a part of the proxy fails, such as your function `files`',
    'The proxy failed: its log has the cause.',
  ),
  privateRow(
    400,
    'invalid_body',
    'a private call whose body is not an object',
    'The body must be a JSON object.',
  ),
  privateRow(
    403,
    'subject_mismatch',
    'a private call with the `userId` of another person than that of the token',
    'The customer token is not for "userId".',
  ),
  {
    ...row(
      400,
      'invalid_handle',
      'a report about a message, whose handle is forged, changed, expired, or signed with another secret',
      'The handle is not one of this proxy, or it has expired.',
    ),
    sdk: 'drops the report',
  },
];

/** The reaction of the SDK to each outcome of a request. */
const REACTIONS: Readonly<Record<string, string>> = {
  unauthorized: 'keeps',
  busy: 'keeps',
  rejected: 'asks',
  delivered: 'drops them',
};

/** What the SDK does after a response of the proxy, in the words of the table. */
export function reactionTo(status: number, body: string): string | undefined {
  const answer = { status, body, headers: new Headers({ 'Content-Type': 'application/json' }) };
  return REACTIONS[outcomeOf(answer, Date.now()).kind];
}

/** The table of refusals, and the messages of the responses. */
export function refusals(): string {
  const rows = REFUSALS.map(({ request, status, error, isPrivate, sdk: own }) => {
    const sdk = own ?? (isPrivate ? 'rejects the call' : reactionTo(status, `"error":"${error}"`));
    return `| ${cell(request)} | ${status} | \`${error}\` | ${sdk ?? ''} |`;
  });
  const messages = REFUSALS.flatMap(({ status, error, message }) =>
    message === undefined ? [] : [`- ${status} \`${error}\`: \`${message}\``],
  );
  return `| request | status | \`error\` | the SDK |
| --- | --- | --- | --- |
${rows.join('\n')}

The messages of these responses. Numbers and positions in them depend on the request and on the options:

${messages.join('\n')}`;
}
