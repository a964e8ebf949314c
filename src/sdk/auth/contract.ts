import type { SdkErrorCode } from '../../protocol/errors.ts';

/** What the customer token is to those who ask for it. A token names a person to the proxy; it is never told or printed. */

/** Whose data this is. */
export interface TokenIdentity {
  /** `null`: nobody has been identified. */
  readonly userId: string | null;
  /** `null`: the site keeps none. */
  readonly anonymousId: string | null;
}

/** Why a token is asked for. */
export type TokenReason = 'initial' | 'identify' | 'due' | 'expired' | 'rejected' | 'manual';

/** What the provider is asked. */
export interface TokenRequest {
  /** Whose token it has to be, for the whole of this call. */
  readonly userId: string;
  readonly anonymousId: string;
  readonly reason: TokenReason;
  /** A token that the application has kept will not do. `false` at most for `initial`. */
  readonly forceRefresh: boolean;
  /** 1 or more: how often in a row it is asked without having given a token that could be used. */
  readonly attempt: number;
  /** Aborted when the answer no longer counts: it took too long, the person changed, a token was set. */
  readonly signal: AbortSignal;
}

/** A token alone tells its end by its own claim `exp`; one that is no JWT is taken to last for `opaqueTtlMs`. */
export type TokenResult =
  | string
  | {
      readonly token: string;
      /** By the server's clock, in milliseconds since the epoch. */
      readonly expiresAt?: number;
      /** In seconds, from now on. Goes before `expiresAt`. */
      readonly expiresIn?: number;
    };

type MaybePromise<T> = T | PromiseLike<T>;

/** Gets a customer token from your server. `null`: there is none for this person, and nothing is sent. */
export type CustomerTokenProvider = (request: TokenRequest) => MaybePromise<TokenResult | null | undefined>;

/** Why there is no token, or no use in it. */
export type TokenErrorCode = Exclude<
  SdkErrorCode,
  'invalid-options' | 'invalid-client-key' | 'storage-unavailable' | 'plugin-failed' | 'private-call-failed'
>;

export interface TokenEvent {
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
  readonly userId: string | null;
  /** Of the private call that was refused. */
  readonly path?: string;
  /** What the proxy answered to it. */
  readonly status?: number;
  /** When the provider may be asked again: wall clock of the browser, in milliseconds. */
  readonly retryAtMs?: number;
}

export interface TokenStatus {
  readonly state: 'anonymous' | 'none' | 'usable' | 'due' | 'expired' | 'refreshing' | 'backoff' | 'blocked';
  readonly userId: string | null;
  /** Wall clock of the browser, in milliseconds. */
  readonly expiresAtMs?: number;
  /** When the provider may be asked again: wall clock of the browser, in milliseconds. */
  readonly retryAtMs?: number;
  /** Whom the token names, where it says so. */
  readonly subject?: string;
}

/** Leave to make one private call. */
export interface Grant {
  readonly token: string;
  /** What comes back counts only while this is still the epoch. */
  readonly epoch: number;
  readonly userId: string;
}

/** A time that the proxy has told, between two readings of the browser's wall clock. All in milliseconds. */
export interface ServerTimeSample {
  readonly serverMs: number;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** Knows the token of whoever is identified, and gets the next one in time. Nothing of it outlives the page. */
export interface TokenCache {
  /**
   * Who it is now. Another identity is another epoch: the token is gone, and calls that wait for one are rejected, before
   * this returns.
   * @param pushed a token that came with it
   * @returns whether the epoch has changed
   */
  identity(now: TokenIdentity, pushed?: TokenResult | null): boolean;
  epoch(): number;
  /** Goes before an answer of the provider that is still awaited. `null` forgets the token. One that is wrong changes nothing. */
  set(token: TokenResult | null): void;
  /** Asks the provider also while it is left alone after a failure. Never rejects, and waits for `waitMs` at most. */
  refresh(): Promise<TokenStatus>;
  status(): TokenStatus;
  /**
   * @param signal ends the wait of this call, and no other's; the promise then rejects with its reason
   * @throws what `needs.error` makes
   */
  acquire(signal?: AbortSignal): Promise<Grant>;
  /**
   * The proxy has answered 401 to a call with this token: the grant with which to make that call once more.
   * @param signal as in `acquire`
   * @throws what `needs.error` makes
   */
  rejected(grant: Grant, path?: string, signal?: AbortSignal): Promise<Grant>;
  /** And 401 again. @throws `token-rejected`, always; `identity-changed` where the identity did */
  rejectedAgain(grant: Grant, path?: string): never;
  /** 403: the token is fine, and does not reach that far. @throws `forbidden`, always; `identity-changed` where the identity did */
  forbidden(grant: Grant, why?: 'subject_mismatch' | 'insufficient', path?: string): never;
  /** 2xx. */
  accepted(grant: Grant): void;
  /** To be called as soon as the answer is there. */
  serverTime(sample: ServerTimeSample): void;
  /** As long as somebody subscribes, the token is renewed without being asked for. */
  subscribe(): () => void;
  /** The page is seen again, has the focus again or is online again. */
  wake(): void;
  /** Stops everything; who waits is told `auth-disabled`. */
  close(): void;
}
