/**
 * The stable codes of {@link SdkError}. Compare codes and never messages: messages may change.
 *
 * - `invalid-options`: an option is missing, unknown or of the wrong kind. The SDK discards every call; functions for servers
 *   throw. To do: correct the options that the message names
 * - `invalid-client-key`: the proxy refuses the client key or the origin of the page. Events are kept. To do: add the key to
 *   `clientKeys`, or the origin to `origins`, of the proxy
 * - `not-a-proxy`: the URL of the proxy returns a web page: a fallback of the site, or a service worker. Events are kept. To do:
 *   route the path of `proxyUrl` to the proxy
 * - `endpoint-refuses`: the server at the URL of the proxy accepts no batches: it refuses even an empty batch, or redirects to
 *   another URL. Events are kept. To do: correct `proxyUrl`, or the server in front of the proxy
 * - `storage-unavailable`: IndexedDB is refused or broken: events are kept in memory. On a server: the store that the replicas of
 *   the proxy share cannot be used. To do: in a browser nothing, the SDK tries again; on a server check the store
 * - `plugin-failed`: a plugin, middleware, `beforeSend`, consent source or listener of the application has thrown, or a call had
 *   wrong arguments. To do: correct the code in `cause`
 * - `unsupported`: a member of Customer.io's SDK that this SDK does not have was used. The message has the name of the member. To
 *   do: use what the message names
 *
 * Private calls (`fetch`, `inbox`, `customer`) reject with the codes below. The proxy gets no request for such a call, except where
 * the list names a response of the proxy, and with `identity-changed`:
 *
 * - `auth-disabled`: there is no provider and no token, no consent, or the SDK is closed. To do: set `customerToken`; wait for
 *   consent
 * - `anonymous`: the visitor is not identified. To do: call `identify` first
 * - `identity-changed`: the person has changed since the call was made; the SDK discards the response. To do: repeat the call, if
 *   the new person needs it
 * - `token-unavailable`: the provider has returned `null`. To do: let the person sign in
 * - `provider-failed`: the provider has thrown or rejected. To do: read `cause`
 * - `provider-timeout`: the provider has not returned a result in time. To do: try again after `retryAtMs`
 * - `provider-backoff`: the last call of the provider has failed, and the SDK does not call it again yet. To do: try again after
 *   `retryAtMs`
 * - `token-malformed`: the provider's result is not a token. To do: correct the provider
 * - `token-expired`: the token had expired when it was returned or set, or has expired and there is no provider. To do: return a
 *   new token
 * - `subject-mismatch`: the token names another person. To do: return the token of `userId`
 * - `token-rejected`: the proxy has responded 401 to two tokens. To do: read the log of the proxy
 * - `token-blocked`: the proxy has refused several new tokens in a row, and the SDK sends it no private call yet. To do: correct
 *   the keys of the proxy or the issuer; try again after `retryAtMs`
 * - `forbidden`: the proxy has responded 403: the token is valid, but its scope or subject does not cover the call. To do: issue a
 *   token with that scope
 * - `private-call-failed`: the proxy has not responded to a call of `inbox` or `customer`, or not with 2xx and JSON. To do: try
 *   again later
 */
export type SdkErrorCode =
  | 'invalid-options'
  | 'invalid-client-key'
  | 'not-a-proxy'
  | 'endpoint-refuses'
  | 'storage-unavailable'
  | 'plugin-failed'
  | 'unsupported'
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

/**
 * The error class of this package. `code` is part of the API; `message` is for people, and holds no payload and no secret.
 *
 * @example
 * try {
 *   await analytics.inbox.messages();
 * } catch (error) {
 *   if (error instanceof SdkError && error.code === 'anonymous') showSignIn();
 * }
 */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  /** The stable code: `SdkErrorCode` lists when each happens. */
  readonly code: SdkErrorCode;
  /** When to try again, by the wall clock of the browser, in milliseconds since the epoch. Missing if that time is not known. */
  declare readonly retryAtMs?: number;

  constructor(code: SdkErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
