/**
 * The stable codes of {@link SdkError}. Compare these, never messages.
 *
 * | code | when |
 * |---|---|
 * | `invalid-options` | an option is missing, unknown or of the wrong kind: every call is discarded (the proxy throws it at once) |
 * | `invalid-client-key` | the proxy does not know the client key (events are kept) |
 * | `not-a-proxy` | something answers there with a web page: a fallback of the site, or a service worker (events are kept) |
 * | `endpoint-refuses` | the address takes no batches: it refuses even an empty one, or redirects elsewhere (events are kept) |
 * | `storage-unavailable` | IndexedDB is refused or broken; events are kept in memory. On a server: the store of several copies |
 * | `plugin-failed` | a plugin, middleware, hook or listener of the application threw, or a call was made wrong |
 *
 * Private calls reject with these; the proxy gets nothing of such a call, if not said otherwise:
 *
 * | code | when |
 * |---|---|
 * | `auth-disabled` | there is no provider and no token, no consent, or the SDK is closed |
 * | `anonymous` | nobody is identified |
 * | `identity-changed` | the person has changed since the call was made; what came back is thrown away |
 * | `token-unavailable` | the provider has said `null` |
 * | `provider-failed`, `provider-timeout`, `provider-backoff` | the provider threw, did not answer, or did so a moment ago |
 * | `token-malformed`, `token-expired`, `subject-mismatch` | the token cannot be used: its form, its time, its subject |
 * | `token-rejected`, `token-blocked` | the proxy has refused the token, twice; or several fresh ones in a row |
 * | `forbidden` | the token is right, and does not reach that far (403) |
 * | `private-call-failed` | the proxy has not answered a call of `inbox` or `customer`, or with something else than 2xx and JSON |
 */
export type SdkErrorCode =
  | 'invalid-options'
  | 'invalid-client-key'
  | 'not-a-proxy'
  | 'endpoint-refuses'
  | 'storage-unavailable'
  | 'plugin-failed'
  | 'auth-disabled'
  | 'anonymous'
  | 'identity-changed'
  | 'token-unavailable'
  | 'provider-failed'
  | 'provider-timeout'
  | 'provider-backoff'
  | 'token-malformed'
  | 'token-expired'
  | 'subject-mismatch'
  | 'token-rejected'
  | 'token-blocked'
  | 'forbidden'
  | 'private-call-failed';

/** The one error class of this package. `code` is API; the message is for people and holds no payload and no secret. */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  readonly code: SdkErrorCode;
  /** When to try again: wall clock of the browser, in milliseconds. Only where that is known. */
  declare readonly retryAtMs?: number;

  constructor(code: SdkErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
