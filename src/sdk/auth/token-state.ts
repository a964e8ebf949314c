import type { TokenRejection } from '../../protocol/wire.ts';
import type { RefreshMargins } from './token-ttl.ts';
import type { ProviderBackoff } from './provider-backoff.ts';
import type { TokenIdentity, TokenReason } from './contract.ts';
import type { ClockReading } from './server-clock.ts';
import type { UsableToken } from './validate-token.ts';

/** The call that a token is meant for. `replacement`: a call whose first token the proxy has refused. `any`: every other call. */
export type TokenPurpose = 'any' | 'replacement';

/** The token that private calls use now. */
export interface HeldToken extends UsableToken, RefreshMargins {
  readonly receivedAt: ClockReading;
  /** `replacement` becomes `any` when the proxy accepts the token. */
  readonly purpose: TokenPurpose;
}

/** A refresh in progress: one call of the provider, or two. All callers that need a token meanwhile wait for the same refresh. */
export interface PendingRefresh {
  /** Resolves with the error of the refresh, or with undefined if there was none. Never rejects. */
  readonly done: Promise<Error | undefined>;
  /** Aborted by `cancel`. */
  readonly signal: AbortSignal;
  /** Resolves `done`. */
  end(outcome: Error | undefined): void;
  /** Resolves `done` with `outcome`, and makes the refresh ignore the result of the provider. */
  cancel(outcome: Error | undefined): void;
}

/**
 * The state of one identity. A change of the identity replaces the whole object, so no data of one person reaches the next person.
 */
export interface TokenState {
  readonly epoch: number;
  readonly identity: TokenIdentity;
  readonly backoff: ProviderBackoff;
  /** The `reason` for the provider while no token is stored. */
  reason: TokenReason;
  held?: HeldToken | undefined;
  /** The purpose of the next token that the provider returns. */
  nextPurpose: TokenPurpose;
  pendingRefresh?: PendingRefresh | undefined;
  /** Increased each time a token is stored or cleared. A late result of the provider counts only if the version is still the same. */
  version: number;
  /** Calls of the provider since the last usable token. */
  attempts: number;
  /** The last error of the provider; undefined once a token is stored. */
  lastFailure?: Error | undefined;
  /** The age of the stored token that the last event has reported. */
  announced: 'nothing' | 'due' | 'expired';
  /** Why the proxy has refused the last refused token, from its response. */
  refusedFor?: TokenRejection | undefined;
  /** `suspect` once the event `clock_suspect` has reported that the wall clock was set back since the token was received. */
  clock: 'trusted' | 'suspect';
}

export const createTokenState = (
  epoch: number,
  { userId, anonymousId }: TokenIdentity,
  backoff: ProviderBackoff,
  reason: TokenReason,
): TokenState => ({
  epoch,
  identity: { userId, anonymousId },
  backoff,
  reason,
  nextPurpose: 'any',
  version: 0,
  attempts: 0,
  announced: 'nothing',
  clock: 'trusted',
});

/** Returns the reason of a refusal, for the end of a message: the proxy's log has the rest. */
export const refusalText = (reason: TokenRejection | undefined): string =>
  ` (${reason ? `reason: ${reason}; ` : ''}the log of the proxy says more)`;

export function createPendingRefresh(): PendingRefresh {
  const controller = new AbortController();
  let end: PendingRefresh['end'] = () => {};
  const done = new Promise<Error | undefined>((resolve) => (end = resolve));
  return {
    done,
    signal: controller.signal,
    end,
    cancel(outcome) {
      end(outcome);
      controller.abort();
    },
  };
}
