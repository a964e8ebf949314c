import type { RefreshMargins } from './token-ttl.ts';
import type { ProviderBackoff } from './provider-backoff.ts';
import type { TokenIdentity, TokenReason } from './contract.ts';
import type { ClockReading } from './server-clock.ts';
import type { UsableToken } from './validate-token.ts';

/** The token in hand. */
export interface HeldToken extends UsableToken, RefreshMargins {
  readonly receivedAt: ClockReading;
  /** It came for one that the proxy refused, and the proxy has not accepted it yet. */
  readonly isReplacement: boolean;
}

/** One use of the provider that all share who need a token. */
export interface PendingRefresh {
  /** What went wrong; never rejects. */
  readonly done: Promise<Error | undefined>;
  readonly over: AbortSignal;
  end(outcome: Error | undefined): void;
  /** Its answer no longer counts; this is what those are told who wait for it. */
  cancel(outcome: Error | undefined): void;
}

/** All that is known of one identity, and is gone with it. */
export interface TokenState {
  readonly epoch: number;
  readonly identity: TokenIdentity;
  readonly pauses: ProviderBackoff;
  /** For which a token is asked for while there is none. */
  reason: TokenReason;
  held: HeldToken | undefined;
  /** What the next token is to those who wait for it: a call of which the proxy has refused one already, or any call. */
  next: 'replacement' | 'any';
  flight: PendingRefresh | undefined;
  /** Goes up with each token that is installed or set. */
  version: number;
  /** Since the last token that could be used. */
  asks: number;
  /** The last failure. */
  failure: Error | undefined;
  /** What the application has been told of the token in hand. */
  told: 'nothing' | 'due' | 'expired';
  clock: 'trusted' | 'suspect';
}

export const createTokenState = (
  epoch: number,
  { userId, anonymousId }: TokenIdentity,
  pauses: ProviderBackoff,
  reason: TokenReason,
): TokenState => ({
  epoch,
  identity: { userId, anonymousId },
  pauses,
  reason,
  held: undefined,
  next: 'any',
  flight: undefined,
  version: 0,
  asks: 0,
  failure: undefined,
  told: 'nothing',
  clock: 'trusted',
});

export function createPendingRefresh(): PendingRefresh {
  const control = new AbortController();
  let end: PendingRefresh['end'] = () => {};
  const done = new Promise<Error | undefined>((resolve) => (end = resolve));
  return {
    done,
    over: control.signal,
    end,
    cancel(outcome) {
      end(outcome);
      control.abort();
    },
  };
}
