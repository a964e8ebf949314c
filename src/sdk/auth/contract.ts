import type { TokenRejection } from '../../protocol/wire.ts';
/** The customer token: a credential that names one person to the proxy. It is never part of an event, an error or a message. */
import type { SdkErrorCode } from '../../protocol/errors.ts';

/** The person that a token is for. */
export interface TokenIdentity {
  /** `null` when the visitor is not identified. */
  readonly userId: string | null;
  /** The visitor's anonymous id; `null` when the site stores none. */
  readonly anonymousId: string | null;
}

/**
 * Why a token is requested.
 *
 * | reason | when |
 * |---|---|
 * | `initial` | the first token of a page whose visitor was identified before |
 * | `identify` | the first token after the person has changed |
 * | `due` | the token in use expires soon |
 * | `expired` | the token in use has expired |
 * | `rejected` | the proxy has refused the token (401) |
 * | `manual` | `refreshCustomerToken()` was called, or `setCustomerToken(null)` before |
 */
export type TokenReason = 'initial' | 'identify' | 'due' | 'expired' | 'rejected' | 'manual';

/** The argument of a {@link CustomerTokenProvider}. */
export interface TokenRequest {
  /** The user id that the token must be for. It does not change during this call. */
  readonly userId: string;
  /** The visitor's anonymous id; `''` when the site stores none. */
  readonly anonymousId: string;
  /** Why the token is requested: see {@link TokenReason}. */
  readonly reason: TokenReason;
  /**
   * Whether the provider must not return a token that the application has cached. Only with `reason: 'initial'` can this field be
   * `false`.
   */
  readonly forceRefresh: boolean;
  /** 1 or more: the number of this call since the provider last returned a usable token. */
  readonly attempt: number;
  /** Aborted when the result is no longer needed: the call took too long, the person changed, or a token was set. */
  readonly signal: AbortSignal;
}

/**
 * A customer token, with or without the time when it expires. Without that time, the claim `exp` of a JWT counts; a token
 * that is not a JWT is used for `opaqueTtlMs`.
 */
export type TokenResult =
  | string
  | {
      readonly token: string;
      /** When the token expires, by the server's clock, in milliseconds since the epoch. */
      readonly expiresAt?: number;
      /** The lifetime of the token from now on, in seconds. Takes precedence over `expiresAt`. */
      readonly expiresIn?: number;
    };

type MaybePromise<T> = T | PromiseLike<T>;

/**
 * Requests a customer token from your server. A result of `null` or `undefined` means that there is no token for this person: the
 * SDK then sends no request that needs one. Private calls reject with `provider-failed` when the function throws or rejects, and
 * with `provider-timeout` when it takes longer than `timeoutMs`.
 * @example
 * const provider: CustomerTokenProvider = async ({ userId, signal }) => {
 *   const response = await fetch(`/login/token?for=${encodeURIComponent(userId)}`, { signal });
 *   return response.ok ? response.text() : null;
 * };
 */
export type CustomerTokenProvider = (request: TokenRequest) => MaybePromise<TokenResult | null | undefined>;

/** Why a private call has no token, or why the proxy does not accept the token. */
export type TokenErrorCode = Exclude<
  SdkErrorCode,
  'invalid-options' | 'invalid-client-key' | 'storage-unavailable' | 'plugin-failed' | 'private-call-failed'
>;

/** Makes the error of a private call. `retryAtMs`: by the browser's wall clock, in milliseconds since the epoch. */
export type TokenErrorFactory = (
  code: TokenErrorCode,
  message: string,
  extra?: { cause?: unknown; retryAtMs?: number },
) => Error;

/** The payload of the event `token`: a change of the customer token, or a failure. Never contains the token itself. */
export interface TokenEvent {
  /**
   * | type | what happened |
   * |---|---|
   * | `refreshed` | a new token is in use |
   * | `cleared` | the token was removed: the person changed, or `setCustomerToken(null)` was called |
   * | `expired_soon` | the token in use expires soon |
   * | `expired` | the token in use has expired, or a new one had expired already |
   * | `not_provided` | the provider returned no token |
   * | `invalid` | a token has the wrong form, or the proxy has refused it (401) |
   * | `subject_mismatch` | a token names another user |
   * | `insufficient` | the proxy does not allow the call with this token (403) |
   * | `provider_error` | the provider threw or rejected, or returned a token that the proxy has refused |
   * | `provider_timeout` | the provider took longer than `timeoutMs` |
   * | `blocked` | the proxy has refused several fresh tokens in a row: private calls are blocked for a while |
   * | `clock_suspect` | a token has expired by a clock that may be wrong, and is used; or the wall clock was set back |
   */
  readonly type:
    | 'not_provided'
    | 'invalid'
    | 'expired'
    | 'expired_soon'
    | 'insufficient'
    | 'subject_mismatch'
    | 'provider_error'
    | 'provider_timeout'
    | 'refreshed'
    | 'cleared'
    | 'blocked'
    | 'clock_suspect';
  /** The person whose token has changed or failed; `null` when the visitor is not identified. */
  readonly userId: string | null;
  /** The path of the private call that the proxy refused. Only for a 401 or a 403. */
  readonly path?: string;
  /** The status of the proxy's response to that call: 401 or 403. */
  readonly status?: number;
  /** Why the proxy has refused the token, such as `audience`. Only for `invalid`, if the proxy's response has a reason. */
  readonly reason?: TokenRejection;
  /** When the provider may be called again, by the browser's wall clock, in milliseconds since the epoch. */
  readonly retryAtMs?: number;
}

/** The state of the customer token, as `customerTokenStatus()` returns it. Never contains the token itself. */
export interface TokenStatus {
  /**
   * | state | meaning |
   * |---|---|
   * | `anonymous` | the visitor is not identified |
   * | `none` | there is no token; with `retryAtMs`: the provider has just returned none |
   * | `usable` | there is a token |
   * | `due` | there is a token, and it expires soon |
   * | `expired` | the token has expired, and no refresh has begun |
   * | `refreshing` | there is no usable token, and a call of the provider is in progress |
   * | `backoff` | there is no usable token, because the last call of the provider failed |
   * | `blocked` | there is no usable token, because the proxy has refused several fresh tokens in a row |
   */
  readonly state: 'anonymous' | 'none' | 'usable' | 'due' | 'expired' | 'refreshing' | 'backoff' | 'blocked';
  /** The identified person; `null` when the visitor is not identified. */
  readonly userId: string | null;
  /** When the token expires, by the browser's wall clock, in milliseconds since the epoch. */
  readonly expiresAtMs?: number;
  /**
   * Why the proxy has refused the last token, such as `audience`. Missing as soon as there is another token, and if the proxy's
   * response has no reason.
   */
  readonly reason?: TokenRejection;
  /** When the provider may be called again, by the browser's wall clock, in milliseconds since the epoch. */
  readonly retryAtMs?: number;
  /** The user id in the token, if the token is a JWT with the claim that the option `subject` names. */
  readonly subject?: string;
}

/** Permission to make one private call: the token, and the identity that it is for. */
export interface Grant {
  readonly token: string;
  /** The epoch of the call. The response is discarded if the epoch has changed since. */
  readonly epoch: number;
  readonly userId: string;
}

/** The time of the proxy in a response, with the browser's wall clock before and after. All in milliseconds since the epoch. */
export interface ServerTimeSample {
  readonly serverMs: number;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** Holds the token of the identified person in memory, and requests the next one before it expires. */
export interface TokenCache {
  /**
   * Sets the identity. A different identity begins a new epoch: before this function returns, the token is removed, and calls
   * that wait for one reject with `identity-changed`.
   * @param pushed a token for the new identity, from `identify`
   * @returns whether the epoch has changed
   */
  identity(identity: TokenIdentity, pushed?: TokenResult | null): boolean;
  epoch(): number;
  /**
   * Stores a token of the application, and ignores the result of a provider call that is pending. `null` clears the token. A token
   * that is not valid is ignored.
   */
  set(token: TokenResult | null): void;
  /** Requests a token even during the backoff after a failure. Resolves after `waitMs` at most, and never rejects. */
  refresh(): Promise<TokenStatus>;
  status(): TokenStatus;
  /**
   * Returns a grant for one private call: with the stored token, or with the next token of the provider.
   * @param signal ends the wait of this call only; the promise then rejects with the signal's reason
   * @throws the errors that `needs.error` makes
   */
  acquire(signal?: AbortSignal): Promise<Grant>;
  /**
   * Called when the proxy has responded 401 to a call with this grant. Returns the grant for the second attempt of that call.
   * @param signal as in `acquire`
   * @param reason why the proxy has refused the token, from its response
   * @throws the errors that `needs.error` makes
   */
  rejected(grant: Grant, path?: string, signal?: AbortSignal, reason?: TokenRejection): Promise<Grant>;
  /**
   * Called when the proxy has also responded 401 to the second attempt.
   * @param reason why the proxy has refused the token, from its response
   * @throws `token-rejected`, always; `identity-changed` when the identity has changed
   */
  rejectedAgain(grant: Grant, path?: string, reason?: TokenRejection): never;
  /**
   * Called when the proxy has responded 403: the token is valid, and does not allow this call.
   * @throws `forbidden`, always; `identity-changed` when the identity has changed
   */
  forbidden(grant: Grant, why?: 'subject_mismatch' | 'insufficient', path?: string): never;
  /** Called when the proxy has responded 2xx. */
  accepted(grant: Grant): void;
  /** Takes the proxy's time from a response. To be called as soon as the response has arrived: a delay makes it imprecise. */
  serverTime(sample: ServerTimeSample): void;
  /** Refreshes the token in time even without calls, until the function that this returns is called. */
  subscribe(): () => void;
  /** To be called when the page becomes visible, gets the focus or comes online: timers have not run meanwhile. */
  wake(): void;
  /** Stops all timers and requests; calls that wait for a token reject with `auth-disabled`. */
  close(): void;
}
